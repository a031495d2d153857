"""Small traces to read: one call each, with every field that matters given by name."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from catalyst_sdk.spans import Span, encode_span

T0 = 1_760_000_000_000_000_000
SECOND = 1_000_000_000


def trace_id(number: int) -> str:
    return f"{number:08x}" + "ab" * 12


def span_id(number: int) -> str:
    return f"{number:06x}" + "cd" * 5


def step(
    trace: int,
    number: int = 1,
    *,
    parent: int | None = None,
    at: float = 0,
    seconds: float = 1,
    error: str = "",
    **fields: Any,
) -> Span:
    """Make a span of trace *trace*; attributes are given as `attributes={...}`."""
    start = T0 + round((trace * 100 + at) * SECOND)
    status = {"status_code": "ERROR", "status_message": error} if error else {"status_code": "OK"}
    return Span(
        **{
            "trace_id": trace_id(trace),
            "span_id": span_id(number),
            "parent_span_id": span_id(parent) if parent is not None else "",
            "name": f"step {number}",
            "start_ns": start,
            "end_ns": start + round(seconds * SECOND),
            "resource": {"service.name": "shop"},
            **status,
            **fields,
        }
    )


def agent(trace: int, **more: Any) -> Span:
    """Make the root of a trace: an agent's run."""
    attributes = {
        "openinference.span.kind": "AGENT",
        "agent.id": "refund-1",
        "agent.name": "Refunds",
        "session.id": f"s{trace // 2}",
        "input.value": "Where is my money?",
        "output.value": "It is on its way.",
    }
    return step(trace, 1, seconds=10, name="run", attributes=attributes, **more)


def llm(trace: int, number: int = 2, *, tokens: tuple[int, int] = (100, 10), **more: Any) -> Span:
    """Make a model call under the root."""
    attributes = {
        "openinference.span.kind": "LLM",
        "llm.model_name": "gpt-5-mini",
        "llm.input_messages": '[{"role":"user","content":"Where is my \\"money\\"?\\nNow!"}]',
        "llm.output_messages": '[{"role":"assistant","content":"Überall – 100 %"}]',
        "llm.token_count.prompt": tokens[0],
        "llm.token_count.completion": tokens[1],
        "llm.cost.total": 0.25,
    }
    return step(trace, number, parent=1, at=1, name="chat", attributes=attributes, **more)


def tool(trace: int, number: int = 3, *, error: str = "", **more: Any) -> Span:
    """Make a tool call under the root."""
    attributes = {
        "openinference.span.kind": "TOOL",
        "tool.name": "lookup_order",
        "input.value": '{"order": "1842", "tenant": "acme"}',
        "output.value": "" if error else '{"status": "shipped"}',
        "tenant": "acme" if trace % 2 else "Globex",
        "retries.left": trace,
    }
    return step(
        trace, number, parent=1, at=3, name="lookup", error=error, attributes=attributes, **more
    )


def run(trace: int, *, error: str = "") -> list[Span]:
    """Make one whole trace: an agent, a model call and a tool call."""
    return [agent(trace), llm(trace), tool(trace, error=error)]


def runs(count: int) -> list[Span]:
    """Make traces 1 to *count*; every third has an error."""
    return [
        span
        for trace in range(1, count + 1)
        for span in run(trace, error="Tool timed out after 30s" if trace % 3 == 0 else "")
    ]


def lines(spans: Iterable[Span]) -> bytes:
    return b"".join(map(encode_span, spans))


def write(path: Path, spans: Iterable[Span]) -> Path:
    path.write_bytes(lines(spans))
    return path
