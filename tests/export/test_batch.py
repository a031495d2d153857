from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.context import get_value
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from catalyst_sdk.errors import ConfigError
from catalyst_sdk.export import BatchProcessor, ContentPolicy
from export.conftest import Collecting


class Held(Collecting):
    """Keeps the export thread until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.entered = threading.Event()
        self.let_go = threading.Event()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.entered.set()
        assert self.let_go.wait(60)
        return super().export(spans)


class Broken(SpanExporter):
    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        raise RuntimeError("no such backend")


def end(processor: BatchProcessor, spans: Sequence[ReadableSpan]) -> None:
    for span in spans:
        processor.on_end(span)


def test_spans_are_exported_in_the_order_they_ended(collecting: Any, make_spans: Any) -> None:
    processor = BatchProcessor(collecting)
    end(processor, make_spans(20) + make_spans(2))
    assert processor.force_flush()
    assert collecting.names == [
        *(f"step {n}" for n in range(20)), "agent", "step 0", "step 1", "agent",
    ]  # fmt: skip
    processor.shutdown()


def test_batches_are_bounded_in_number_and_bytes(collecting: Any, make_spans: Any) -> None:
    few = BatchProcessor(collecting, max_batch_spans=4)
    end(few, make_spans(9))
    few.force_flush()
    assert max(collecting.batches) <= 4
    collecting.batches.clear()
    small = BatchProcessor(collecting, max_batch_bytes=25_000)
    end(small, make_spans(9, **{"input.value": "x" * 10_000}))
    small.force_flush()
    assert sum(collecting.batches) == 10
    assert max(collecting.batches) <= 3
    few.shutdown()
    small.shutdown()


def test_a_full_batch_does_not_wait_for_the_schedule(make_spans: Any) -> None:
    exporter = Held()
    processor = BatchProcessor(exporter, max_batch_spans=3, schedule_delay=3_600)
    end(processor, make_spans(4))
    assert exporter.entered.wait(30)
    exporter.let_go.set()
    processor.shutdown()
    assert len(exporter.spans) == 5


def test_when_full_details_give_way_to_roots_and_agents(make_spans: Any) -> None:
    exporter = Held()
    processor = BatchProcessor(exporter, max_queue_spans=6, max_batch_spans=100)
    end(processor, make_spans(0))
    processor._wake_up()
    assert exporter.entered.wait(30)  # the thread is busy: what ends now stays queued
    end(processor, make_spans(5))  # fills the queue
    end(processor, make_spans(3))  # details are refused, the root takes a detail's place
    assert processor.queued == 6
    assert processor.dropped == 4
    exporter.let_go.set()
    processor.shutdown()
    assert exporter.names == ["agent", "step 0", "step 1", "step 2", "step 3", "agent", "agent"]


def test_a_queue_full_of_identity_refuses_the_newest(make_spans: Any) -> None:
    exporter = Held()
    processor = BatchProcessor(exporter, max_queue_spans=2)
    end(processor, make_spans(0))
    processor._wake_up()
    assert exporter.entered.wait(30)
    for _ in range(5):
        end(processor, make_spans(0))
    assert (processor.queued, processor.dropped) == (2, 3)
    exporter.let_go.set()
    processor.shutdown()


def test_the_queue_is_bounded_in_bytes_too(make_spans: Any, caplog: Any) -> None:
    exporter = Held()
    processor = BatchProcessor(exporter, max_queue_bytes=50_000)
    end(processor, make_spans(0))
    processor._wake_up()
    assert exporter.entered.wait(30)
    end(processor, make_spans(50, **{"output.value": "y" * 9_000}))
    assert processor.queued == 5  # four details of 10 kB, and the root in a fifth's place
    assert processor.dropped == 46
    exporter.let_go.set()
    with caplog.at_level(logging.WARNING):
        processor.force_flush()
    assert [r.getMessage()[:40] for r in caplog.records] == [
        "Spans end faster than they can be export"
    ]
    processor.shutdown()


def test_a_span_larger_than_the_queue_is_exported_all_the_same(
    collecting: Any, make_spans: Any
) -> None:
    processor = BatchProcessor(collecting, max_queue_bytes=1_000)
    end(processor, make_spans(0, **{"output.value": "y" * 9_000}))
    assert processor.force_flush()
    assert collecting.names == ["agent"]
    processor.shutdown()


def test_an_exporter_that_raises_costs_one_line_and_its_spans(
    make_spans: Any, caplog: pytest.LogCaptureFixture
) -> None:
    processor = BatchProcessor(Broken())
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            end(processor, make_spans(1))
            assert not processor.force_flush()
    assert processor.dropped == 6
    assert [record.getMessage() for record in caplog.records] == [
        "Broken failed, spans dropped: RuntimeError: no such backend"
    ]
    processor.shutdown()


def test_the_policy_is_applied_to_copies(collecting: Any, make_spans: Any) -> None:
    processor = BatchProcessor(collecting, policy=ContentPolicy(redact="emails"))
    spans = make_spans(1, **{"input.value": "to bob@example.com"})
    end(processor, spans)
    processor.shutdown()
    assert collecting.spans[0].attributes["input.value"] == "to [redacted:emails]"
    assert spans[0].attributes["input.value"] == "to bob@example.com"


def test_exporting_is_not_itself_traced(make_spans: Any) -> None:
    suppressed: list[object] = []

    class Looking(Collecting):
        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            suppressed.append(get_value("suppress_instrumentation"))
            return super().export(spans)

    processor = BatchProcessor(Looking())
    end(processor, make_spans(0))
    processor.shutdown()
    assert suppressed == [True]


def test_spans_that_were_not_sampled_are_not_exported(collecting: Any) -> None:
    provider = TracerProvider(sampler=ALWAYS_OFF)
    processor = BatchProcessor(collecting)
    provider.add_span_processor(processor)
    provider.get_tracer("t").start_span("s").end()
    provider.shutdown()
    assert collecting.spans == []


def test_after_shutdown_spans_are_counted_and_dropped(collecting: Any, make_spans: Any) -> None:
    processor = BatchProcessor(collecting)
    end(processor, make_spans(1))
    processor.shutdown()
    processor.shutdown()
    end(processor, make_spans(1))
    assert len(collecting.spans) == 2
    assert processor.dropped == 2
    assert processor.force_flush()


def test_a_flush_from_the_exporter_does_not_wait_for_itself(make_spans: Any) -> None:
    answers: list[bool] = []

    class Flushing(Collecting):
        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            answers.append(processor.force_flush())
            return super().export(spans)

    processor = BatchProcessor(Flushing())
    end(processor, make_spans(0))
    processor.shutdown()
    assert answers == [False]


def test_a_flush_that_cannot_be_done_in_time_says_so(make_spans: Any) -> None:
    exporter = Held()
    processor = BatchProcessor(exporter)
    end(processor, make_spans(0))
    assert not processor.force_flush(50)
    exporter.let_go.set()
    assert processor.force_flush()
    processor.shutdown()


def test_shutdown_meets_its_deadline_and_counts_what_is_left(make_spans: Any) -> None:
    exporter = Held()
    processor = BatchProcessor(exporter)
    end(processor, make_spans(0))
    processor._wake_up()
    assert exporter.entered.wait(30)
    end(processor, make_spans(4))
    processor.shutdown(50)
    assert processor.dropped == 5
    exporter.let_go.set()


def test_what_is_left_at_the_deadline_goes_to_an_exporter_that_keeps_it(make_spans: Any) -> None:
    class Keeping(Held):
        deadline = float("inf")

        def finish_by(self, deadline: float) -> None:
            self.deadline = deadline

        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            if time.monotonic() < self.deadline:
                return super().export(spans)
            return Collecting.export(self, spans)

    exporter = Keeping()
    processor = BatchProcessor(exporter)
    end(processor, make_spans(0))
    processor._wake_up()
    assert exporter.entered.wait(30)
    end(processor, make_spans(4))
    processor.shutdown(50)
    assert len(exporter.spans) == 5
    assert processor.dropped == 0
    exporter.let_go.set()


@pytest.mark.parametrize("wrong", ["max_queue_bytes", "max_batch_spans", "schedule_delay"])
def test_a_limit_must_be_positive(collecting: Any, wrong: str) -> None:
    with pytest.raises(ConfigError, match=wrong):
        BatchProcessor(collecting, **{wrong: 0})


FORK = """
import os, sys
from opentelemetry.sdk.trace import TracerProvider
from catalyst_sdk.export import BatchProcessor, JsonlSpanExporter

