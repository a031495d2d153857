"""Analysis in the traced process: hooks on span end, what they find, and stopping an agent.

A hook is called on the thread that ends the span, so it must be quick. What it raises is logged
once and goes no further. What it returns goes to the callbacks of `on_finding`.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Protocol

from opentelemetry import trace

from catalyst_sdk.errors import CatalystError
from catalyst_sdk.findings import Finding

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

__all__ = ["Hook", "HookRunner", "StopAgent", "check_stop", "on_finding", "request_stop"]

_log = logging.getLogger(__name__)
_MOST_STOPS = 1000


class Hook(Protocol):
    """Looks at each span as it ends."""

    def __call__(self, span: ReadableSpan, /) -> Finding | Iterable[Finding] | None:
        """Give what is wrong, None when nothing is."""
        ...


class StopAgent(CatalystError):
    """A hook asked that this trace go no further; raised at its next instrumented call."""

    code = "stopped"

    def __init__(self, reason: str, finding: Finding | None = None) -> None:
        super().__init__(reason, hint="Raised because a hook was allowed to stop the agent.")
        self.finding = finding


# No locks: a span may end inside the garbage collector or a signal handler.
_callbacks: list[Callable[[Finding], object]] = []
_stops: dict[int, StopAgent] = {}


def on_finding(callback: Callable[[Finding], object]) -> Callable[[], None]:
    """Have *callback* called with each finding of a hook; returns what undoes it."""
    _callbacks.append(callback)

    def undo() -> None:
        with contextlib.suppress(ValueError):  # undone before
            _callbacks.remove(callback)

    return undo


def request_stop(trace_id: int, reason: str, finding: Finding | None = None) -> None:
    """Have `StopAgent` raised at each further instrumented call of the trace, until it ends."""
    while len(_stops) >= _MOST_STOPS:
        _stops.pop(next(iter(_stops)), None)
    _stops[trace_id] = StopAgent(reason, finding)


def check_stop() -> None:
    """Raise `StopAgent` if a hook asked that the current trace stop; else cost nothing."""
    if not _stops:
        return
    stop = _stops.get(trace.get_current_span().get_span_context().trace_id)
    if stop is not None:
        raise StopAgent(stop.message, stop.finding)


class HookRunner:
    """Runs *hooks* on a span that ended, each isolated from the others and from the host."""

    def __init__(self, hooks: Iterable[Hook]) -> None:
        self._hooks = tuple(hooks)
        self._reported: set[str] = set()

    def __call__(self, span: ReadableSpan) -> list[Finding]:
        """Give what the hooks found, after telling it to the callbacks of `on_finding`."""
        found: list[Finding] = []
        for hook in self._hooks:
            try:
                found.extend(_listed(hook(span)))
            except Exception:  # noqa: BLE001 - a hook is not part of the host's call
                self._report(f"hook {_name(hook)} failed")
        for finding in found:
            self._tell(finding)
        if span.parent is None and span.context is not None and _stops:
            _stops.pop(span.context.trace_id, None)
        return found

    def _tell(self, finding: Finding) -> None:
        for callback in tuple(_callbacks):
            try:
                callback(finding)
            except Exception:  # noqa: BLE001 - a callback is not part of the host's call
                self._report(f"callback {_name(callback)} of on_finding failed")

    def _report(self, cause: str) -> None:
        if cause not in self._reported:
            self._reported.add(cause)
            _log.warning("%s; the traced program goes on", cause, exc_info=True)


def _listed(found: Finding | Iterable[Finding] | None) -> Iterable[Finding]:
    if found is None:
        return ()
    return (found,) if isinstance(found, Finding) else found


def _name(function: object) -> str:
    return getattr(function, "__qualname__", type(function).__qualname__)
