"""What `trace_span` and `agent_span` give: a span to be, to enter with `with` or decorate with."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar

from opentelemetry.context import get_current

from catalyst_sdk.tracing._decorate import decorate
from catalyst_sdk.tracing._open import OpenSpan, open_span
from catalyst_sdk.tracing._recipe import Recipe
from catalyst_sdk.tracing._span import TracedSpan

F = TypeVar("F", bound="Callable[..., Any] | staticmethod[..., Any] | classmethod[Any, ..., Any]")


class SpanScope:
    """A span to be: a decorator, and a context manager of `with` and `async with`.

    One object may be entered any number of times, also at once.
    """

    __slots__ = ("_attributes", "_name", "_open", "_recipe")

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._name = recipe.name or "span"
        self._attributes = recipe.attributes_for(self._name)
        # By the context each made current: that is how the right one is found at exit.
        self._open: dict[int, OpenSpan] = {}

    def __call__(self, function: F, /) -> F:
        """Give *function* with each of its calls traced."""
        return decorate(function, self._recipe)

    def __enter__(self) -> TracedSpan:
        opened = open_span(self._name, self._attributes, self._recipe.identity)
        opened.enter()
        self._open[id(opened.context)] = opened
        return TracedSpan(opened.span)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        opened = self._open.pop(id(get_current()), None)
        if opened is None:  # the program left another context current
            if not self._open:
                return
            opened = self._open.popitem()[1]
        if error is None:
            opened.end()
        else:
            opened.raised(error)

    async def __aenter__(self) -> TracedSpan:
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.__exit__(kind, error, traceback)
