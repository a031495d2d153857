"""Watching the body of an HTTP response, of whichever httpx it is, without importing one."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any, cast

from catalyst_sdk.instrumentation.llm import AsyncObserver, StreamWatch, SyncObserver

_STREAM_BASES = ("SyncByteStream", "AsyncByteStream")
_watching: dict[tuple[type, ...], type] = {}


def on_close(response: Any, closed: Callable[[], None]) -> None:
    """Call *closed* when somebody closes the body of *response*."""
    body = response.stream
    bases = tuple(base for base in type(body).__mro__ if base.__name__ in _STREAM_BASES)
    if not bases:
        return
    if bases not in _watching:
        _watching[bases] = type("WatchedBody", (_WatchedBody, *bases), {})
    response.stream = _watching[bases](body, closed)


def on_bytes(response: Any, watch: StreamWatch) -> None:
    """Show *watch* the decoded bytes as anyone reads them from *response*."""
    reference = weakref.ref(response)  # else the response would hold itself
    original = cast("Any", type(response))

    def iter_bytes(*args: Any, **kwargs: Any) -> Any:
        return SyncObserver(original.iter_bytes(reference(), *args, **kwargs), watch)

    def aiter_bytes(*args: Any, **kwargs: Any) -> Any:
        return AsyncObserver(original.aiter_bytes(reference(), *args, **kwargs), watch)

    response.iter_bytes = iter_bytes
    response.aiter_bytes = aiter_bytes


class _WatchedBody:
    """Delegates to a body and reports its close. httpx checks that a body is of its own classes."""

    def __init__(self, body: Any, closed: Callable[[], None]) -> None:
        self._body = body
        self._closed = closed

    def __iter__(self) -> Any:
        return iter(self._body)

    def __aiter__(self) -> Any:
        return self._body.__aiter__()

    def close(self) -> None:
        try:
            self._body.close()
        finally:
            self._closed()

    async def aclose(self) -> None:
        try:
            await self._body.aclose()
        finally:
            self._closed()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._body, name)
