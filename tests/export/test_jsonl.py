from __future__ import annotations

import gzip
import json
import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace.export import SpanExportResult

from catalyst_sdk import spans
from catalyst_sdk.errors import BadLine, ConfigError
from catalyst_sdk.export import BatchProcessor, JsonlSpanExporter

# Ends `count` spans named `<who> <number>`, flushing and saying so after every 50.
WRITER = """
import sys
from opentelemetry.sdk.trace import TracerProvider
from catalyst_sdk.export import BatchProcessor, JsonlSpanExporter

path, who, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
max_bytes = int(sys.argv[4]) if len(sys.argv) > 4 else None
provider = TracerProvider()
provider.add_span_processor(
    BatchProcessor(JsonlSpanExporter(path, max_bytes=max_bytes), schedule_delay=0.01)
)
tracer = provider.get_tracer("writer")
for number in range(count):
    tracer.start_span(f"{who} {number}", attributes={"filler": "x" * 200}).end()
    if number % 50 == 49 and provider.force_flush():
        print(number + 1, flush=True)
provider.shutdown()
"""


def writer(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, *map(str, arguments)], stdout=subprocess.PIPE, text=True
    )


def names_in(path: Path) -> list[str]:
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [json.loads(line)["name"] for line in data.splitlines()]


def test_every_flushed_span_is_a_line(tmp_path: Path, make_spans: Any) -> None:
    path = tmp_path / "deep" / "t.jsonl"
    processor = BatchProcessor(JsonlSpanExporter(path))
    for span in make_spans(3):
        processor.on_end(span)
    assert processor.force_flush()
    assert names_in(path) == ["step 0", "step 1", "step 2", "agent"]
    processor.shutdown()


def test_after_kill_9_every_acknowledged_span_is_there(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    process = writer(path, "a", 1_000_000)
    assert process.stdout is not None
    acknowledged = 0
    while acknowledged < 1_000:
        acknowledged = int(process.stdout.readline())
    process.kill()
    acknowledged = int(([str(acknowledged), *process.stdout.read().split()])[-1])
    process.stdout.close()
    assert process.wait() == -signal.SIGKILL
    found = [span.name for span in spans.read_spans(path, on_bad_line=lambda bad: None)]
    assert found[:acknowledged] == [f"a {number}" for number in range(acknowledged)]


def test_a_torn_last_line_is_ended_and_only_it_is_lost(tmp_path: Path, make_spans: Any) -> None:
    path = tmp_path / "t.jsonl"
    exporter = JsonlSpanExporter(path)
    exporter.export(make_spans(0))
    path.write_bytes(path.read_bytes() + b'{"trace_id":"0123","na')  # the inode stays
    exporter.export(make_spans(0))
    exporter.shutdown()
    bad: list[BadLine] = []
    assert [s.name for s in spans.read_spans(path, on_bad_line=bad.append)] == ["agent", "agent"]
    assert [line.line for line in bad] == [2]


def test_processes_sharing_a_file_do_not_interleave(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    processes = [writer(path, who, 3_000) for who in "abc"]
    for process in processes:
        process.communicate()
        assert process.returncode == 0
    assert sorted(names_in(path)) == sorted(f"{who} {n}" for who in "abc" for n in range(3_000))


def test_two_writers_rotate_one_file_and_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    processes = [writer(path, who, 2_000, 100_000) for who in "ab"]
    for process in processes:
        process.communicate()
        assert process.returncode == 0
    # A process may have ended while the other set a file aside: the next one sweeps.
    last = JsonlSpanExporter(path, max_bytes=10**9)
    assert last.export([]) is SpanExportResult.SUCCESS
    last.shutdown()
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files if file.suffix == ".jsonl"] == ["t.jsonl"]
    assert len(files) > 5
    assert all(file.stat().st_size <= 100_000 for file in files)
    found = sorted(name for file in files for name in names_in(file))
    assert found == sorted(f"{who} {n}" for who in "ab" for n in range(2_000))


def test_a_new_day_sets_yesterdays_file_aside(tmp_path: Path, make_spans: Any) -> None:
    path = tmp_path / "t.jsonl"
    exporter = JsonlSpanExporter(path, rotate="day", compress_rotated=False)
    exporter.export(make_spans(1))
    yesterday = time.time() - 86_400
    os.utime(path, (yesterday, yesterday))
    exporter.export(make_spans(0))
    exporter.shutdown()
    dated = tmp_path / time.strftime("t-%Y%m%d.jsonl", time.gmtime(yesterday))
    assert names_in(dated) == ["step 0", "agent"]
    assert names_in(path) == ["agent"]


def test_what_a_killed_process_left_uncompressed_is_compressed(
    tmp_path: Path, make_spans: Any
) -> None:
    left = tmp_path / "t-20260102T030405Z.jsonl"
    first = JsonlSpanExporter(left)
    first.export(make_spans(0))
    first.shutdown()
    (tmp_path / f".{left.name}.gz.partial").write_bytes(b"half")
    (tmp_path / "t-notes.jsonl").write_text("mine")
    exporter = JsonlSpanExporter(tmp_path / "t.jsonl", max_bytes=1_000_000)
    exporter.export(make_spans(0))
    exporter.shutdown()
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "t-20260102T030405Z.jsonl.gz",
        "t-notes.jsonl",
        "t.jsonl",
    ]
    assert names_in(tmp_path / "t-20260102T030405Z.jsonl.gz") == ["agent"]


