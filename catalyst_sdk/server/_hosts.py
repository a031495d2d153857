"""Refuses requests under a foreign name: the defence against DNS rebinding."""

from __future__ import annotations

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from catalyst_sdk.server._settings import ServerSettings

_LOCAL = frozenset({"localhost", "127.0.0.1", "[::1]"})


class KnownHosts:
    """Passes on requests whose Host is this server's own name, or one it was told."""

    def __init__(self, app: ASGIApp, settings: ServerSettings) -> None:
        self._app = app
        self._any = not settings.loopback and not settings.allowed_hosts
        names = {settings.host, *settings.allowed_hosts}
        self._known = (names | _LOCAL) if settings.loopback else names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._any and _host(scope) not in self._known:
            body = {
                "error": "This server does not answer to that host name.",
                "code": "unknown_host",
                "hint": "Start it with --allowed-host NAME to add a name.",
            }
            await JSONResponse(body, 421)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _host(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"host":
            text = str(value, "latin-1").lower()
            return text[: text.index("]") + 1] if text.startswith("[") else text.partition(":")[0]
    return ""
