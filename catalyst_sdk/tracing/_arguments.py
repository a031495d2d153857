"""A call's arguments by name, from a plan made once per function."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

_BY_POSITION = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_RECEIVERS = ("self", "cls", "mcs")


class Arguments:
    """Names the arguments of each call of *function*; `self` and `cls` are left out."""

    __slots__ = ("_names", "_rest", "_skip")

    def __init__(self, function: Callable[..., Any]) -> None:
        try:
            parameters = list(inspect.signature(function).parameters.values())
        except (TypeError, ValueError):  # a builtin without a signature
            parameters = []
        names = [p.name for p in parameters if p.kind in _BY_POSITION]
        rest = [p.name for p in parameters if p.kind is inspect.Parameter.VAR_POSITIONAL]
        self._skip = 1 if names and names[0] in _RECEIVERS else 0
        self._names = tuple(names[self._skip :])
        self._rest = rest[0] if rest else "args"

    def __call__(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Give the arguments as they were passed; defaults are not filled in."""
        if self._skip:
            args = args[1:]
        named = dict(zip(self._names, args, strict=False))
        if len(args) > len(self._names):
            named[self._rest] = args[len(self._names) :]
        if kwargs:
            named.update(kwargs)
        return named