def test_a_file_that_was_removed_is_made_again(tmp_path: Path, make_spans: Any) -> None:
    path = tmp_path / "t.jsonl"
    exporter = JsonlSpanExporter(path, fsync="batch")
    exporter.export(make_spans(0))
    path.unlink()
    exporter.export(make_spans(1))
    exporter.shutdown()
    assert names_in(path) == ["step 0", "agent"]


FULL = """
import logging, resource, sys
from opentelemetry.sdk.trace import TracerProvider
from catalyst_sdk.export import BatchProcessor, JsonlSpanExporter

logging.basicConfig(format="%(levelname)s %(message)s")
exporter = JsonlSpanExporter(sys.argv[1])
provider = TracerProvider()
processor = BatchProcessor(exporter)
provider.add_span_processor(processor)
tracer = provider.get_tracer("writer")

def end(names):
    for name in names:
        tracer.start_span(name, attributes={"filler": "x" * 500}).end()
    return provider.force_flush()

def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

assert end(["before 1", "before 2"])
limit(5_000)
assert not end([f"during {n}" for n in range(20)])
assert not end([f"during {n}" for n in range(20)])
limit(resource.RLIM_INFINITY)
assert end(["after"])
assert exporter.dropped == 40, exporter.dropped
assert processor.dropped == 40, processor.dropped
"""


def test_a_full_disk_drops_and_counts_says_so_once_and_is_left_behind(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    ran = subprocess.run(
        [sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, check=True
    )
    assert names_in(path) == ["before 1", "before 2", "after"]
    assert [line.split(":")[0] for line in ran.stderr.splitlines()] == [
        "WARNING Spans are dropped",
        f"WARNING {path} is written again; 40 spans were dropped.",
    ]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has it")
def test_a_device_without_space_raises_nothing(
    make_spans: Any, caplog: pytest.LogCaptureFixture
) -> None:
    exporter = JsonlSpanExporter("/dev/full")
    with caplog.at_level(logging.WARNING):
        assert exporter.export(make_spans(2)) is SpanExportResult.FAILURE
        assert exporter.export(make_spans(2)) is SpanExportResult.FAILURE
    assert exporter.dropped == 6
    assert len(caplog.records) == 1
    exporter.shutdown()


def test_a_closed_exporter_counts_what_it_refuses(tmp_path: Path, make_spans: Any) -> None:
    exporter = JsonlSpanExporter(tmp_path / "t.jsonl")
    exporter.shutdown()
    exporter.shutdown()
    assert exporter.export(make_spans(0)) is SpanExportResult.FAILURE
    assert exporter.dropped == 1


@pytest.mark.parametrize(
    "wrong", [{"max_bytes": 0}, {"rotate": "hour"}, {"fsync": "sometimes"}], ids=str
)
def test_what_was_typed_wrong_is_told_at_once(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        JsonlSpanExporter(tmp_path / "t.jsonl", **wrong)


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is a directory"):
        JsonlSpanExporter(tmp_path)


def test_a_file_that_cannot_be_renamed_grows_on(
    tmp_path: Path,
    make_spans: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("not yours")

    monkeypatch.setattr(os, "rename", refuse)
    exporter = JsonlSpanExporter(tmp_path / "t.jsonl", max_bytes=100)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert exporter.export(make_spans(0)) is SpanExportResult.SUCCESS
    exporter.shutdown()
    assert names_in(tmp_path / "t.jsonl") == ["agent"] * 3
    assert len(caplog.records) == 1
