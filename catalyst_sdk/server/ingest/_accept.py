"""From a body to an acknowledgement: check that it is OTLP, journal it, count it."""

from __future__ import annotations

import asyncio
import time
from typing import NamedTuple

import msgspec
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from starlette.concurrency import run_in_threadpool

from catalyst_sdk.errors import BadInput
from catalyst_sdk.server._errors import Busy
from catalyst_sdk.server._services import Services
from catalyst_sdk.server.ingest._body import inflate
from catalyst_sdk.store.journal import Batch

PROTOBUF = "application/x-protobuf"
JSON = "application/json"

_OFFLOAD_BYTES = 64 * 1024
"""Larger bodies are checked off the event loop."""


class Accepted(NamedTuple):
    """What became of one request."""

    spans: int
    rejected: int
    reason: str


async def accept(
    held: Services, project: str, content_type: str, encoding: str, body: bytes
) -> Accepted:
    """Check and journal one OTLP request; it is on disk when this returns.

    Raises BadInput, TooLarge or Unsupported for a body that cannot be read, Busy and JournalFull
    when the sender should come again.
    """
    began = time.perf_counter()
    if held.store.behind > held.settings.max_behind_batches:
        raise Busy("The server is behind with storing.", hint="Come again in a few seconds.")
    limit = held.settings.max_inflated_bytes
    checked = (body, content_type, encoding, limit)
    if len(body) > _OFFLOAD_BYTES:
        accepted = await run_in_threadpool(_check, *checked)
    else:
        accepted = _check(*checked)
    if accepted.spans:
        kept = "" if encoding == "identity" else encoding
        batch = Batch(
            project=project,
            content_type=content_type,
            encoding=kept,
            received_ns=time.time_ns(),
            body=body,
        )
        await asyncio.wrap_future(held.store.accept(batch))
    if accepted.rejected:
        held.metrics.rejected.labels("invalid").inc(accepted.rejected)
    held.metrics.acknowledged.observe(time.perf_counter() - began)
    return accepted


def _check(body: bytes, content_type: str, encoding: str, limit: int) -> Accepted:
    data = inflate(body, encoding, limit)
    return _check_protobuf(data) if content_type == PROTOBUF else _check_json(data)


def _check_protobuf(data: bytes) -> Accepted:
    request = ExportTraceServiceRequest()
    try:
        request.ParseFromString(data)
    except DecodeError as error:
        raise BadInput("The body is no OTLP ExportTraceServiceRequest.") from error
    good = bad = 0
    for group in request.resource_spans:
        for scope in group.scope_spans:
            for span in scope.spans:
                if len(span.trace_id) == 16 and len(span.span_id) == 8:
                    good += 1
                else:
                    bad += 1
    return _accepted(good, bad)


# OTLP/JSON writes ids in hex; protobuf's own JSON, as catalyst-tracing sends it, in base64.
_ID_LENGTHS = frozenset({(32, 16), (24, 12)})


class _JsonSpan(msgspec.Struct):
    trace_id: str = msgspec.field(default="", name="traceId")
    span_id: str = msgspec.field(default="", name="spanId")


class _JsonScope(msgspec.Struct):
    spans: list[_JsonSpan] = []


class _JsonGroup(msgspec.Struct):
    scopes: list[_JsonScope] = msgspec.field(default_factory=list[_JsonScope], name="scopeSpans")


class _JsonRequest(msgspec.Struct):
    resource_spans: list[_JsonGroup] = msgspec.field(name="resourceSpans")


_json = msgspec.json.Decoder(_JsonRequest)


def _check_json(data: bytes) -> Accepted:
    try:
        request = _json.decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadInput(f"The body is no OTLP JSON: {error}.") from error
    good = bad = 0
    for group in request.resource_spans:
        for scope in group.scopes:
            for span in scope.spans:
                if (len(span.trace_id), len(span.span_id)) in _ID_LENGTHS:
                    good += 1
                else:
                    bad += 1
    return _accepted(good, bad)


def _accepted(good: int, bad: int) -> Accepted:
    reason = f"{bad} spans without a 16-byte trace id and an 8-byte span id" if bad else ""
    return Accepted(good, bad, reason)
