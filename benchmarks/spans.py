"""Our own spans beside a bare one of OpenTelemetry with ten attributes, in microseconds."""

from __future__ import annotations

import time
from collections.abc import Callable

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

import catalyst_sdk
from benchmarks._options import Options
from benchmarks._table import Row
from benchmarks.setups import CountingExporter

TITLE = "a span of one's own"
NOTE = (
    "CPU of the caller's thread in a tight loop, 10th percentile of interleaved blocks. The bare "
    "span is OpenTelemetry's with ten attributes, through its own batch processor; identity, "
    "arguments and result of ours come on top."
)
_BARE = "bare OpenTelemetry span"


def run(options: Options) -> list[Row]:
    """Measure a few forms against the bare span."""
    blocks, count = (2, 5) if options.quick else (80, 100)
    bare = _bare()
    with catalyst_sdk.init(
        "bench", exporters=[CountingExporter()], set_global=False, instrument=False
    ):
        cases = {"bare": bare, **_ours()}
        found = {name: [_timed(call, count)] for name, call in cases.items()}
        for _ in range(blocks):
            for name, call in cases.items():
                found[name].append(_timed(call, count))
    least = {name: sorted(values)[len(values) // 10] for name, values in found.items()}
    beside = least.pop("bare")
    return [Row(name, "µs", value, {_BARE: beside}) for name, value in least.items()]


def _timed(call: Callable[[], None], count: int) -> float:
    started = time.thread_time_ns()
    for _ in range(count):
        call()
    return (time.thread_time_ns() - started) / 1000 / count


def _bare() -> Callable[[], None]:
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(CountingExporter()))
    tracer = provider.get_tracer("bench")
    attributes = {f"attribute.{number}": f"value {number}" for number in range(10)}

    def call() -> None:
        with tracer.start_as_current_span("bare", attributes=attributes):
            pass

    return call


def _ours() -> dict[str, Callable[[], None]]:
    @catalyst_sdk.trace_span
    def decorated(order: int, note: str) -> dict[str, int]:
        return {"order": order, "length": len(note)}

    @catalyst_sdk.trace_span(capture_input=False, capture_output=False)
    def without_content(order: int, note: str) -> dict[str, int]:
        return {"order": order, "length": len(note)}

    def block() -> None:
        with catalyst_sdk.trace_span("block", kind="TOOL") as span:
            span.set_attributes({"attribute.1": "value 1", "attribute.2": 2})

    def agent() -> None:
        with catalyst_sdk.agent_span("Agent", agent_id="agent", session_id="session"):
            pass

    return {
        "@trace_span, arguments and result recorded": lambda: void(decorated(4711, "held")),
        "@trace_span, nothing recorded": lambda: void(without_content(4711, "held")),
        "with trace_span, 2 attributes": block,
        "with agent_span": agent,
    }


def void(_: object) -> None:
    """Drop a value."""
