"""Spans in our own JSON form and its relatives: camel case, numeric times, OTLP attribute lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from catalyst_sdk.spans._line import SpanLine, span_of_line
from catalyst_sdk.spans._otlp_values import attributes_of
from catalyst_sdk.spans._reader import Document
from catalyst_sdk.spans._span import Span

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
    fields = {field: _pick(document, field) for field in _NAMES}
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
            "events": [_event(e) for e in _objects(document, "events")],
            "links": [_link(k) for k in _objects(document, "links")],
        },
        SpanLine,
        strict=False,
    )


def _pick(document: Document, field: str) -> Any:
    for name in _NAMES[field]:
        value = document.get(name)
        if value is not None and value != "":
            return value
    return None


def _status(document: Document) -> dict[str, Any]:
    status = document.get("status")
    if isinstance(status, dict):
        code = status.get("code", status.get("status_code", status.get("statusCode")))
        message = status.get("message") or status.get("description") or ""
        return {"code": code if isinstance(code, (str, int)) else None, "message": str(message)}
    code = status if status is not None else document.get("status_code")
    message = document.get("status_message") or ""
    return {"code": code if isinstance(code, (str, int)) else None, "message": str(message)}


def _resource(document: Document) -> dict[str, Any]:
    resource = document.get("resource")
    if isinstance(resource, dict):
        return attributes_of(resource.get("attributes", resource))
    return attributes_of(document.get("resource_attributes"))


def _scope(document: Document) -> dict[str, str]:
    scope = document.get("scope") or document.get("instrumentation_scope")
    if isinstance(scope, dict):
        return {key: str(scope.get(key) or "") for key in ("name", "version")}
    return {"name": scope} if isinstance(scope, str) else {}


def _objects(document: Document, key: str) -> list[Document]:
    values = document.get(key)
    return [v for v in values if isinstance(v, dict)] if isinstance(values, list) else []


def _event(event: Document) -> dict[str, Any]:
    times = (event[key] for key in _EVENT_TIME if event.get(key) is not None)
    return {
        "name": str(event.get("name", "")),
        "time": next(times, None),
        "attributes": attributes_of(event.get("attributes")),
    }


def _link(link: Document) -> dict[str, Any]:
    context = link.get("context")
    place = context if isinstance(context, dict) else link
    return {
        "trace_id": str(_pick(place, "trace_id") or ""),
        "span_id": str(_pick(place, "span_id") or ""),
        "attributes": attributes_of(link.get("attributes")),
    }