provider = TracerProvider()
processor = BatchProcessor(JsonlSpanExporter(sys.argv[1]), schedule_delay=3600)
provider.add_span_processor(processor)
tracer = provider.get_tracer("t")
tracer.start_span("flushed before").end()
assert provider.force_flush()
tracer.start_span("queued before").end()
children = []
for child in range(3):
    pid = os.fork()
    if pid == 0:
        assert processor.queued == 0
        tracer.start_span(f"child {child}").end()
        assert provider.force_flush()
        tracer.start_span(f"child {child} again").end()
        processor.shutdown()
        os._exit(0)
    children.append(pid)
for pid in children:
    assert os.waitpid(pid, 0)[1] == 0
tracer.start_span("parent").end()
provider.shutdown()
"""


def test_a_forked_child_exports_its_own_spans_and_never_its_parents(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORK, str(path)],
        check=True,
        timeout=60,
    )
    assert sorted(json.loads(line)["name"] for line in path.read_text().splitlines()) == [
        "child 0", "child 0 again", "child 1", "child 1 again", "child 2", "child 2 again",
        "flushed before", "parent", "queued before",
    ]  # fmt: skip


SIGNALS = """
import os, signal, sys, threading, time
from opentelemetry.sdk.trace import TracerProvider
from catalyst_sdk.export import BatchProcessor, JsonlSpanExporter

