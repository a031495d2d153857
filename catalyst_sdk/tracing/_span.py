"""The span a person works with: an OpenTelemetry span and what agents need besides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from opentelemetry import trace
from opentelemetry.trace import Span, SpanContext, Status, StatusCode
from opentelemetry.util.types import Attributes

from catalyst_sdk import semconv
from catalyst_sdk.tracing._active import capturing
from catalyst_sdk.tracing._boundary import guarded
from catalyst_sdk.tracing._encode import content, encode_json
from catalyst_sdk.tracing._exceptions import record_failure
from catalyst_sdk.tracing._plain import readable
from catalyst_sdk.tracing._usage import usage_attributes

_SCALARS = (bool, int, float)


class TracedSpan(Span):
    """An OpenTelemetry span with what agents need besides. Nothing here ever raises."""

    def __init__(self, span: Span) -> None:
        self.otel = span
        """The span itself, as OpenTelemetry made it."""

    @guarded
    def set_input(self, value: object) -> None:
        """Record what came in: text as it is, anything else as JSON, bounded."""
        if capturing() and self.otel.is_recording():
            self.otel.set_attributes(content(semconv.INPUT_VALUE, value))

    @guarded
    def set_output(self, value: object) -> None:
        """Record what went out: text as it is, anything else as JSON, bounded."""
        if capturing() and self.otel.is_recording():
            self.otel.set_attributes(content(semconv.OUTPUT_VALUE, value))

    @guarded
    def record_usage(self, usage: object) -> None:
        """Record the tokens told by an OpenAI or Anthropic usage object, a response, or a dict.

        The prompt's count includes cached tokens, always.
        """
        if self.otel.is_recording():
            self.otel.set_attributes(usage_attributes(usage))

    @guarded
    def set_attributes(self, attributes: Mapping[str, Any]) -> None:
        """Set several attributes; None is dropped, nested values become JSON."""
        if self.otel.is_recording():
            self.otel.set_attributes(clean(attributes))

    def set_attribute(self, key: str, value: Any) -> None:
        """Set one attribute; None is dropped, nested values become JSON."""
        self.set_attributes({key: value})

    @guarded
    def record_exception(
        self,
        exception: BaseException,
        attributes: Mapping[str, Any] | None = None,
        timestamp: int | None = None,
        escaped: bool = False,
    ) -> None:
        """Record *exception* as an event, and the status ERROR."""
        if self.otel.is_recording():
            more = clean(attributes or {})
            record_failure(
                self.otel, exception, escaped=escaped, attributes=more, timestamp=timestamp
            )

    @guarded
    def add_event(
        self, name: str, attributes: Mapping[str, Any] | None = None, timestamp: int | None = None
    ) -> None:
        """Record that something happened now, or at *timestamp* (ns since the epoch)."""
        if self.otel.is_recording():
            self.otel.add_event(name, clean(attributes or {}), timestamp)

    @guarded
    def link(self, to: Span | SpanContext, attributes: Mapping[str, Any] | None = None) -> None:
        """Point to a span elsewhere."""
        context = to if isinstance(to, SpanContext) else to.get_span_context()
        if self.otel.is_recording():
            self.otel.add_link(context, clean(attributes or {}))

    def add_link(self, context: SpanContext, attributes: Attributes = None) -> None:
        """Point to a span elsewhere, under OpenTelemetry's name."""
        self.link(context, attributes)

    @guarded
    def update_name(self, name: str) -> None:
        """Give the span another name."""
        if self.otel.is_recording():
            self.otel.update_name(name)

    @guarded
    def set_status(self, status: Status | StatusCode, description: str | None = None) -> None:
        """Set the status: `StatusCode.OK` or `StatusCode.ERROR` with a description."""
        if self.otel.is_recording():
            self.otel.set_status(status, description)

    @guarded
    def end(self, end_time: int | None = None) -> None:
        """End the span now, or at *end_time* (ns since the epoch); once."""
        if self.otel.is_recording():
            self.otel.end(end_time)

    def get_span_context(self) -> SpanContext:
        """Give the span's ids."""
        return self.otel.get_span_context()

    def is_recording(self) -> bool:
        """Tell whether the span still takes attributes: sampled, and not ended."""
        return self.otel.is_recording()

    @property
    def trace_id(self) -> str:
        """32 hex digits."""
        return trace.format_trace_id(self.otel.get_span_context().trace_id)

    @property
    def span_id(self) -> str:
        """16 hex digits."""
        return trace.format_span_id(self.otel.get_span_context().span_id)


def current_span() -> TracedSpan:
    """Give the span that is current here; one that records nothing when there is none."""
    return TracedSpan(trace.get_current_span())


def clean(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Give attributes OpenTelemetry takes: None is dropped, nested values become JSON."""
    return {readable(str(k)): _clean_value(v) for k, v in attributes.items() if v is not None}


def _clean_value(value: Any) -> Any:
    if isinstance(value, str):
        return readable(value)
    if type(value) in _SCALARS:
        return value if type(value) is not int or value.bit_length() < 64 else str(value)
    if isinstance(value, list | tuple):
        items = cast("list[Any] | tuple[Any, ...]", value)
        kinds: set[type[Any]] = {type(item) for item in items}
        if len(kinds) <= 1 and kinds <= {str, *_SCALARS}:
            return [_clean_value(item) for item in items]
    return encode_json(cast("object", value))
