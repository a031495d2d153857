"""Spans a second of one exporter's own work, in a fresh process: `… jsonl_worker NAME SPANS`."""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter

from benchmarks.calls import chat

_BATCH = 500
_REPEATS = 15

Export = Callable[[Sequence[ReadableSpan]], object]


def _ours(path: str) -> Export:
    return importlib.import_module("catalyst_sdk.export").JsonlSpanExporter(path).export


def _console(path: str) -> Export:
    out = open(path, "w")  # noqa: SIM115 - for as long as the process lives

    def formatter(span: ReadableSpan) -> str:
        return span.to_json(indent=None) + os.linesep

    return ConsoleSpanExporter(out=out, formatter=formatter).export


def _catalyst_tracing(path: str) -> Export:
    """Its only exporter sends OTLP/JSON: the body is made, and written here instead of sent."""
    exporter = importlib.import_module("catalyst_tracing.exporter")
    out = open(path, "wb")  # noqa: SIM115 - for as long as the process lives

    class Answer:
        status_code = 200

    def post(*_: object, data: bytes, **__: object) -> Answer:
        out.write(data)
        return Answer()

    exporter.requests.post = post
    return exporter.OTLPJsonHttpSpanExporter(endpoint="http://provider.test").export


EXPORTERS: dict[str, Callable[[str], Export]] = {
    "ours": _ours,
    "OpenTelemetry console": _console,
    "catalyst-tracing": _catalyst_tracing,
}


def _spans(attributes: dict[str, Any], count: int) -> list[ReadableSpan]:
    tracer = TracerProvider().get_tracer("bench")
    made: list[Any] = []
    for _ in range(count):
        span = tracer.start_span("get_order", attributes=attributes)
        span.end()
        made.append(span)
    return made


def _small() -> dict[str, Any]:
    return {
        "openinference.span.kind": "TOOL",
        "tool.name": "get_order",
        "agent.id": "refunds",
        "agent.name": "Refunds",
        "session.id": "session-1",
        "input.value": '{"order":4711}',
        "output.value": '{"state":"held","depot":"Lyon"}',
    }


def _large() -> dict[str, Any]:
    return {
        **_small(),
        "openinference.span.kind": "LLM",
        "llm.model_name": "gpt-5-mini",
        "llm.token_count.prompt": 2400,
        "llm.token_count.completion": 80,
        "llm.input_messages": json.dumps(chat(20, 10_000)),
        "llm.output_messages": json.dumps(chat(1)),
    }


def measure(name: str, path: str, count: int) -> dict[str, float]:
    """Give microseconds of CPU a span, for small spans and for model calls of 10 KB."""
    export = EXPORTERS[name](path)
    found: dict[str, float] = {}
    for kind, attributes in (("small", _small()), ("large", _large())):
        spans = _spans(attributes, min(count, _BATCH))
        times: list[float] = []
        gc.collect()
        for _ in range(_REPEATS * max(1, count // _BATCH)):
            started = time.process_time_ns()
            export(spans)
            times.append((time.process_time_ns() - started) / 1000 / len(spans))
            os.truncate(path, 0)
        found[kind] = sorted(times)[len(times) // 10]
        found[f"{kind}, median"] = sorted(times)[len(times) // 2]
    return found


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
