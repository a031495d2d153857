"""The ASGI application: routes, errors, and what is open while it runs."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from catalyst_sdk.errors import CatalystError
from catalyst_sdk.server import api, ingest
from catalyst_sdk.server._auth import authorise, services
from catalyst_sdk.server._errors import catalyst_error, http_error, unexpected
from catalyst_sdk.server._hosts import KnownHosts
from catalyst_sdk.server._services import Services
from catalyst_sdk.server._settings import ServerSettings


def build_app(settings: ServerSettings) -> Starlette:
    """Make the application; its store opens when it starts and closes when it stops."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        held = await run_in_threadpool(Services, settings)
        app.state.services = held
        grpc = await ingest.start_grpc(held) if settings.grpc_port is not None else None
        try:
            yield
        finally:
            if grpc is not None:
                await grpc.stop(5)
            await run_in_threadpool(held.close)

    return Starlette(
        routes=[
            Route("/v1/traces", ingest.traces, methods=["POST"]),
            Route("/healthz", _healthy),
            Route("/readyz", _ready),
            Route("/metrics", _metrics),
            *api.routes(),
        ],
        middleware=[Middleware(KnownHosts, settings=settings)],
        exception_handlers={
            CatalystError: catalyst_error,
            HTTPException: http_error,
            Exception: unexpected,
        },
        lifespan=lifespan,
    )


def _healthy(_: Request) -> Response:
    return PlainTextResponse("ok\n")


def _ready(request: Request) -> Response:
    store = services(request).store
    store.query("SELECT 1 AS one")
    return JSONResponse({"ready": True, **store.health()})


def _metrics(request: Request) -> Response:
    authorise(request, "read")
    text = services(request).metrics.text()
    return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")
