"""Every route of the API, and the document that describes them."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from catalyst_sdk.server.api import _admin, _agents, _openapi, _traces, _transfer
from catalyst_sdk.server.api._events import events

API = "/api/v1"
ENDPOINTS = (
    *_traces.ENDPOINTS,
    *_agents.ENDPOINTS,
    *_transfer.ENDPOINTS,
    *_admin.ENDPOINTS,
)


def routes() -> list[BaseRoute]:
    """Give the routes of the API, its document and its live events."""
    described = _openapi.document(ENDPOINTS, API)

    def openapi(_: Request) -> Response:
        return JSONResponse(described)

    return [
        Route(f"{API}/openapi.json", openapi),
        Route(f"{API}/events", events),
        *(endpoint.route(API) for endpoint in ENDPOINTS),
    ]
