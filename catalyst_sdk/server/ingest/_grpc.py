"""OTLP over gRPC, when a port is given."""

from __future__ import annotations

import importlib
from typing import Any

from catalyst_sdk.errors import CatalystError, ConfigError, MissingExtra
from catalyst_sdk.server._auth import authorise_headers
from catalyst_sdk.server._services import Services
from catalyst_sdk.server.ingest._accept import PROTOBUF, accept
from catalyst_sdk.server.ingest._http import answer

_METHOD = "opentelemetry.proto.collector.trace.v1.TraceService"
_STATUS = {
    "unauthorised": "UNAUTHENTICATED",
    "forbidden": "PERMISSION_DENIED",
    "busy": "RESOURCE_EXHAUSTED",
    "too_large": "RESOURCE_EXHAUSTED",
    "journal_full": "UNAVAILABLE",
}


async def start_grpc(held: Services) -> Any:
    """Serve `TraceService.Export` on the settings' gRPC port; give the running server."""
    try:
        grpc: Any = importlib.import_module("grpc")
    except ImportError as error:
        raise MissingExtra("grpc", "OTLP over gRPC") from error

    async def export(body: bytes, context: Any) -> bytes:
        headers = {name.lower(): str(value) for name, value in context.invocation_metadata()}
        try:
            who = authorise_headers(held, headers, "ingest")
            accepted = await accept(held, who.project, PROTOBUF, "", body)
        except CatalystError as error:
            code = getattr(grpc.StatusCode, _STATUS.get(error.code, "INVALID_ARGUMENT"))
            await context.abort(code, f"{error.message} {error.hint}".strip())
            raise
        held.metrics.spans.labels("grpc").inc(accepted.spans)
        return answer(accepted).SerializeToString()

    limit = held.settings.max_inflated_bytes
    server = grpc.aio.server(options=[("grpc.max_receive_message_length", limit)])
    handlers = {"Export": grpc.unary_unary_rpc_method_handler(export)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_METHOD, handlers),))
    address = f"{held.settings.host}:{held.settings.grpc_port}"
    try:
        bound = server.add_insecure_port(address)
    except RuntimeError:
        bound = 0
    if not bound:
        raise ConfigError(f"The gRPC port {address} cannot be opened.", hint="Is it in use?")
    await server.start()
    return server
