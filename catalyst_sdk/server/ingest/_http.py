"""OTLP over HTTP: POST /v1/traces, protobuf and JSON.

Source: OpenTelemetry Protocol Specification 1.x, "OTLP/HTTP": answers carry the request's media
type; 400 is final, 429 and 503 are retried with Retry-After.
"""

from __future__ import annotations

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from catalyst_sdk.server._auth import authorise, services
from catalyst_sdk.server._errors import Unsupported
from catalyst_sdk.server.ingest._accept import JSON, PROTOBUF, Accepted, accept
from catalyst_sdk.server.ingest._body import read_body


async def traces(request: Request) -> Response:
    """Take spans; 200 says that they are on disk."""
    who = authorise(request, "ingest")
    held = services(request)
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in (PROTOBUF, JSON):
        raise Unsupported(
            f"Content-Type {media or '(none)'} is not read here.", hint=f"Use {PROTOBUF} or {JSON}."
        )
    encoding = request.headers.get("content-encoding", "").strip().lower()
    body = await read_body(request, held.settings.max_body_bytes)
    accepted = await accept(held, who.project, media, encoding, body)
    held.metrics.spans.labels("http").inc(accepted.spans)
    return _json_answer(accepted) if media == JSON else _protobuf_answer(accepted)


def answer(accepted: Accepted) -> ExportTraceServiceResponse:
    """Give OTLP's answer, with partial success when something was refused."""
    response = ExportTraceServiceResponse()
    if accepted.rejected:
        response.partial_success.rejected_spans = accepted.rejected
        response.partial_success.error_message = accepted.reason
    return response


def _protobuf_answer(accepted: Accepted) -> Response:
    return Response(answer(accepted).SerializeToString(), media_type=PROTOBUF)


def _json_answer(accepted: Accepted) -> Response:
    if not accepted.rejected:
        return JSONResponse({})
    partial = {"rejectedSpans": str(accepted.rejected), "errorMessage": accepted.reason}
    return JSONResponse({"partialSuccess": partial})
