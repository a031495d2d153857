"""Spans in our own JSON form and its relatives: camel case, numeric times, OTLP attribute lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from catalyst_sdk.spans._json import Json, objects, pick, pick_text
from catalyst_sdk.spans._line import SpanLine, span_of_line
from catalyst_sdk.spans._otlp_values import attributes_of
from catalyst_sdk.spans._reader import Document
from catalyst_sdk.spans._span import AttributeMap, Span

_NAMES: dict[str, tuple[str, ...]] = {
    "trace_id": ("trace_id", "traceId", "traceID"),
    "span_id": ("span_id", "spanId", "spanID"),
    "parent_span_id": ("parent_span_id", "parentSpanId", "parent_id", "parentId"),
    "trace_state": ("trace_state", "traceState"),
    "name": ("name", "span_name", "spanName"),
    "kind": ("kind", "span_kind", "spanKind"),
    "start_time": (
        "start_time",
        "startTime",
        "start_time_unix_nano",
        "startTimeUnixNano",
        "start_time_ns",
        "start_ns",
        "timestamp",
    ),
    "end_time": (
        "end_time",
        "endTime",
        "end_time_unix_nano",
        "endTimeUnixNano",
        "end_time_ns",
        "end_ns",
    ),
}
_EVENT_TIME = ("time", "timestamp", "time_unix_nano", "timeUnixNano", "time_ns")


class LineReader:
    """Our JSONL and halo-engine's, and spans written much like them."""

    name = "jsonl"

    def recognises(self, document: Document) -> bool:
        """Tell by the two ids."""
        return _pick(document, "trace_id") is not None and _pick(document, "span_id") is not None

    def spans(self, document: Document) -> Iterator[Span | ValueError]:
        """Yield the one span."""
        try:
            yield span_of_line(_line(document))
        except (ValueError, TypeError, msgspec.ValidationError) as error:
            yield ValueError(str(error))


def _line(document: Document) -> SpanLine:
    fields: dict[str, Any] = {field: _pick(document, field) for field in _NAMES}
    if fields["start_time"] is None:
        raise ValueError("no start_time")
    if fields["name"] is not None:
        fields["name"] = str(fields["name"])
    return msgspec.convert(
        {
            **{field: value for field, value in fields.items() if value is not None},
            "attributes": attributes_of(document.get("attributes")),
            "status": _status(document),
            "resource": {"attributes": _resource(document)},
            "scope": _scope(document),
            "events": [_event(event) for event in objects(document.get("events"))],
            "links": [_link(link) for link in objects(document.get("links"))],
        },
        SpanLine,
        strict=False,
    )


def _pick(document: Document, field: str) -> Json:
    return pick(document, *_NAMES[field])


def _status(document: Document) -> dict[str, Any]:
    status: Json = document.get("status", document.get("status_code"))
    message = pick_text(document, "status_message", "statusMessage")
    code = status
    if isinstance(status, dict):
        code = pick(status, "code", "status_code", "statusCode")
        message = pick_text(status, "message", "description")
    return {"code": code if isinstance(code, (str, int)) else None, "message": message}


def _resource(document: Document) -> AttributeMap:
    resource: Json = document.get("resource")
    if isinstance(resource, dict):
        return attributes_of(resource.get("attributes", resource))
    return attributes_of(document.get("resource_attributes"))


def _scope(document: Document) -> dict[str, str]:
    scope: Json = document.get("scope") or document.get("instrumentation_scope")
    if isinstance(scope, dict):
        return {key: pick_text(scope, key) for key in ("name", "version")}
    return {"name": scope} if isinstance(scope, str) else {}


def _event(event: Document) -> dict[str, Any]:
    return {
        "name": pick_text(event, "name"),
        "time": pick(event, *_EVENT_TIME),
        "attributes": attributes_of(event.get("attributes")),
    }


def _link(link: Document) -> dict[str, Any]:
    context: Json = link.get("context")
    place = context if isinstance(context, dict) else link
    return {
        "trace_id": pick_text(place, *_NAMES["trace_id"]),
        "span_id": pick_text(place, *_NAMES["span_id"]),
        "attributes": attributes_of(link.get("attributes")),
    }
