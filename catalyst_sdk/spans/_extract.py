"""Span facts from a span, in any dialect."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from catalyst_sdk import semconv
from catalyst_sdk.spans._digest import fill_payload
from catalyst_sdk.spans._events import AnyEvent
from catalyst_sdk.spans._facts import SpanFacts
from catalyst_sdk.spans._json import Json, json_text
from catalyst_sdk.spans._line import SpanLine, StatusLine, status_code
from catalyst_sdk.spans._payload import Recorded
from catalyst_sdk.spans._shape import gather, kind_of, project_of, shape_of
from catalyst_sdk.spans._signature import fold_signature
from catalyst_sdk.spans._span import AttributeMap, Span
from catalyst_sdk.spans._time import parse_time
from catalyst_sdk.spans._usage import count, fill_usage

_MESSAGE_LIMIT = 500
_TYPED = re.compile(r"((?:[A-Za-z_]\w*\.){0,8}[A-Z]\w*(?:Error|Exception|Timeout|Warning))\b")
_TOOL_SPAN = re.compile(r"(?:execute_tool|running tool:?|tool call:?)\s+(\S.*)", re.IGNORECASE)
_AGENT_SPAN = re.compile(r"(?:invoke_agent|agent run:?|create_agent)\s+(\S.*)", re.IGNORECASE)
_HANDOFF = re.compile(
    r"(?:transfer|handoff|hand_off|delegate|escalate)_+to_+(\w[\w.-]*)", re.IGNORECASE
)
_FIRST_TOKEN = ("first token", "first_token", "gen_ai.content.completion.chunk", "new_token")


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
    times = [(event.name, event.time_ns) for event in span.events]
    _fill(row, span.attributes, span.resource, span.status_message, span.events, times)
    return row


def facts_of_line(line: SpanLine) -> SpanFacts:
    """Give the facts of a decoded line; raises ValueError when an id or a time cannot be one."""
    if not line.trace_id or not line.span_id:
        raise ValueError("no trace_id" if not line.trace_id else "no span_id")
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
    events = line.events or []
    times = [(event.name, parse_time(event.time)) for event in events]
    _fill(row, line.attributes, resource, status.message or "", events, times)
    return row


def _fill(
    row: SpanFacts,
    attributes: AttributeMap,
    resource: AttributeMap,
    status_message: str,
    events: Iterable[AnyEvent],
    times: list[tuple[str, int]],
) -> None:
    shape = shape_of(attributes)
    found = gather(shape.plan, attributes)
    row.kind = kind_of(shape, attributes)
    _fill_place(row, found, resource)
    for column in shape.texts:
        if column in found:
            setattr(row, column, _text(found[column]))
    if row.kind == "TOOL":
        _fill_tool_names(row, found)
    elif row.kind == "AGENT" and not row.agent_name:
        row.agent_name = _text(found.get("entity_name")) or _after(_AGENT_SPAN, row.name)
    if "handoff" in found:
        row.handoff_target = _text(found["handoff"])
    if "retries" in found:
        row.retries = count(found["retries"])
    if row.status != "ERROR" and (found.get("level") == "ERROR" or _has_error_type(row, found)):
        row.status = "ERROR"
    if row.status == "ERROR":
        _fill_error(row, found, status_message, events)
    if shape.measured:
        fill_usage(row, shape, found)
    if times and not row.ttft_ms and row.start_ns:
        _fill_first_token(row, times)
    fill_payload(row, Recorded(attributes, shape, found, events))


def _fill_place(row: SpanFacts, found: dict[str, Any], resource: AttributeMap) -> None:
    row.service = _text(resource.get(semconv.SERVICE_NAME))
    row.service_version = _text(resource.get(semconv.SERVICE_VERSION))
    row.environment = _text(
        resource.get(semconv.ENVIRONMENT)
        or resource.get("deployment.environment")
        or found.get("environment")
    )
    row.project_id = project_of(found, resource)


def _fill_tool_names(row: SpanFacts, found: dict[str, Any]) -> None:
    name = _text(found.get("tool_name") or found.get("entity_name"))
    row.tool_name = name or _after(_TOOL_SPAN, row.name) or row.name
    row.tool_call_id = _text(found.get("tool_call_id"))
    row.handoff_target = _after(_HANDOFF, row.tool_name)


def _has_error_type(row: SpanFacts, found: dict[str, Any]) -> bool:
    """GenAI conventions set error.type exactly when the operation failed."""
    return row.status == "UNSET" and "error_type" in found


def _fill_error(
    row: SpanFacts, found: dict[str, Any], status_message: str, events: Iterable[AnyEvent]
) -> None:
    kind, message = _text(found.get("error_type")), _text(found.get("error_message"))
    for event in events:
        if event.name == "exception" and event.attributes:
            details: Mapping[str, Any] = event.attributes
            kind = _text(details.get("exception.type")) or kind
            message = _text(details.get("exception.message")) or message
    message = message or status_message
    row.error_message = message[:_MESSAGE_LIMIT]
    typed = None if kind else _TYPED.match(message)
    row.error_type = kind or (typed[1] if typed else "")
    row.error_signature = fold_signature(row.error_message) or fold_signature(kind)


def _fill_first_token(row: SpanFacts, times: list[tuple[str, int]]) -> None:
    for name, time_ns in times:
        if time_ns >= row.start_ns and name.lower().startswith(_FIRST_TOKEN):
            row.ttft_ms = (time_ns - row.start_ns) / 1e6
            return


def _after(pattern: re.Pattern[str], name: str) -> str:
    match = pattern.match(name)
    return match[1].strip() if match else ""


def _text(value: Json) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json_text(value)
