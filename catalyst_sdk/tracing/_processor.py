"""What happens to each span in process: identity at its start; hooks and exporters at its end."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider

from catalyst_sdk.findings import Finding
from catalyst_sdk.tracing._boundary import report_failure
from catalyst_sdk.tracing._findings import with_findings
from catalyst_sdk.tracing._identity import Identity, identity_in

_TRACE_ID_LIMIT = 1 << 64
_forked_ns = 0
"""When this process was forked. What started before is the parent's to export …"""
_backdated: set[int] = set()
"""… but for the spans this process gave an earlier start, by id."""


class IdentityProcessor(SpanProcessor):
    """Sets the identity of the context, over *default*, on every span that starts.

    Attributes given by whoever started the span stand.
    """

    def __init__(self, default: Identity | None = None) -> None:
        self._default: dict[str, Any] = dict(default or {})

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Set the identity attributes."""
        inner = identity_in(parent_context)
        identity = {**self._default, **inner} if inner else self._default
        if not identity:
            return
        given = span.attributes
        if given:
            identity = {key: value for key, value in identity.items() if key not in given}
        span.set_attributes(identity)


class Pipeline(SpanProcessor):
    """All that one `init` adds to a provider. Whatever fails in it stays in it."""

    def __init__(
        self,
        identity: Identity,
        exporting: Sequence[SpanProcessor],
        *,
        analyse: Callable[[ReadableSpan], list[Finding]] | None = None,
        sample_rate: float | None = None,
    ) -> None:
        self._identity = IdentityProcessor(identity)
        self._exporting = tuple(exporting)
        self._analyse = analyse
        # As TraceIdRatioBased does it: all spans of a trace fall on the same side.
        self._bound = None if sample_rate is None else round(sample_rate * _TRACE_ID_LIMIT)

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Set the identity."""
        try:
            if (span.start_time or 0) < _forked_ns:
                _backdated.add(span.get_span_context().span_id)
            self._identity.on_start(span, parent_context)
        except Exception:  # noqa: BLE001 - called within the host's call
            report_failure("setting the identity of a span failed")

    def on_end(self, span: ReadableSpan) -> None:
        """Run the hooks, then queue the span for each exporter."""
        if self._is_the_parents(span) or not self._sampled(span):
            return
        if self._analyse is not None and (findings := self._analyse(span)):
            span = with_findings(span, findings)
        for processor in self._exporting:
            try:
                processor.on_end(span)
            except Exception:  # noqa: BLE001 - called within the host's call
                report_failure(f"{type(processor).__name__} failed at the end of a span")

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Export what has ended; False when some exporter could not in time."""
        done = True
        for processor in self._exporting:
            try:
                done = processor.force_flush(timeout_millis) is not False and done
            except Exception:  # noqa: BLE001 - flush answers False, it does not raise
                report_failure(f"{type(processor).__name__} failed to flush")
                done = False
        return done

    def shutdown(self) -> None:
        """Export what has ended, and close."""
        for processor in self._exporting:
            try:
                processor.shutdown()
            except Exception:  # noqa: BLE001 - the host is going down and must get there
                report_failure(f"{type(processor).__name__} failed to shut down")

    @staticmethod
    def _is_the_parents(span: ReadableSpan) -> bool:
        if (span.start_time or 0) >= _forked_ns or span.context is None:
            return False
        ours = span.context.span_id in _backdated
        _backdated.discard(span.context.span_id)
        return not ours

    def _sampled(self, span: ReadableSpan) -> bool:
        bound, context = self._bound, span.context
        return bound is None or context is None or context.trace_id % _TRACE_ID_LIMIT < bound


class Switch(SpanProcessor):
    """Our one processor on a provider: OpenTelemetry cannot remove one, so this is turned off."""

    pipeline: Pipeline | None = None

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Pass on."""
        if (pipeline := self.pipeline) is not None:
            pipeline.on_start(span, parent_context)

    def on_end(self, span: ReadableSpan) -> None:
        """Pass on."""
        if (pipeline := self.pipeline) is not None:
            pipeline.on_end(span)

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Pass on."""
        return (pipeline := self.pipeline) is None or pipeline.force_flush(timeout_millis)

    def shutdown(self) -> None:
        """Pass on."""
        if (pipeline := self.pipeline) is not None:
            pipeline.shutdown()


def _in_child() -> None:
    global _forked_ns
    _forked_ns = time.time_ns()
    _backdated.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)


_switches: WeakKeyDictionary[TracerProvider, Switch] = WeakKeyDictionary()


def switch_of(provider: TracerProvider) -> Switch:
    """Give our processor on *provider*, added at the first call."""
    switch = _switches.get(provider)
    if switch is None:
        switch = _switches[provider] = Switch()
        provider.add_span_processor(switch)
    return switch
