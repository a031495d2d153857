"""OTLP protobuf: one request, or requests with their lengths in front."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from catalyst_sdk.spans._line import span_kind, status_code
from catalyst_sdk.spans._span import AttributeMap, Event, Link, Span

if TYPE_CHECKING:
    from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
    from opentelemetry.proto.trace.v1 import trace_pb2

_MAX_DEPTH = 32


def spans_of_protobuf(data: bytes) -> list[Span] | None:
    """Give the spans of binary OTLP data, None when it is not that.

    Known are a bare ExportTraceServiceRequest (or TracesData), and a sequence of them with
    lengths in front: four bytes, big-endian (the collector's file exporter), or a varint.
    """
    for pieces in (_bare, _fixed, _varint):
        messages = pieces(data)
        if messages:
            found = _parsed(messages)
            if found is not None:
                return found
    return None


def _parsed(messages: Iterable[bytes]) -> list[Span] | None:
    from google.protobuf.message import DecodeError
    from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

    found: list[Span] = []
    for message in messages:
        traces = TracesData()
        try:
            traces.ParseFromString(message)
        except DecodeError:
            return None
        found.extend(_spans(traces.resource_spans))
    return found or None


def _bare(data: bytes) -> list[bytes]:
    return [data]


def _fixed(data: bytes) -> list[bytes]:
    pieces: list[bytes] = []
    at = 0
    while at + 4 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        at += 4
        if not size or at + size > len(data):
            return pieces
        pieces.append(data[at : at + size])
        at += size
    return pieces


def _varint(data: bytes) -> list[bytes]:
    pieces: list[bytes] = []
    at = 0
    while at < len(data):
        size = shift = 0
        while at < len(data) and shift <= 28:
            byte = data[at]
            at += 1
            size |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        if not size or at + size > len(data):
            return pieces
        pieces.append(data[at : at + size])
        at += size
    return pieces


def _spans(groups: Iterable[trace_pb2.ResourceSpans]) -> Iterator[Span]:
    for group in groups:
        resource = _attributes(group.resource.attributes)
        for scoped in group.scope_spans:
            for span in scoped.spans:
                if span.trace_id and span.span_id:
                    yield _span(span, resource, scoped.scope.name, scoped.scope.version)


def _span(span: trace_pb2.Span, resource: AttributeMap, scope: str, version: str) -> Span:
    return Span(
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_span_id=span.parent_span_id.hex(),
        trace_state=span.trace_state,
        name=span.name,
        kind=span_kind(int(span.kind)),
        start_ns=span.start_time_unix_nano,
        end_ns=span.end_time_unix_nano,
        status_code=status_code(int(span.status.code)),
        status_message=span.status.message,
        resource=resource,
        scope_name=scope,
        scope_version=version,
        attributes=_attributes(span.attributes),
        events=tuple(
            Event(name=e.name, time_ns=e.time_unix_nano, attributes=_attributes(e.attributes))
            for e in span.events
        ),
        links=tuple(
            Link(
                trace_id=k.trace_id.hex(),
                span_id=k.span_id.hex(),
                attributes=_attributes(k.attributes),
            )
            for k in span.links
        ),
    )


def _attributes(pairs: Iterable[KeyValue], depth: int = 0) -> AttributeMap:
    found: AttributeMap = {}
    for pair in pairs:
        value = _value(pair.value, depth)
        if value is not None:
            found[pair.key] = value
    return found


def _value(value: AnyValue, depth: int) -> Any:
    kind = value.WhichOneof("value")
    if kind is None or depth > _MAX_DEPTH:
        return None
    if kind == "array_value":
        return [_value(item, depth + 1) for item in value.array_value.values]
    if kind == "kvlist_value":
        return _attributes(value.kvlist_value.values, depth + 1)
    if kind == "bytes_value":
        return base64.b64encode(value.bytes_value).decode()
    return getattr(value, kind)
