"""One span under way: started, made current, and ended exactly once with how it went."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from opentelemetry.context import Context, get_current
from opentelemetry.trace import INVALID_SPAN, Span, set_span_in_context

from catalyst_sdk import hooks, semconv
from catalyst_sdk.tracing._active import capturing, current_tracer
from catalyst_sdk.tracing._boundary import report_failure
from catalyst_sdk.tracing._context import Attached
from catalyst_sdk.tracing._encode import content
from catalyst_sdk.tracing._exceptions import is_failure, record_failure
from catalyst_sdk.tracing._identity import Identity, with_identity

INTERRUPTED = "catalyst.interrupted"
"""True on a span that had not ended when its process did."""

_MOST_REMEMBERED = 10_000
_under_way: dict[int, OpenSpan] = {}


def end_open_spans() -> None:
    """End what is still under way: the process is about to end."""
    while _under_way:
        try:
            opened = _under_way.popitem()[1]
        except KeyError:  # the last one ended by itself
            return
        opened.interrupted()


def _in_child() -> None:
    _under_way.clear()  # the parent's


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)


class OpenSpan:
    """A started span and the context below it; every method is safe in the host's call."""

    __slots__ = ("_attached", "context", "span")

    def __init__(self, span: Span, context: Context) -> None:
        self.span = span
        self.context = context
        self._attached: Attached | None = None
        if len(_under_way) < _MOST_REMEMBERED and span.is_recording():
            _under_way[id(self)] = self

    def enter(self) -> None:
        """Make the span current until it is ended, or left."""
        self._attached = Attached(self.context)

    def leave(self) -> None:
        """Make current what was current before: the work is done."""
        _under_way.pop(id(self), None)
        if self._attached is not None:
            self._attached.leave()
            self._attached = None

    def returned(self, value: object, capture: bool) -> None:
        """End the span of a call that returned *value*."""
        try:
            self.leave()
            if self.span.is_recording():
                if capture and capturing():
                    self.set_output(content(semconv.OUTPUT_VALUE, value))
                self.span.end()
        except Exception:  # noqa: BLE001 - the host's call succeeded and stays so
            report_failure("ending a span failed")

    def raised(self, error: BaseException) -> None:
        """End the span of a call that raised *error*."""
        try:
            self.leave()
            if self.span.is_recording():
                if is_failure(error):
                    record_failure(self.span, error)
                self.span.end()
        except Exception:  # noqa: BLE001 - the host gets its own exception, not ours
            report_failure("ending a span failed")

    def end(self, at_ns: int | None = None) -> None:
        """End the span with no more to say."""
        try:
            self.leave()
            if self.span.is_recording():
                self.span.end(at_ns)
        except Exception:  # noqa: BLE001 - the host's call goes on
            report_failure("ending a span failed")

    def interrupted(self) -> None:
        """End the span of something the end of the process cuts short."""
        try:
            if self.span.is_recording():
                self.span.set_attribute(INTERRUPTED, True)
                self.span.end()
        except Exception:  # noqa: BLE001 - the process ends and must get there
            report_failure("ending a span failed")

    def set_output(self, output: dict[str, str]) -> None:
        """Set the captured output, unless the program set one itself."""
        given: Mapping[str, Any] = getattr(self.span, "attributes", None) or {}
        if semconv.OUTPUT_VALUE not in given:
            self.span.set_attributes(output)


def open_span(
    name: str,
    attributes: Mapping[str, Any],
    identity: Identity | None = None,
    arguments: object = None,
) -> OpenSpan:
    """Start a span, not yet current; one that records nothing when that fails.

    *arguments* is captured as its input, None for none. Raises nothing but `StopAgent`.
    """
    hooks.check_stop()
    try:
        context = None if identity is None else with_identity(None, identity)
        span = current_tracer().start_span(name, context, attributes=attributes)
        if arguments is not None and capturing() and span.is_recording():
            span.set_attributes(content(semconv.INPUT_VALUE, arguments))
        return OpenSpan(span, set_span_in_context(span, context))
    except Exception:  # noqa: BLE001 - the host's call goes on untraced
        report_failure("starting a span failed")
        return OpenSpan(INVALID_SPAN, Context(get_current()))
