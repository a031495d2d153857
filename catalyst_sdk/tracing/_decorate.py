"""Each kind of callable with its calls traced, its own kind kept."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable
from typing import Any, cast

from catalyst_sdk.errors import ConfigError
from catalyst_sdk.tracing._arguments import Arguments
from catalyst_sdk.tracing._open import OpenSpan, open_span
from catalyst_sdk.tracing._recipe import Recipe
from catalyst_sdk.tracing._steps import Steps, traced_async_generator, traced_generator

AnyFunction = Callable[..., Any]


def decorate(target: Any, recipe: Recipe) -> Any:
    """Give *target* (function, method, static or class method, callable) with its calls traced."""
    if isinstance(target, staticmethod | classmethod):
        method = cast("staticmethod[..., Any]", target)
        return type(method)(decorate(method.__func__, recipe))
    if isinstance(target, type) or not callable(target):
        raise ConfigError(
            f"trace_span cannot decorate {target!r}.",
            hint="It decorates functions and methods; put it on __call__ or on the inner function.",
        )
    function = cast("AnyFunction", target)
    traced = _wrapper_for(function)(function, _Calls(function, recipe))
    if not inspect.isroutine(target):  # an object that is called: its state is not the wrapper's
        traced.__name__ = traced.__qualname__ = recipe.name_for(function)
        return functools.update_wrapper(traced, function, updated=())
    return functools.update_wrapper(traced, function)


class _Calls:
    """Opens the span of each call of one function."""

    __slots__ = ("_attributes", "_identity", "_name", "_named", "capture_output")

    def __init__(self, function: AnyFunction, recipe: Recipe) -> None:
        self._name = recipe.name_for(function)
        self._attributes = recipe.attributes_for(self._name)
        self._identity = recipe.identity
        self._named = Arguments(function) if recipe.capture_input else None
        self.capture_output = recipe.capture_output

    def open(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> OpenSpan:
        arguments = None if self._named is None else self._named(args, kwargs)
        return open_span(self._name, self._attributes, self._identity, arguments)

    def begin(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Steps:
        return Steps(self.open(args, kwargs), self.capture_output)


def _wrapper_for(function: AnyFunction) -> Callable[[AnyFunction, _Calls], AnyFunction]:
    called: Any = _called_by(function)
    if inspect.isasyncgenfunction(called):
        return _async_generator
    if inspect.iscoroutinefunction(called):
        return _coroutine
    if inspect.isgeneratorfunction(called):
        awaitable = called.__code__.co_flags & inspect.CO_ITERABLE_COROUTINE
        return _awaitable_generator if awaitable else _generator
    return _function


def _called_by(target: Any) -> Any:
    """Give what runs when *target* is called, whose flags say of what kind it is."""
    while isinstance(target, functools.partial):
        target = cast("functools.partial[Any]", target).func
    return target if inspect.isroutine(target) else type(target).__call__


def _function(function: AnyFunction, calls: _Calls) -> AnyFunction:
    capture = calls.capture_output

    def traced(*args: Any, **kwargs: Any) -> Any:
        opened = calls.open(args, kwargs)
        opened.enter()
        try:
            result = function(*args, **kwargs)
        except BaseException as error:
            opened.raised(error)
            raise
        opened.returned(result, capture)
        return result

    return traced


def _coroutine(function: AnyFunction, calls: _Calls) -> AnyFunction:
    capture = calls.capture_output

    async def traced(*args: Any, **kwargs: Any) -> Any:
        opened = calls.open(args, kwargs)
        opened.enter()
        try:
            result = await function(*args, **kwargs)
        except BaseException as error:
            opened.raised(error)
            raise
        opened.returned(result, capture)
        return result

    return traced


def _generator(function: AnyFunction, calls: _Calls) -> AnyFunction:
    return traced_generator(function, calls.begin)


def _awaitable_generator(function: AnyFunction, calls: _Calls) -> AnyFunction:
    return types.coroutine(traced_generator(function, calls.begin))


def _async_generator(function: AnyFunction, calls: _Calls) -> AnyFunction:
    return traced_async_generator(function, calls.begin)
