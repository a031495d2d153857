"""Batches as a server hands them to the store."""

from __future__ import annotations

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from catalyst_sdk.store.journal import Batch

START = 1_790_000_000_000_000_000


def protobuf(spans: list[dict[str, object]], service: str = "shop") -> bytes:
    """Encode spans given as {trace, span, parent, name, start, end, attributes, error}."""
    request = ExportTraceServiceRequest()
    group = request.resource_spans.add()
    group.resource.attributes.add(key="service.name").value.string_value = service
    scope = group.scope_spans.add()
    for given in spans:
        span = scope.spans.add(
            trace_id=bytes.fromhex(str(given["trace"])),
            span_id=bytes.fromhex(str(given["span"])),
            parent_span_id=bytes.fromhex(str(given.get("parent", ""))),
            name=str(given.get("name", "step")),
            start_time_unix_nano=int(str(given.get("start", START))),
            end_time_unix_nano=int(str(given.get("end", START + 10**9))),
        )
        if given.get("error"):
            span.status.code = 2
            span.status.message = str(given["error"])
        attributes = given.get("attributes") or {}
        assert isinstance(attributes, dict)
        for name, value in attributes.items():
            target = span.attributes.add(key=name).value
            kinds = {str: "string_value", bool: "bool_value", int: "int_value"}
            setattr(target, kinds.get(type(value), "double_value"), value)
    return request.SerializeToString()


def batch(spans: list[dict[str, object]], project: str = "default", version: int = 1) -> Batch:
    """Make what the server hands to the store."""
    return Batch(
        project=project,
        content_type="application/x-protobuf",
        received_ns=version,
        body=protobuf(spans),
    )
