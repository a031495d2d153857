"""News of stored spans, from the store's writer to those who listen, by project."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import NamedTuple

from catalyst_sdk.spans import Span

_WAITING = 100
"""Events kept for a slow listener; what comes after is dropped, and it asks the lists."""


class Stored(NamedTuple):
    """Spans that can be queried now."""

    trace_ids: tuple[str, ...]
    spans: int
    roots: int


Listener = asyncio.Queue["Stored | None"]


class Feed:
    """Who listens to which project."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: dict[Listener, tuple[str, asyncio.AbstractEventLoop]] = {}

    def listen(self, project: str, loop: asyncio.AbstractEventLoop) -> Listener:
        """Begin to listen; None on the queue says that the server stops."""
        listener: Listener = asyncio.Queue(_WAITING)
        with self._lock:
            self._listeners[listener] = (project, loop)
        return listener

    def leave(self, listener: Listener) -> None:
        """Stop listening."""
        with self._lock:
            self._listeners.pop(listener, None)

    def tell(self, project: str, spans: Sequence[Span]) -> None:
        """Tell a project's listeners of spans just stored; called by the store's writer."""
        with self._lock:
            own = [(one, loop) for one, (name, loop) in self._listeners.items() if name == project]
        if not own:
            return
        ids = tuple(dict.fromkeys(span.trace_id for span in spans))
        roots = sum(not span.parent_span_id for span in spans)
        for listener, loop in own:
            loop.call_soon_threadsafe(_offer, listener, Stored(ids, len(spans), roots))

    def end(self) -> None:
        """Tell every listener that there will be no more."""
        with self._lock:
            own = [(one, loop) for one, (_, loop) in self._listeners.items()]
        for listener, loop in own:
            loop.call_soon_threadsafe(_offer, listener, None)


def _offer(listener: Listener, stored: Stored | None) -> None:
    if not listener.full():
        listener.put_nowait(stored)
