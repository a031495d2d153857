"""The OpenTelemetry context into other threads: executors by themselves, the rest by `propagate`.

Only the OpenTelemetry context is carried, not the program's own context variables; and only
`ThreadPoolExecutor.submit` is patched: a wrapped `Thread.start` would leave long-lived workers in
the trace of the request that happened to start them.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar, cast

from opentelemetry.context import Context, get_current

from catalyst_sdk.tracing._context import Attached

P = ParamSpec("P")
R = TypeVar("R")


class Carried:
    """A function run in the context of whoever handed it over."""

    __slots__ = ("_context", "_function")

    def __init__(self, context: Context, function: Callable[..., Any]) -> None:
        self._context = context
        self._function = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        attached = Attached(self._context)
        try:
            return self._function(*args, **kwargs)
        finally:
            attached.leave()


def propagate(function: Callable[P, R]) -> Callable[P, R]:
    """Give *function* to run in today's context, in whatever thread: `Thread(target=propagate(f))`.

    The context is the one current when `propagate` is called.
    """
    context = get_current()
    run = Carried(context, function)

    def carried(*args: Any, **kwargs: Any) -> Any:
        return run(*args, **kwargs)

    async def carried_async(*args: Any, **kwargs: Any) -> Any:
        attached = Attached(context)
        try:
            return await cast("Callable[..., Any]", function)(*args, **kwargs)
        finally:
            attached.leave()

    wrapper = carried_async if inspect.iscoroutinefunction(function) else carried
    return cast("Callable[P, R]", functools.update_wrapper(wrapper, function))


_Submit = Callable[..., Any]
_patched: tuple[_Submit, _Submit] | None = None
"""What `submit` was, and what it is now."""


def carry_context() -> None:
    """Make `ThreadPoolExecutor.submit` carry the OpenTelemetry context; twice is once."""
    global _patched
    if _patched is not None:
        return
    original = cast("_Submit", ThreadPoolExecutor.submit)

    @functools.wraps(original)
    def submit(self: ThreadPoolExecutor, fn: _Submit, /, *args: Any, **kwargs: Any) -> Any:
        context = get_current()
        if not context or patched is not _patched:
            return original(self, fn, *args, **kwargs)
        return original(self, Carried(context, fn), *args, **kwargs)

    patched = _patched = (original, submit)
    ThreadPoolExecutor.submit = submit


def stop_carrying() -> None:
    """Undo `carry_context`; where somebody wrapped it since, ours only passes through."""
    global _patched
    if _patched is not None and ThreadPoolExecutor.submit is _patched[1]:
        ThreadPoolExecutor.submit = _patched[0]
    _patched = None
