"""How each tracer is turned on: content recorded, its own batching, and an exporter that counts.

Each is told of a provider of its own, not the global one: anthropic 2 traces itself as soon as a
global provider exists, and that cost is nobody's here. Imported in every peer's environment.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Sequence
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

Flush = Callable[[], object]


class CountingExporter(SpanExporter):
    """Takes spans and keeps nothing but how many there were and what the last one held."""

    def __init__(self) -> None:
        self.spans = 0
        self.last: ReadableSpan | None = None

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.spans += len(spans)
        self.last = spans[-1]
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        return

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return True


def _ours(exporter: SpanExporter) -> Flush:
    catalyst_sdk = importlib.import_module("catalyst_sdk")
    handle = catalyst_sdk.init(
        "bench",
        exporters=[exporter],
        set_global=False,
        instrument=["openai", "anthropic"],
    )
    return handle.flush


def _bare_span(exporter: SpanExporter) -> Flush:
    """Give the least one can do: OpenTelemetry's span with ten attributes around the request."""
    provider = _provider(exporter)
    tracer = provider.get_tracer("bench")
    attributes: dict[str, Any] = {f"attribute.{number}": f"value {number}" for number in range(10)}
    for package in ("openai", "anthropic"):
        client = importlib.import_module(f"{package}._base_client").SyncAPIClient
        _wrap(client, tracer, attributes)
    return provider.force_flush


def _wrap(client: Any, tracer: Any, attributes: dict[str, Any]) -> None:
    wrapped = client.request

    def request(*args: Any, **kwargs: Any) -> Any:
        with tracer.start_as_current_span("request", attributes=attributes):
            return wrapped(*args, **kwargs)

    client.request = request


def _catalyst_tracing(exporter: SpanExporter) -> Flush:
    provider = _provider(exporter)
    for name in ("openai", "anthropic"):
        installers = importlib.import_module(f"catalyst_tracing.installers.{name}")
        getattr(installers, f"install_{name}")(provider)
    return provider.force_flush


def _openinference(exporter: SpanExporter) -> Flush:
    return _by_instrumentors("openinference.instrumentation", exporter)


def _openllmetry(exporter: SpanExporter) -> Flush:
    os.environ["TRACELOOP_TRACE_CONTENT"] = "true"
    return _by_instrumentors("opentelemetry.instrumentation", exporter)


def _by_instrumentors(package: str, exporter: SpanExporter) -> Flush:
    provider = _provider(exporter)
    for module, name in (("openai", "OpenAIInstrumentor"), ("anthropic", "AnthropicInstrumentor")):
        instrumentor = getattr(importlib.import_module(f"{package}.{module}"), name)
        instrumentor().instrument(tracer_provider=provider)
    return provider.force_flush


def _logfire(exporter: SpanExporter) -> Flush:
    logfire = importlib.import_module("logfire")
    own = logfire.configure(
        local=True,
        send_to_logfire=False,
        console=False,
        metrics=False,
        inspect_arguments=False,
        additional_span_processors=[BatchSpanProcessor(exporter)],
    )
    own.instrument_openai()
    own.instrument_anthropic()
    return own.force_flush


def _langfuse(exporter: SpanExporter) -> Flush:
    langfuse = importlib.import_module("langfuse")
    client = langfuse.Langfuse(
        public_key="pk-lf-bench",
        secret_key="sk-lf-bench",
        base_url="http://127.0.0.1:9",
        span_exporter=exporter,
        tracer_provider=TracerProvider(),
    )
    importlib.import_module("langfuse.openai")
    return client.flush


def _provider(exporter: SpanExporter) -> TracerProvider:
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


SETUPS: dict[str, Callable[[SpanExporter], Any]] = {
    "ours": _ours,
    "bare span": _bare_span,
    "catalyst-tracing": _catalyst_tracing,
    "openinference": _openinference,
    "langfuse": _langfuse,
    "logfire": _logfire,
    "openllmetry": _openllmetry,
}