provider = TracerProvider()
processor = BatchProcessor(JsonlSpanExporter(sys.argv[1]), max_queue_spans=10**6, max_batch_spans=5)
provider.add_span_processor(processor)
tracer = provider.get_tracer("t")
flushed = []
signal.signal(signal.SIGUSR1, lambda *_: flushed.append(processor.force_flush(20_000)))

def interrupt():
    for _ in range(100):
        os.kill(os.getpid(), signal.SIGUSR1)
        time.sleep(0.005)
    done.set()

done = threading.Event()
threading.Thread(target=interrupt).start()
count = 0
while not done.is_set():
    tracer.start_span(f"{count}").end()
    count += 1
assert all(flushed) and len(flushed) > 10, flushed
provider.shutdown()
print(count)
"""


def test_a_signal_handler_may_flush_while_spans_end(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    ran = subprocess.run(
        [sys.executable, "-c", SIGNALS, str(path)],
        check=True,
        timeout=100,
        capture_output=True,
        text=True,
    )
    names = [json.loads(line)["name"] for line in path.read_text().splitlines()]
    assert sorted(names, key=int) == [str(n) for n in range(int(ran.stdout))]


def test_many_threads_lose_nothing(collecting: Any) -> None:
    provider = TracerProvider()
    processor = BatchProcessor(collecting, schedule_delay=0.01)
    provider.add_span_processor(processor)
    tracer = provider.get_tracer("t")

    def work(who: int) -> None:
        for number in range(500):
            tracer.start_span(f"{who}/{number}").end()

    threads = [threading.Thread(target=work, args=(who,)) for who in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    provider.shutdown()
    assert sorted(collecting.names) == sorted(f"{w}/{n}" for w in range(8) for n in range(500))
    assert processor.dropped == 0


def test_nothing_an_exporter_does_reaches_the_host(
    make_spans: Any, caplog: pytest.LogCaptureFixture
) -> None:
    class Hostile(Broken):
        def force_flush(self, timeout_millis: int = 30_000) -> bool:
            raise RuntimeError("cannot flush")

        def shutdown(self) -> None:
            raise RuntimeError("cannot shut down")

    processor = BatchProcessor(Hostile())
    with caplog.at_level(logging.WARNING):
        assert not processor.force_flush()
        processor.on_end(object())  # type: ignore[arg-type]
        processor.shutdown()
    assert [record.getMessage() for record in caplog.records] == [
        "Hostile failed to flush: RuntimeError: cannot flush",
        "A span could not be queued: AttributeError: 'object' object has no attribute 'context'",
        "Hostile failed to shut down: RuntimeError: cannot shut down",
    ]
