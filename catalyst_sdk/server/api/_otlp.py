"""Spans as OTLP/JSON: one export request a line, as the collector's file exporter writes.

Source: OpenTelemetry Protocol Specification 1.x, "JSON Protobuf Encoding": hex ids, 64-bit
integers as text, lower camel case.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import msgspec

from catalyst_sdk.spans import Span

_KINDS = (
    "SPAN_KIND_UNSPECIFIED",
    "SPAN_KIND_INTERNAL",
    "SPAN_KIND_SERVER",
    "SPAN_KIND_CLIENT",
    "SPAN_KIND_PRODUCER",
    "SPAN_KIND_CONSUMER",
)
_STATUSES = ("UNSET", "OK", "ERROR")


def otlp_line(spans: Sequence[Span]) -> bytes:
    """Write spans as one ExportTraceServiceRequest, grouped by resource and scope."""
    groups: dict[bytes, dict[tuple[str, str], list[Span]]] = {}
    for span in spans:
        scopes = groups.setdefault(msgspec.json.encode(span.resource), {})
        scopes.setdefault((span.scope_name, span.scope_version), []).append(span)
    request = {
        "resourceSpans": [
            {
                "resource": {"attributes": _attributes(msgspec.json.decode(resource))},
                "scopeSpans": [
                    {
                        "scope": {"name": name, "version": version},
                        "spans": [_span(span) for span in own],
                    }
                    for (name, version), own in scopes.items()
                ],
            }
            for resource, scopes in groups.items()
        ]
    }
    return msgspec.json.encode(request) + b"\n"


def _span(span: Span) -> dict[str, Any]:
    return {
        "traceId": span.trace_id,
        "spanId": span.span_id,
        "parentSpanId": span.parent_span_id,
        "traceState": span.trace_state,
        "name": span.name,
        "kind": _KINDS.index(span.kind) if span.kind in _KINDS else 0,
        "startTimeUnixNano": str(span.start_ns),
        "endTimeUnixNano": str(span.end_ns),
        "attributes": _attributes(span.attributes),
        "events": [
            {
                "name": event.name,
                "timeUnixNano": str(event.time_ns),
                "attributes": _attributes(event.attributes),
            }
            for event in span.events
        ],
        "links": [
            {
                "traceId": link.trace_id,
                "spanId": link.span_id,
                "attributes": _attributes(link.attributes),
            }
            for link in span.links
        ],
        "status": {"code": _STATUSES.index(span.status_code), "message": span.status_message},
    }


def _attributes(attributes: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": name, "value": _value(value)} for name, value in attributes.items()]


def _value(value: object) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, list | tuple):
        items = cast("Sequence[object]", value)
        return {"arrayValue": {"values": [_value(item) for item in items]}}
    return {"stringValue": str(value)}
