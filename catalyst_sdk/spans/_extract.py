"""Span facts from a span, in any dialect."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from catalyst_sdk import semconv
from catalyst_sdk.spans._facts import SpanFacts
from catalyst_sdk.spans._hash import canonical_json, hash_bytes, hash_text
from catalyst_sdk.spans._line import EventLine, SpanLine, StatusLine, status_code
from catalyst_sdk.spans._shape import gather, kind_of, project_of, shape_of
from catalyst_sdk.spans._signature import fold_signature
from catalyst_sdk.spans._span import AttributeMap, Event, Span
from catalyst_sdk.spans._time import parse_time


def facts(span: Span) -> SpanFacts:
    """Give the facts of a span, whatever dialect its attributes speak."""
    row = SpanFacts(
        trace_id=span.trace_id,
        span_id=span.span_id,
        parent_span_id=span.parent_span_id,
        name=span.name,
        scope=span.scope_name,
        start_ns=span.start_ns,
        end_ns=span.end_ns,
        duration_ns=span.duration_ns,
        status=span.status_code,
    )
    _fill(row, span.attributes, span.resource, span.status_message, span.events)
    return row


def facts_of_line(line: SpanLine) -> SpanFacts:
    """Give the facts of a decoded line; raises ValueError when an id or a time cannot be one."""
    if not line.trace_id or not line.span_id:
        raise ValueError("no id")
    start, end = parse_time(line.start_time), parse_time(line.end_time)
    status = line.status or StatusLine()
    row = SpanFacts(
        trace_id=line.trace_id.lower(),
        span_id=line.span_id.lower(),
        parent_span_id=(line.parent_span_id or "").lower(),
        name=line.name or "",
        scope=(line.scope.name or "") if line.scope else "",
        start_ns=start,
        end_ns=end,
        duration_ns=max(0, end - start) if end else 0,
        status=status_code(status.code),
    )
    resource = (line.resource.attributes or {}) if line.resource else {}
    _fill(row, line.attributes, resource, status.message or "", line.events or ())
    return row


def _fill(
    row: SpanFacts,
    attributes: AttributeMap,
    resource: AttributeMap,
    status_message: str,
    events: Iterable[Event | EventLine],
) -> None:
    shape = shape_of(attributes)
    found = gather(shape.plan, attributes)
    row.kind = kind_of(shape, attributes, found)
    _identity(row, found, resource)
    _outcome(row, found, status_message, events)
    _usage(row, found)
    _payload(row, found)


def _identity(row: SpanFacts, found: dict[str, Any], resource: AttributeMap) -> None:
    row.service = _text(resource.get(semconv.SERVICE_NAME))
    row.service_version = _text(resource.get(semconv.SERVICE_VERSION))
    row.environment = _text(
        resource.get(semconv.ENVIRONMENT)
        or resource.get("deployment.environment")
        or found.get("environment")
    )
    row.project_id = project_of(found, resource)
    row.agent_id = _text(found.get("agent_id"))
    row.agent_name = _text(found.get("agent_name"))
    row.agent_role = _text(found.get("agent_role"))
    row.session_id = _text(found.get("session"))
    row.user_id = _text(found.get("user"))
    row.model = _text(found.get("model"))
    row.request_model = _text(found.get("request_model"))
    row.provider = _text(found.get("provider"))
    row.tool_name = _text(found.get("tool_name"))
    row.tool_call_id = _text(found.get("tool_call_id"))


def _outcome(
    row: SpanFacts,
    found: dict[str, Any],
    status_message: str,
    events: Iterable[Event | EventLine],
) -> None:
    if row.status != "ERROR":
        return
    kind, message = _text(found.get("error_type")), _text(found.get("error_message"))
    for event in events:
        if event.name == "exception" and event.attributes:
            kind = _text(event.attributes.get("exception.type")) or kind
            message = _text(event.attributes.get("exception.message")) or message
    row.error_type = kind
    row.error_message = (message or status_message)[:500]
    row.error_signature = fold_signature(row.error_message or kind)


def _usage(row: SpanFacts, found: dict[str, Any]) -> None:
    row.prompt_tokens = _int(found.get("prompt_tokens"))
    row.completion_tokens = _int(found.get("completion_tokens"))
    row.total_tokens = _int(found.get("total_tokens")) or row.prompt_tokens + row.completion_tokens
    row.cache_read_tokens = _int(found.get("cache_read_tokens"))
    row.cache_write_tokens = _int(found.get("cache_write_tokens"))
    row.reasoning_tokens = _int(found.get("reasoning_tokens"))
    row.has_usage = "prompt_tokens" in found or "completion_tokens" in found
    row.has_cost = "cost" in found
    if row.has_cost:
        row.cost_usd = float(found["cost"])


def _payload(row: SpanFacts, found: dict[str, Any]) -> None:
    given = _text(found.get("input_messages") or found.get("input"))
    answer = _text(found.get("output_messages") or found.get("output"))
    row.input_size, row.output_size = len(given.encode()), len(answer.encode())
    row.input_hash, row.output_hash = hash_text(given), hash_text(answer)
    row.input_preview, row.output_preview = given[:240], answer[:240]


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    encoded = canonical_json(value)
    return encoded.decode() if encoded else str(value)


def _int(value: object) -> int:
    return int(value) if isinstance(value, (int, float)) else 0


__all__ = ["facts", "facts_of_line", "hash_bytes"]
