"""Live events by SSE: a line for each batch of new spans, with the traces it touched."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from catalyst_sdk.server._auth import authorise, services
from catalyst_sdk.server._live import Stored

_KEEP_ALIVE_S = 15.0


class TracesStored(msgspec.Struct):
    """What an event's data holds: spans were stored, of these traces."""

    trace_ids: list[str]
    spans: int
    roots: int
    """How many of the spans begin a trace."""


async def events(request: Request) -> Response:
    """Tell of the project's new spans until the client goes away."""
    who = authorise(request, "read")
    feed = services(request).feed
    listener = feed.listen(who.project, asyncio.get_running_loop())

    async def stream() -> AsyncGenerator[bytes]:
        try:
            yield b": listening\n\n"
            while True:
                try:
                    stored = await asyncio.wait_for(listener.get(), _KEEP_ALIVE_S)
                except asyncio.TimeoutError:
                    yield b": still here\n\n"
                    continue
                if stored is None:
                    return
                yield _event(stored)
        finally:
            feed.leave(listener)

    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return StreamingResponse(stream(), media_type="text/event-stream", headers=headers)


def _event(stored: Stored) -> bytes:
    data = TracesStored(list(stored.trace_ids), stored.spans, stored.roots)
    return b"event: traces\ndata: " + msgspec.json.encode(data) + b"\n\n"
