"""The reader of streams whose last event says everything."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from catalyst_sdk.instrumentation.llm import Answer


class WholeReader:
    """Keeps the event of a type in *last* and reads the answer from it."""

    __slots__ = ("_final", "_last", "_read")

    def __init__(self, read: Callable[[Any], Answer], last: Collection[str] = ()) -> None:
        self._read = read
        self._last = last
        self._final: Any = None

    @property
    def finished(self) -> bool:
        """Whether the last event has come."""
        return self._final is not None

    def __call__(self, chunk: Any) -> None:
        if getattr(chunk, "type", None) in self._last:
            self._final = chunk

    def answer(self) -> Answer:
        """The answer, or an empty one if the last event never came."""
        return Answer() if self._final is None else self._read(self._final)
