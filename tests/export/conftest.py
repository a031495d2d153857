from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from export.backend import Backend, Script


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

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return True

    @property
    def names(self) -> list[str]:
        return [span.name for span in self.spans]


@pytest.fixture
def collecting() -> Collecting:
    return Collecting()


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


@pytest.fixture
def make_span(make_spans: MakeSpans) -> Callable[..., ReadableSpan]:
    """Makes one span with exactly these attributes besides its kind."""

    def make(kind: str = "TOOL", **attributes: Any) -> ReadableSpan:
        named = {name.replace("__", "."): value for name, value in attributes.items()}
        return make_spans(1, **{"openinference.span.kind": kind, **named})[0]

    return make


@pytest.fixture
def start_backend() -> Iterator[Callable[..., Backend]]:
    started: list[Backend] = []

    def start(script: Script | None = None, port: int = 0) -> Backend:
        started.append(Backend(script, port))
        return started[-1]

    yield start
    for backend in started:
        backend.close()


@pytest.fixture
def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]
