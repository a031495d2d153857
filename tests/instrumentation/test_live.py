from __future__ import annotations

import gc
import os
import sys
import threading

import pytest

from catalyst_sdk import semconv
from catalyst_sdk.instrumentation.llm import (
    Answer,
    ModelCall,
    Request,
    StreamWatch,
    end_open_calls,
)
from catalyst_sdk.instrumentation.testing import SpanCollector, attributes_of


class Handle:
    """What a program holds of a stream."""


class Silent:
    """A reader of nothing."""

    finished = False

    def __call__(self, chunk: object, /) -> None: ...

    def answer(self) -> Answer:
        return Answer()


def _watch(spans: SpanCollector, handle: Handle) -> StreamWatch:
    tracer = spans.provider.get_tracer("catalyst_integrations.test")
    watch = StreamWatch(ModelCall(tracer, Request(operation="chat", streaming=True)), Silent())
    watch.open(handle)
    return watch


def test_whichever_end_comes_first_counts_once(spans: SpanCollector) -> None:
    handle = Handle()
    watch = _watch(spans, handle)
    watch.closed()
    watch.completed()
    watch.failed(ValueError("late"))
    del handle
    end_open_calls()
    assert attributes_of(spans.only())[semconv.LLM_STREAM_OUTCOME] == "aborted"


def test_ends_raced_by_many_threads_count_once(spans: SpanCollector) -> None:
    for _ in range(20):
        handle = Handle()
        watch = _watch(spans, handle)
        together = threading.Barrier(4)

        def end(watch: StreamWatch = watch, together: threading.Barrier = together) -> None:
            together.wait()
            watch.completed()

        threads = [threading.Thread(target=end) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(spans.settled()) == 20


def test_a_stream_dropped_in_the_collector_ends_outside_of_it(spans: SpanCollector) -> None:
    """A span processor's lock may be held by the very code the collector interrupts."""
    handle = Handle()
    handle.cycle = handle  # type: ignore[attr-defined]
    _watch(spans, handle)
    lock = threading.Lock()
    ended = threading.Event()

    class Locking:
        def on_end(self, span: object) -> None:
            with lock:
                ended.set()

    spans.on_end = Locking().on_end  # type: ignore[method-assign]
    with lock:
        del handle
        gc.collect()
    assert ended.wait(10)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_leaves_the_parents_streams_alone(spans: SpanCollector) -> None:
    handle, of_child = Handle(), Handle()
    _watch(spans, handle)
    child = os.fork()
    if child == 0:
        _watch(spans, of_child)
        end_open_calls()
        os._exit(len(spans.ended))
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 1
    end_open_calls()
    assert len(spans.ended) == 1


def test_what_is_open_at_exit_is_exported() -> None:
    import subprocess

    code = (
        "from opentelemetry.sdk.trace import TracerProvider\n"
        "from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter\n"
        "from catalyst_sdk.instrumentation.llm import *\n"
        "provider = TracerProvider()\n"
        "provider.add_span_processor(BatchSpanProcessor(ConsoleSpanExporter()))\n"
        "class R:\n"
        "    finished = False\n"
        "    def __call__(self, chunk): ...\n"
        "    def answer(self): return Answer()\n"
        "class H: ...\n"
        "handle = H()\n"
        "call = ModelCall(provider.get_tracer('t'), Request(operation='left open'))\n"
        "StreamWatch(call, R()).open(handle)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert b'"left open"' in done.stdout
