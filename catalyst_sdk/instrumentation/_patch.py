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
    """Wraps *path* (`"Class.method"` or `"function"`) of *module* until `undo`."""

    def __init__(self, module: str, path: str, wrapper: Wrapper) -> None:
        self._owner, self._name, self._original = wrapt.resolve_path(module, path)
        other = getattr(self._original, "_self_catalyst_patch", None)
        if other is not None and other.live:
            raise AlreadyWrapped(f"{module}.{path}")
        self._own = self._name in vars(self._owner)
        self.live = True
        self._proxy: Any = wrapt.FunctionWrapper(self._original, wrapper, enabled=lambda: self.live)
        self._proxy._self_catalyst_patch = self
        setattr(self._owner, self._name, self._proxy)

    def undo(self) -> None:
        """Restore the original; where others wrapped ours or kept it, ours becomes inert."""
        self.live = False
        if vars(self._owner).get(self._name) is not self._proxy:
            return
        if self._own:
            setattr(self._owner, self._name, self._original)
        else:
            delattr(self._owner, self._name)
