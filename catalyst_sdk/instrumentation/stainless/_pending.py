"""Answers a program asks for later: a request that runs in the background, and its polls.

The span of such a request stays open while the program holds what `create` or the last poll gave
it, and ends with the poll that brings the answer. If only the id was kept, the span has ended by
then, and the answer gets a span of its own, linked to it: tokens are never lost nor counted twice.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from opentelemetry.trace import SpanContext, Tracer

from catalyst_sdk.instrumentation.llm import (
    Answer,
    ModelCall,
    Request,
    drop,
    forget,
    keep_open,
)
from catalyst_sdk.instrumentation.stainless._endpoint import Endpoint

_MOST = 1000


class PendingCalls:
    """Requests without an answer yet, by the id the provider gave them."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._open: dict[str, _PendingCall] = {}
        self._ended: dict[str, tuple[SpanContext, Request, Endpoint]] = {}

    def __bool__(self) -> bool:
        return bool(self._open or self._ended)

    def keep(self, key: str, call: ModelCall, endpoint: Endpoint, answer: Any, handle: Any) -> None:
        """Leave the span of *call* open until its answer is polled, or *handle* dropped."""
        pending = _PendingCall(call, endpoint, lambda: self._end(key))
        _make_room(self._ended)
        self._open[key] = pending
        pending.hold(answer, handle)

    def polled(self, key: str, answer: Any, handle: Any) -> None:
        """Take note of what a poll of *key* returned."""
        pending, ended = self._open.get(key), self._ended.get(key)
        if answer is None:
            return
        if pending is not None:
            if pending.endpoint.pending(answer) is not None:
                pending.hold(answer, handle)
                return
            del self._open[key]
            pending.finish(pending.endpoint.answer(answer))
        elif ended is not None and ended[2].pending(answer) is None:
            del self._ended[key]
            self._record_apart(*ended, answer)

    def _end(self, key: str) -> None:
        pending = self._open.pop(key, None)
        if pending is not None:
            started = pending.call.span.get_span_context()
            light = _without_details(pending.call.request, pending.endpoint)
            self._ended[key] = (started, light, pending.endpoint)

    def _record_apart(
        self, started: SpanContext, request: Request, endpoint: Endpoint, answer: Any
    ) -> None:
        call = ModelCall(self._tracer, request)
        call.span.add_link(started)
        call.finish(endpoint.answer(answer))


class _PendingCall:
    """One request without an answer yet."""

    def __init__(self, call: ModelCall, endpoint: Endpoint, ended: Callable[[], None]) -> None:
        self.call = call
        self.endpoint = endpoint
        self._ended = ended
        self._so_far: Answer | None = None
        self._handle: Any = None

    def hold(self, answer: Any, handle: Any) -> None:
        """Stay open while somebody holds *handle*, the latest that is known."""
        self._so_far = self.endpoint.answer(answer)
        self._handle = weakref.ref(handle, self._lose)
        keep_open(self)

    def finish(self, answer: Answer | None) -> None:
        """End the span with *answer*."""
        self._handle = None
        forget(self)
        self.call.finish(answer)

    def dropped(self) -> None:
        """Nobody holds it any more; the id may have been kept."""
        self._ended()
        self.finish(self._so_far)

    def interrupted(self) -> None:
        """The process is ending."""
        self.dropped()

    def disown(self) -> None:
        """The request was made by the process this one was forked from."""
        self.call.disown()

    def _lose(self, _handle: Any) -> None:
        drop(self)


def _without_details(request: Request, endpoint: Endpoint) -> Request:
    return Request(
        operation=f"{endpoint.operation}.retrieve",
        kind=request.kind,
        model=request.model,
        provider=request.provider,
        system=request.system,
        capture_content=request.capture_content,
    )


def _make_room(ended: dict[str, Any]) -> None:
    while len(ended) >= _MOST:
        del ended[next(iter(ended))]
