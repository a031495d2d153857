"""One attribute of somebody else's module, wrapped and put back exactly as it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import wrapt

Wrapper = Callable[..., Any]
"""A wrapt wrapper: `(wrapped, instance, args, kwargs) -> result`."""


class AlreadyWrapped(Exception):
    """The attribute carries a live wrapper of this package."""


class Patch:
    """Wraps *path* (`"Class.method"` or `"function"`) of *module*, or of a class, until `undo`.

    A function that *module* imported by name from where the same wrapper is on it already is
    only put back by `undo`.
    """

    def __init__(self, module: str | type, path: str, wrapper: Wrapper) -> None:
        self._owner, self._name, self._original = wrapt.resolve_path(module, path)
        self._own = self._name in vars(self._owner)
        self._wrapper = wrapper
        self.live = True
        other = getattr(self._original, "_self_catalyst_patch", None)
        if other is not None and other.live:
            self._copy(other, f"{module}.{path}")
            return
        self._proxy: Any = wrapt.FunctionWrapper(self._original, wrapper, enabled=lambda: self.live)
        self._proxy._self_catalyst_patch = self
        setattr(self._owner, self._name, self._proxy)

    def _copy(self, other: Patch, place: str) -> None:
        same_place = (other._owner, other._name) == (self._owner, self._name)
        if same_place or other._wrapper != self._wrapper:
            raise AlreadyWrapped(place)
        self._proxy, self._original = self._original, other._original

    def undo(self) -> None:
        """Restore the original; where others wrapped ours or kept it, ours becomes inert."""
        self.live = False
        if vars(self._owner).get(self._name) is not self._proxy:
            return
        if self._own:
            setattr(self._owner, self._name, self._original)
        else:
            delattr(self._owner, self._name)
