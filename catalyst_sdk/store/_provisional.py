"""Stands in for `spans.facts` and `spans.scan_facts` until they land; then this file goes."""
# pyright: basic

from __future__ import annotations

import re
import zlib

from catalyst_sdk.errors import BadInput, BadLine
from catalyst_sdk.spans import SpanFacts
from catalyst_sdk.spans._line import decode_span


def facts(span):  # noqa: ANN001, ANN201
    """Roughly."""
    a = span.attributes

    def text(*names):  # noqa: ANN002, ANN202
        return next((str(a[n]) for n in names if a.get(n)), "")

    def number(*names):  # noqa: ANN002, ANN202
        return next((int(a[n]) for n in names if isinstance(a.get(n), (int, float))), 0)

    inp, out = (
        text("input.value", "llm.input_messages"),
        text("output.value", "llm.output_messages"),
    )
    prompt, completion = number("llm.token_count.prompt"), number("llm.token_count.completion")
    message = span.status_message if span.status_code == "ERROR" else ""
    return SpanFacts(
        trace_id=span.trace_id,
        span_id=span.span_id,
        parent_span_id=span.parent_span_id,
        name=span.name,
        kind=text("openinference.span.kind").upper() or "UNKNOWN",
        service=str(span.resource.get("service.name", "")),
        agent_id=text("agent.id"),
        agent_name=text("agent.name"),
        session_id=text("session.id"),
        user_id=text("user.id"),
        start_ns=span.start_ns,
        end_ns=span.end_ns,
        duration_ns=span.duration_ns,
        status=span.status_code,
        error_message=message[:500],
        error_signature=re.sub(r"\d+", "#", message),
        model=text("llm.model_name", "inference.llm.model_name"),
        provider=text("llm.provider"),
        prompt_tokens=prompt,
        completion_tokens=completion,
        total_tokens=prompt + completion,
        has_usage="llm.token_count.prompt" in a,
        tool_name=text("tool.name"),
        input_hash=zlib.crc32(inp.encode()),
        output_hash=zlib.crc32(out.encode()),
        input_size=len(inp),
        output_size=len(out),
        input_preview=" ".join(inp[:240].split()),
        output_preview=" ".join(out[:240].split()),
    )


def scan_facts(stream, source=0, *, start=0, end=None, on_bad_line=None, name="", first_line=1):  # noqa: ANN001, ANN201
    """Roughly."""
    offset = 0
    for n, line in enumerate(stream, 1):
        try:
            row = facts(decode_span(line))
            row.source, row.line_offset, row.line_length = source, offset, len(line)
            yield row
        except BadInput as error:
            if on_bad_line and line.strip():
                on_bad_line(BadLine(source=name, line=n, reason=error.message))
        offset += len(line)
