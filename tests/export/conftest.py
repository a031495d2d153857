from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult


class Ended(SpanProcessor):
    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []

    def on_end(self, span: ReadableSpan) -> None:
        self.spans.append(span)


class Collecting(SpanExporter):
    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []
        self.batches: list[int] = []

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.spans.extend(spans)
        self.batches.append(len(spans))
        return SpanExportResult.SUCCESS


MakeSpans = Callable[..., list[ReadableSpan]]


@pytest.fixture
def make_spans() -> MakeSpans:
    """Makes one trace of real ended spans: *count* children, then their AGENT root."""

    def make(count: int = 1, **attributes: Any) -> list[ReadableSpan]:
        ended = Ended()
        provider = TracerProvider(resource=Resource({"service.name": "shop"}))
        provider.add_span_processor(ended)
        tracer = provider.get_tracer("tests", "1.2")
        with tracer.start_as_current_span("agent") as root:
            root.set_attribute("openinference.span.kind", "AGENT")
            for number in range(count):
                with tracer.start_as_current_span(f"step {number}") as span:
                    span.set_attributes({"openinference.span.kind": "TOOL", **attributes})
        provider.shutdown()
        return ended.spans

    return make
