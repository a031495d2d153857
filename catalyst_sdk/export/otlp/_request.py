"""OTLP requests: encoding spans, dividing a request, its JSON form."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, cast

import msgspec
from opentelemetry.sdk.trace import ReadableSpan

from catalyst_sdk.export._forks import import_unforked

SERVICE_MODULE = "opentelemetry.proto.collector.trace.v1.trace_service_pb2"
_ENCODER_MODULE = "opentelemetry.exporter.otlp.proto.common.trace_encoder"


class Request(NamedTuple):
    """A serialised ExportTraceServiceRequest, and the number of spans in it."""

    body: bytes
    spans: int


def encode(spans: Sequence[ReadableSpan]) -> Request:
    """Sound *spans* (see `sound_span`) as one request."""
    message = import_unforked(_ENCODER_MODULE).encode_spans(spans)
    return Request(message.SerializePartialToString(), len(spans))


def divide(body: bytes) -> list[Request]:
    """The request in two halves by number of spans; itself when it has one span."""
    message = _parse(body)
    total = sum(1 for _ in _spans(message))
    if total < 2:
        return [Request(body, total)]
    half = total // 2
    first, second = _empty(), _empty()
    for number, (resource_spans, scope_spans, span) in enumerate(_spans(message)):
        _add(first if number < half else second, resource_spans, scope_spans, span)
    return [
        Request(first.SerializePartialToString(), half),
        Request(second.SerializePartialToString(), total - half),
    ]


def to_json(body: bytes) -> bytes:
    """The request as OTLP/JSON: hex ids, lowerCamelCase, 64-bit integers as strings."""
    document = {
        "resourceSpans": [
            {
                "resource": {"attributes": _attributes(of_resource.resource.attributes)},
                "scopeSpans": [_scope_spans(of_scope) for of_scope in of_resource.scope_spans],
                "schemaUrl": of_resource.schema_url,
            }
            for of_resource in _parse(body).resource_spans
        ]
    }
    return msgspec.json.encode(document)


def _empty() -> Any:
    return import_unforked(SERVICE_MODULE).ExportTraceServiceRequest()


def _parse(body: bytes) -> Any:
    request = _empty()
    request.ParseFromString(body)
    return request


def _spans(request: Any) -> Iterator[tuple[Any, Any, Any]]:
    for resource_spans in request.resource_spans:
        for scope_spans in resource_spans.scope_spans:
            for span in scope_spans.spans:
                yield resource_spans, scope_spans, span


def _add(request: Any, resource_spans: Any, scope_spans: Any, span: Any) -> None:
    """Add *span* under a copy of its resource and scope; those come in runs."""
    groups = request.resource_spans
    if not groups or groups[-1].resource != resource_spans.resource:
        groups.add(resource=resource_spans.resource, schema_url=resource_spans.schema_url)
    scopes = groups[-1].scope_spans
    if not scopes or scopes[-1].scope != scope_spans.scope:
        scopes.add(scope=scope_spans.scope, schema_url=scope_spans.schema_url)
    scopes[-1].spans.append(span)


def _scope_spans(of_scope: Any) -> dict[str, Any]:
    scope = of_scope.scope
    return {
        "scope": {
            "name": scope.name,
            "version": scope.version,
            "attributes": _attributes(scope.attributes),
        },
        "spans": [_span(span) for span in of_scope.spans],
        "schemaUrl": of_scope.schema_url,
    }


def _span(span: Any) -> dict[str, Any]:
    return {
        "traceId": span.trace_id.hex(),
        "spanId": span.span_id.hex(),
        "parentSpanId": span.parent_span_id.hex(),
        "traceState": span.trace_state,
        "flags": span.flags,
        "name": span.name,
        "kind": span.kind,
        "startTimeUnixNano": str(span.start_time_unix_nano),
        "endTimeUnixNano": str(span.end_time_unix_nano),
        "attributes": _attributes(span.attributes),
        "droppedAttributesCount": span.dropped_attributes_count,
        "events": [
            {
                "timeUnixNano": str(event.time_unix_nano),
                "name": event.name,
                "attributes": _attributes(event.attributes),
                "droppedAttributesCount": event.dropped_attributes_count,
            }
            for event in span.events
        ],
        "droppedEventsCount": span.dropped_events_count,
        "links": [
            {
                "traceId": link.trace_id.hex(),
                "spanId": link.span_id.hex(),
                "traceState": link.trace_state,
                "flags": link.flags,
                "attributes": _attributes(link.attributes),
                "droppedAttributesCount": link.dropped_attributes_count,
            }
            for link in span.links
        ],
        "droppedLinksCount": span.dropped_links_count,
        "status": {"code": span.status.code, "message": span.status.message},
    }


def _attributes(pairs: Any) -> list[dict[str, Any]]:
    return [{"key": pair.key, "value": _value(pair.value)} for pair in pairs]


def _value(value: Any) -> dict[str, Any]:
    kind = cast("str | None", value.WhichOneof("value"))
    return {} if kind is None else _VALUES[kind](getattr(value, kind))


def _double(number: float) -> dict[str, Any]:
    # Proto3 JSON writes what JSON numbers cannot be as these words.
    if number != number:
        return {"doubleValue": "NaN"}
    if number in (float("inf"), float("-inf")):
        return {"doubleValue": "Infinity" if number > 0 else "-Infinity"}
    return {"doubleValue": number}


def _array(array: Any) -> dict[str, Any]:
    return {"arrayValue": {"values": [_value(item) for item in array.values]}}


def _mapping(pairs: Any) -> dict[str, Any]:
    return {"kvlistValue": {"values": _attributes(pairs.values)}}


def _scalar(name: str, convert: Callable[[Any], Any]) -> Callable[[Any], dict[str, Any]]:
    return lambda value: {name: convert(value)}


_VALUES: dict[str, Callable[[Any], dict[str, Any]]] = {
    "string_value": _scalar("stringValue", str),
    "bool_value": _scalar("boolValue", bool),
    "int_value": _scalar("intValue", str),
    "double_value": _double,
    "bytes_value": _scalar("bytesValue", bytes),
    "array_value": _array,
    "kvlist_value": _mapping,
}
