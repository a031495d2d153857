"""One run, as the library reports it by callbacks: its span, and the context below it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from opentelemetry import context as otel
from opentelemetry.context import Context
from opentelemetry.trace import Span, StatusCode, Tracer, set_span_in_context

from catalyst_sdk import semconv
from catalyst_sdk.instrumentation._boundary import report_failure
from catalyst_sdk.instrumentation.langchain_callbacks._failure import is_control_flow, said
from catalyst_sdk.tracing import TracedSpan

INTERRUPTED = "catalyst.interrupted"
"""True on a span that had not ended when its process did."""

_KEY = otel.create_key("catalyst-callback-run")

Ended = Callable[["Run"], bool]
"""Takes a run off the list of those open; False when it had been taken already."""


class Run:
    """A run under way. The context below it leads to it and to those it runs in."""

    __slots__ = (
        "_ended",
        "above",
        "context",
        "failed_below",
        "graph",
        "handed_over_below",
        "run_id",
        "span",
    )

    def __init__(
        self,
        run_id: UUID,
        span: Span,
        below: Context,
        above: Run | None,
        *,
        ended: Ended,
        graph: bool = False,
    ) -> None:
        self.run_id = run_id
        self.span = span
        self.above = above
        self.graph = graph
        self.context = otel.set_value(_KEY, self, below)
        self.failed_below = ""
        """What a run inside raised, in words: it is told in full there."""
        self.handed_over_below = ""
        """Whom a run inside handed over to: it is told there."""
        self._ended = ended

    def end(self, write: Callable[[], None] | None = None) -> None:
        """End the span once, after *write* has filled it in."""
        if not self._ended(self):
            return
        try:
            if write is not None and self.span.is_recording():
                write()
        except Exception:  # noqa: BLE001 - the library's call goes on without these attributes
            report_failure("a span could not be filled in")
        try:
            self.span.end()
        except Exception:  # noqa: BLE001 - a span processor of the host's raised
            report_failure("a span could not be ended")

    def fail(self, error: BaseException) -> None:
        """End the span with what the run raised."""
        self.end(lambda: self._write_error(error))
        self.tell_above(error)

    def tell_above(self, error: BaseException) -> None:
        """Spare the runs around this one the whole story of *error*."""
        if self.above is not None:
            self.above.failed_below = said(error)

    def abandoned(self, error: BaseException) -> None:
        """End the span, if it has not, of a call that *error* left."""
        self.fail(error)

    def interrupted(self) -> None:
        """The process ends."""
        self.end(lambda: self.span.set_attribute(INTERRUPTED, True))

    def dropped(self) -> None:
        """Nobody will end it any more."""
        self.interrupted()

    def disown(self) -> None:
        """The run is one of the process this one was forked from."""
        self._ended(self)

    def _write_error(self, error: BaseException) -> None:
        if is_control_flow(error):
            return
        words = said(error)
        if words == self.failed_below:
            self.span.set_attribute("error.type", type(error).__name__)
            self.span.set_status(StatusCode.ERROR, words)
        else:
            TracedSpan(self.span).record_exception(error)


def start_span(
    tracer: Tracer, name: str, kind: str, context: Context, attributes: Mapping[str, Any]
) -> tuple[Span, Context]:
    """Start a span in *context*; the context with it as the current one."""
    span = tracer.start_span(name, context, attributes={**attributes, semconv.SPAN_KIND: kind})
    return span, set_span_in_context(span, context)


def innermost_run(context: Context | None = None) -> Run | None:
    """The run *context* (None: the current one) is in."""
    return otel.get_value(_KEY, context)  # pyright: ignore[reportReturnType] - only we write it


def is_in(run: Run, context: Context) -> bool:
    """Tell whether *context* is in *run*, or in a run inside it."""
    inner = innermost_run(context)
    while inner is not None:
        if inner is run:
            return True
        inner = inner.above
    return False
