"""Have the library tell our handler of every run, by its own door: `register_configure_hook`."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from types import ModuleType
from typing import Any

import wrapt
from opentelemetry.trace import Tracer

from catalyst_sdk.instrumentation._boundary import report_failure
from catalyst_sdk.instrumentation.langchain_callbacks._callbacks import Callbacks
from catalyst_sdk.instrumentation.langchain_callbacks._handler import make_handler
from catalyst_sdk.instrumentation.langchain_callbacks._runs import Runs

_MODULE = "langchain_core.tracers.context"
"""Costs 0.1 s to import, so it is waited for; the first run imports it."""


class _Registration:
    def __init__(self, tracer: Tracer, runs: Runs, options: dict[str, bool]) -> None:
        self._tracer = tracer
        self._runs = runs
        self._options = options
        self._handler: Any = None
        self._hooks: list[Any] | None = None
        self._variable: ContextVar[Any] | None = None
        self._undone = False

    def imported(self, module: ModuleType) -> None:
        """Register; the variable has the handler by default, so in every thread and context."""
        if self._undone:
            return
        try:
            callbacks = Callbacks(self._tracer, self._runs, **self._options)
            self._handler = make_handler(callbacks)
            self._variable = ContextVar("catalyst-callback-handler", default=self._handler)
            module.register_configure_hook(self._variable, True)
            self._hooks = module._configure_hooks
        except Exception:  # noqa: BLE001 - the host runs on untraced
            report_failure("the callback handler could not be registered")

    def undo(self) -> None:
        """Take the handler out."""
        self._undone = True
        if self._hooks is not None:
            self._hooks[:] = [hook for hook in self._hooks if hook[0] is not self._variable]
        if self._handler is not None:
            self._handler.live = False


def register(tracer: Tracer, runs: Runs, **options: bool) -> Callable[[], None]:
    """Register a handler once the library's tracing is imported; return what undoes it."""
    registration = _Registration(tracer, runs, options)
    wrapt.register_post_import_hook(registration.imported, _MODULE)
    return registration.undo
