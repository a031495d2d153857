"""OTLP/JSON documents: requests, traces data, the collector's file exporter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from catalyst_sdk.spans._json import Json, object_of, objects, pick, pick_text
from catalyst_sdk.spans._line import span_kind, status_code
from catalyst_sdk.spans._otlp_values import attributes_of, hex_id
from catalyst_sdk.spans._reader import Document
from catalyst_sdk.spans._span import AttributeMap, Event, Link, Span
from catalyst_sdk.spans._time import parse_time

_RESOURCE_SPANS = ("resourceSpans", "resource_spans", "batches")
_SCOPE_SPANS = (
    "scopeSpans",
    "scope_spans",
    "instrumentationLibrarySpans",
    "instrumentation_library_spans",
)
_SCOPE = ("scope", "instrumentationLibrary", "instrumentation_library")


class OtlpReader:
    """OTLP/JSON, camel or snake case, ids in hex or base64, numbers as numbers or text."""

    name = "otlp-json"

    def recognises(self, document: Document) -> bool:
        """Tell by the list of resource spans, or of scope spans alone."""
        return any(isinstance(document.get(key), list) for key in _RESOURCE_SPANS + _SCOPE_SPANS)

    def spans(self, document: Document) -> Iterator[Span | ValueError]:
        """Yield the spans of all resources and scopes."""
        groups = objects(pick(document, *_RESOURCE_SPANS)) or [document]
        for group in groups:
            about = attributes_of(object_of(group.get("resource")).get("attributes"))
            for scoped in objects(pick(group, *_SCOPE_SPANS)):
                yield from _scoped(scoped, about)


def _scoped(scoped: Document, resource: AttributeMap) -> Iterator[Span | ValueError]:
    named = object_of(pick(scoped, *_SCOPE))
    for span in objects(scoped.get("spans")):
        try:
            yield _span(span, resource, named)
        except (ValueError, OverflowError) as error:
            yield ValueError(str(error))


def _span(span: Document, resource: AttributeMap, scope: dict[str, Any]) -> Span:
    trace_id = hex_id(pick(span, "traceId", "trace_id"), 16)
    span_id = hex_id(pick(span, "spanId", "span_id"), 8)
    if not trace_id or not span_id:
        raise ValueError("no trace_id" if not trace_id else "no span_id")
    told = object_of(span.get("status"))
    return Span(
        trace_id=trace_id,
        span_id=span_id,
        parent_span_id=hex_id(pick(span, "parentSpanId", "parent_span_id"), 8),
        trace_state=pick_text(span, "traceState", "trace_state"),
        name=pick_text(span, "name"),
        kind=span_kind(span.get("kind")),
        start_ns=_nanos(pick(span, "startTimeUnixNano", "start_time_unix_nano")),
        end_ns=_nanos(pick(span, "endTimeUnixNano", "end_time_unix_nano")),
        status_code=status_code(told.get("code")),
        status_message=pick_text(told, "message"),
        resource=resource,
        scope_name=pick_text(scope, "name"),
        scope_version=pick_text(scope, "version"),
        attributes=attributes_of(span.get("attributes")),
        events=tuple(map(_event, objects(span.get("events")))),
        links=tuple(map(_link, objects(span.get("links")))),
    )


def _event(event: Document) -> Event:
    return Event(
        name=pick_text(event, "name"),
        time_ns=_nanos(pick(event, "timeUnixNano", "time_unix_nano")),
        attributes=attributes_of(event.get("attributes")),
    )


def _link(link: Document) -> Link:
    return Link(
        trace_id=hex_id(pick(link, "traceId", "trace_id"), 16),
        span_id=hex_id(pick(link, "spanId", "span_id"), 8),
        attributes=attributes_of(link.get("attributes")),
    )


def _nanos(value: Json) -> int:
    """Read nanoseconds, a number or text; ISO text too, as some exporters write."""
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        return int(value[:20])
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return parse_time(value)
