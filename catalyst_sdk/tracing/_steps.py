"""Generators, traced: the span is current during each step and never between two of them."""

from __future__ import annotations

import functools
import time
from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any

from opentelemetry.context import get_current

from catalyst_sdk.tracing._active import capturing
from catalyst_sdk.tracing._boundary import report_failure
from catalyst_sdk.tracing._collected import Collected
from catalyst_sdk.tracing._context import Attached
from catalyst_sdk.tracing._open import OpenSpan

Begin = Callable[[tuple[Any, ...], dict[str, Any]], "Steps"]
"""Starts the span of one call, given its arguments."""


class Steps:
    """The span of one generator. As a context manager: one step of it.

    The context at the end of a step is the one the next step starts with, so that spans the
    generator keeps open over a `yield` stay the parents of what it does next.
    """

    __slots__ = ("_attached", "_collected", "_context", "_last_ns", "_opened")

    def __init__(self, opened: OpenSpan, capture: bool) -> None:
        self._opened: OpenSpan | None = opened
        self._context = opened.context
        self._attached: Attached | None = None
        wanted = capture and capturing() and opened.span.is_recording()
        self._collected = Collected() if wanted else None
        self._last_ns = 0

    def __enter__(self) -> None:
        self._attached = Attached(self._context)

    def __exit__(self, *_: object) -> None:
        self._context = get_current()
        if self._attached is not None:
            self._attached.leave()
            self._attached = None

    def __del__(self) -> None:
        # An async generator dropped after its loop was closed gets no GeneratorExit.
        self.aborted()

    def yielded(self, item: object) -> None:
        """Note what a step gave."""
        self._last_ns = time.time_ns()
        if self._collected is not None:
            self._collected.add(item)

    def returned(self, value: object = None) -> None:
        """End the span of a generator that ran to its end and returned *value*."""
        if (opened := self._close(value)) is not None:
            opened.end()

    def aborted(self) -> None:
        """End the span of a generator closed early, at the time of its last step."""
        if (opened := self._close()) is not None:
            opened.end(self._last_ns or None)

    def raised(self, error: BaseException) -> None:
        """End the span of a generator that raised; being closed is no failure."""
        if isinstance(error, GeneratorExit):
            self.aborted()
        elif (opened := self._close()) is not None:
            opened.raised(error)

    def _close(self, result: object = None) -> OpenSpan | None:
        opened, self._opened = self._opened, None
        if opened is None or self._collected is None:
            return opened
        try:
            opened.set_output(self._collected.output(result))
        except Exception:  # noqa: BLE001 - the host's generator goes on
            report_failure("recording what a generator gave failed")
        return opened


def traced_generator(function: Callable[..., Any], begin: Begin) -> Callable[..., Any]:
    """Give *function*, a generator function, with each step inside the span."""

    def traced(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        steps = begin(args, kwargs)
        try:
            inner = function(*args, **kwargs)
            advance: Callable[[], Any] = functools.partial(next, inner)
            while True:
                with steps:
                    item = advance()
                steps.yielded(item)
                try:
                    advance = functools.partial(inner.send, (yield item))
                except BaseException as error:  # noqa: BLE001 - the inner generator's to handle
                    advance = functools.partial(inner.throw, error)
        except StopIteration as stop:
            steps.returned(stop.value)
            return stop.value
        except BaseException as error:
            steps.raised(error)
            raise

    return traced


def traced_async_generator(function: Callable[..., Any], begin: Begin) -> Callable[..., Any]:
    """Give *function*, an async generator function, with each step inside the span."""

    async def traced(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        steps = begin(args, kwargs)
        try:
            inner = function(*args, **kwargs)
            advance: Callable[[], Any] = inner.__anext__
            while True:
                with steps:
                    item = await advance()
                steps.yielded(item)
                try:
                    advance = functools.partial(inner.asend, (yield item))
                except BaseException as error:  # noqa: BLE001 - the inner generator's to handle
                    advance = functools.partial(inner.athrow, error)
        except StopAsyncIteration:
            steps.returned()
        except BaseException as error:
            steps.raised(error)
            raise

    return traced
