"""A call of the library that starts a run: the run's span is current while the call executes.

A callback must never change the current context: nobody would change it back. It may do so inside
a `Scope`, which is entered around each step of the call and left before anything else runs.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Callable, Generator
from contextvars import ContextVar, Token
from functools import partial
from typing import Any

import msgspec
from opentelemetry import context as otel
from opentelemetry.context import Context

from catalyst_sdk.hooks import check_stop
from catalyst_sdk.instrumentation._boundary import report_failure
from catalyst_sdk.instrumentation._current import attach, detach
from catalyst_sdk.instrumentation._patch import Wrapper
from catalyst_sdk.instrumentation.langchain_callbacks._model_run import ModelRun
from catalyst_sdk.instrumentation.langchain_callbacks._run import Run

_scope: ContextVar[Scope | None] = ContextVar("catalyst-callback-scope", default=None)


class Hint(msgspec.Struct, frozen=True):
    """What the caller of a scope knows of the run to start, and its callback is not told."""

    kind: str | None = None
    """Kind of the span."""
    graph: bool = False
    """The run is a graph's: an agent, if it is the outermost or has a name."""
    agent_name: str | None = None
    session_id: str | None = None
    tool_call_id: str | None = None
    streaming: bool = False
    """The caller takes the answer piece by piece."""
    hidden_arguments: frozenset[str] = frozenset()
    """Arguments of a tool that the model does not give."""


HintOf = Callable[[Any, Any, Any], Hint | None]
"""Reads a hint from instance, args and kwargs of the call."""


class Scope:
    """One call; the first run that starts in it is the call's own."""

    __slots__ = ("_context", "_scope_token", "_token", "_waiting", "collected", "hint", "run")

    def __init__(self, hint: Hint | None = None, *, run: Run | None = None) -> None:
        self.hint = hint
        self.run = run
        self.collected: list[Run] | None = None
        self._waiting = run is None
        self._context: Context | None = None if run is None else run.context
        self._token: Token[Context]
        self._scope_token: Token[Scope | None] | None = None

    def __enter__(self) -> None:
        self._token = attach(otel.get_current() if self._context is None else self._context)
        if self._waiting:
            self._scope_token = _scope.set(self)

    def __exit__(self, *_error: object) -> None:
        self._waiting = False  # a context copied in here may outlive the call
        self._context = otel.get_current()
        if self._scope_token is not None:
            with contextlib.suppress(ValueError):  # closed by the garbage collector, elsewhere
                _scope.reset(self._scope_token)
            self._scope_token = None
        detach(self._token)

    def took(self, run: Run | None) -> None:
        """Note the call's own run, None when it is not traced."""
        if self.collected is not None:
            if isinstance(run, ModelRun):
                self.collected.append(run)
            return
        self._waiting = False
        self.run = run
        if run is not None:
            attach(run.context)  # undone by __exit__

    def settle(self, error: BaseException) -> None:
        """End the runs of a call that raised: for cancelled ones the library tells nobody."""
        for run in self.collected or ():
            run.abandoned(error)
        if self.run is not None:
            self.run.abandoned(error)


def waiting_scope() -> Scope | None:
    """The innermost scope here that has no run yet."""
    scope = _scope.get()
    return scope if scope is not None and scope._waiting else None  # pyright: ignore[reportPrivateUsage]


def scoped_call(hint_of: HintOf | None = None, *, collect: bool = False) -> Wrapper:
    """Wrap a function. With *collect*, the runs started in it are none of them current."""

    def call(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        check_stop()
        scope = _scope_for(hint_of, instance, args, kwargs, collect)
        try:
            with scope:
                return wrapped(*args, **kwargs)
        except BaseException as error:
            scope.settle(error)
            raise

    return call


def scoped_coroutine(
    hint_of: HintOf | None = None,
    *,
    collect: bool = False,
    when: Callable[[Any], bool] | None = None,
) -> Wrapper:
    """Wrap a coroutine function; *when* says of an instance whether it starts runs at all."""

    async def call(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        if when is not None and not when(instance):
            return await wrapped(*args, **kwargs)
        check_stop()
        scope = _scope_for(hint_of, instance, args, kwargs, collect)
        try:
            with scope:
                return await wrapped(*args, **kwargs)
        except BaseException as error:
            scope.settle(error)
            raise

    return call


def scoped_generator(hint_of: HintOf | None = None) -> Wrapper:
    """Wrap a generator function."""

    def call(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        check_stop()
        scope = _scope_for(hint_of, instance, args, kwargs)
        return drive(wrapped(*args, **kwargs), scope, scope.settle)

    return call


def scoped_async_generator(hint_of: HintOf | None = None) -> Wrapper:
    """Wrap an asynchronous generator function."""

    def call(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        check_stop()
        scope = _scope_for(hint_of, instance, args, kwargs)
        return drive_async(wrapped(*args, **kwargs), scope, scope.settle)

    return call


def drive(
    inner: Any, scope: Scope, settle: Callable[[BaseException], None]
) -> Generator[Any, Any, Any]:
    """Run *inner*, each step in *scope*; *settle* is told what ended it early."""
    resume: Callable[[], Any] = inner.__next__
    try:
        while True:
            with scope:
                try:
                    item = resume()
                except StopIteration as end:
                    return end.value
            try:
                sent = yield item
            except GeneratorExit:
                raise
            except BaseException as error:  # noqa: BLE001 - thrown in, for the inner one
                resume = partial(inner.throw, error)
            else:
                resume = inner.__next__ if sent is None else partial(inner.send, sent)
    except BaseException as error:
        with scope:
            if close := getattr(inner, "close", None):
                close()
        settle(error)
        raise


async def drive_async(
    inner: Any, scope: Scope, settle: Callable[[BaseException], None]
) -> AsyncGenerator[Any, Any]:
    """The same for an asynchronous generator."""
    resume: Callable[[], Any] = inner.__anext__
    try:
        while True:
            with scope:
                try:
                    item = await resume()
                except StopAsyncIteration:
                    return
            try:
                sent = yield item
            except GeneratorExit:
                raise
            except BaseException as error:  # noqa: BLE001 - thrown in, for the inner one
                resume = partial(inner.athrow, error)
            else:
                resume = inner.__anext__ if sent is None else partial(inner.asend, sent)
    except BaseException as error:
        with scope:
            close = getattr(inner, "aclose", None)
            if close and not getattr(inner, "ag_running", False):  # the loop may be closing it too
                await close()
        settle(error)
        raise


def _scope_for(
    hint_of: HintOf | None, instance: Any, args: Any, kwargs: Any, collect: bool = False
) -> Scope:
    hint = None
    if hint_of is not None:
        try:
            hint = hint_of(instance, args, kwargs)
        except Exception:  # noqa: BLE001 - the run is worth having without it
            report_failure("a call could not be read")
    scope = Scope(hint)
    if collect:
        scope.collected = []
    return scope
