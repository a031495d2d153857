"""`flush` and `shutdown` of the handle in force."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar, cast, overload

from catalyst_sdk._init._handle import in_force

F = TypeVar("F", bound=Callable[..., Any])


def shutdown() -> None:
    """Export what has ended and turn tracing off; without `init` it does nothing."""
    if (handle := in_force()) is not None:
        handle.shutdown()


@overload
def flush(function: F, /) -> F: ...


@overload
def flush(timeout: float = 30.0) -> bool: ...


def flush(timeout: Any = 30.0) -> Any:
    """Export what has ended within *timeout* seconds; False when that was not possible.

    As a decorator, `@flush` does so after each call: for platforms that freeze the process
    between calls.
    """
    if callable(timeout):
        return _flushing(cast("Callable[..., Any]", timeout))
    handle = in_force()
    return True if handle is None else handle.flush(timeout)


def _flushing(function: Callable[..., Any]) -> Callable[..., Any]:
    def flushing(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        finally:
            flush()

    async def flushing_async(*args: Any, **kwargs: Any) -> Any:
        try:
            return await function(*args, **kwargs)
        finally:
            flush()

    wrapper = flushing_async if inspect.iscoroutinefunction(function) else flushing
    return functools.update_wrapper(wrapper, function)
