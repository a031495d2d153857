"""What OpenTelemetry's console exporter prints: one pretty JSON document a span."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from catalyst_sdk.spans._json import Json, object_of, objects, pick, pick_text
from catalyst_sdk.spans._line import span_kind, status_code
from catalyst_sdk.spans._otlp_values import attributes_of
from catalyst_sdk.spans._reader import Document
from catalyst_sdk.spans._span import Event, Link, Span
from catalyst_sdk.spans._time import parse_time


class ConsoleReader:
    """Documents of `ReadableSpan.to_json()`."""

    name = "otel-console"

    def recognises(self, document: Document) -> bool:
        """Tell by the span context."""
        context = document.get("context")
        return isinstance(context, dict) and "trace_id" in context and "span_id" in context

    def spans(self, document: Document) -> Iterator[Span | ValueError]:
        """Yield the one span."""
        try:
            yield _span(document)
        except ValueError as error:
            yield error


def _span(document: Document) -> Span:
    context: dict[str, Any] = document["context"]
    told = object_of(document.get("status"))
    about = object_of(document.get("resource")).get("attributes")
    named = object_of(pick(document, "instrumentation_scope", "instrumentation_info"))
    trace_id, span_id = _id(context.get("trace_id")), _id(context.get("span_id"))
    if not trace_id or not span_id:
        raise ValueError("no trace_id" if not trace_id else "no span_id")
    state = context.get("trace_state")
    return Span(
        trace_id=trace_id,
        span_id=span_id,
        parent_span_id=_id(document.get("parent_id")),
        trace_state=state if isinstance(state, str) and state != "[]" else "",
        name=pick_text(document, "name"),
        kind=span_kind(document.get("kind")),
        start_ns=parse_time(document.get("start_time")),
        end_ns=parse_time(document.get("end_time")),
        status_code=status_code(told.get("status_code")),
        status_message=pick_text(told, "description"),
        resource=attributes_of(about),
        scope_name=pick_text(named, "name"),
        scope_version=pick_text(named, "version"),
        attributes=attributes_of(document.get("attributes")),
        events=tuple(map(_event, objects(document.get("events")))),
        links=tuple(map(_link, objects(document.get("links")))),
    )


def _event(event: Document) -> Event:
    return Event(
        name=pick_text(event, "name"),
        time_ns=parse_time(event.get("timestamp")),
        attributes=attributes_of(event.get("attributes")),
    )


def _link(link: Document) -> Link:
    place = object_of(link.get("context"))
    return Link(
        trace_id=_id(place.get("trace_id")),
        span_id=_id(place.get("span_id")),
        attributes=attributes_of(link.get("attributes")),
    )


def _id(value: Json) -> str:
    return value.removeprefix("0x").lower() if isinstance(value, str) else ""
