"""The base class every integration implements."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Collection, Mapping
from functools import partial
from types import ModuleType
from typing import Any, ClassVar

import wrapt
from opentelemetry.instrumentation.instrumentor import BaseInstrumentor
from opentelemetry.trace import Tracer, get_tracer

from catalyst_sdk.instrumentation._patch import AlreadyWrapped, Patch, Wrapper

__all__ = ["Instrumentor", "Wrapper"]

_log = logging.getLogger(__name__)


class Instrumentor(BaseInstrumentor):
    """An OpenTelemetry instrumentor that waits for its library to be imported.

    `instrument()` imports nothing. When the library is imported, by anyone, `connect` is called
    and what `wrappers` names is wrapped; a library never imported costs nothing.
    Keyword arguments of `instrument()` are kept in `options`.
    """

    module: ClassVar[str]
    """Import name of the library."""

    requires: ClassVar[tuple[str, ...]]
    """Requirement specifiers of the supported library versions."""

    scope: ClassVar[str] = ""
    """Name of the tracer; the class's module unless given."""

    options: Mapping[str, Any] = {}
    """`capture_content` (default True) and what the integration documents."""

    _tracer: Tracer | None = None
    _connected = False
    _undo: list[Callable[[], None]] | None = None

    def wrappers(self, tracer: Tracer) -> Mapping[tuple[str, str], Wrapper]:
        """Map (module, attribute path) to the wrapt wrapper to install there.

        Asked once the library is imported; a module imported later is wrapped then.
        """
        return {}

    def optional_wrappers(self, tracer: Tracer) -> Mapping[tuple[str, str], Wrapper]:
        """The same as `wrappers`, for what not every supported version has."""
        return {}

    def connect(self, tracer: Tracer) -> Callable[[], None] | None:
        """Use the library's own hook (callback handler, processor); return what undoes it."""
        return None

    def instrumentation_dependencies(self) -> Collection[str]:
        """The same as `requires`, under OpenTelemetry's name."""
        return self.requires

    def _instrument(self, **kwargs: Any) -> None:
        provider = kwargs.pop("tracer_provider", None)
        self.options = kwargs
        scope = self.scope or type(self).__module__
        self._tracer = get_tracer(scope, tracer_provider=provider)
        self._undo = []
        wrapt.register_post_import_hook(self._library_imported, self.module)

    def _uninstrument(self, **kwargs: Any) -> None:
        for undo in reversed(self._undo or ()):
            undo()
        self._tracer = self._undo = None
        self._connected = False

    def _library_imported(self, _library: ModuleType) -> None:
        if self._tracer is None or self._connected:  # undone before the import, or armed twice
            return
        self._connected = True
        try:
            if undo := self.connect(self._tracer):
                self._keep(undo)
            for (module, path), wrapper in self.wrappers(self._tracer).items():
                self._wrap(module, path, wrapper)
            for (module, path), wrapper in self.optional_wrappers(self._tracer).items():
                self._wrap(module, path, wrapper, optional=True)
        except Exception:  # noqa: BLE001 - the host must start even if its library changed under us
            _log.exception("cannot instrument %s; it runs untraced", self.module)
            self._uninstrument()

    def _wrap(self, module: str, path: str, wrapper: Wrapper, *, optional: bool = False) -> None:
        if module in sys.modules:
            self._patch(module, path, wrapper, optional=optional)
        else:
            patch = partial(self._patch, module, path, wrapper, optional=optional)
            hook = partial(self._module_imported, self._undo, patch, f"{module}.{path}")
            wrapt.register_post_import_hook(hook, module)

    def _module_imported(
        self,
        armed: list[Callable[[], None]] | None,
        patch: Callable[[], None],
        place: str,
        _imported: ModuleType,
    ) -> None:
        if self._undo is not armed:  # uninstrumented since
            return
        try:
            patch()
        except Exception:  # noqa: BLE001 - as above; what else was wrapped stays
            _log.exception("cannot instrument %s; it runs untraced", place)

    def _patch(self, module: str, path: str, wrapper: Wrapper, *, optional: bool) -> None:
        try:
            self._keep(Patch(module, path, wrapper).undo)
        except AlreadyWrapped:
            _log.debug("%s.%s is traced already", module, path)
        except AttributeError:
            if not optional:
                raise
            _log.debug("there is no %s.%s in this version", module, path)

    def _keep(self, undo: Callable[[], None]) -> None:
        assert self._undo is not None
        self._undo.append(undo)
