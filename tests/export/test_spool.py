from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace.export import SpanExportResult

from catalyst_sdk.export import OtlpSpanExporter, spool_directory
from export.backend import Backend, Got, Reply, kept_names

SUCCESS, FAILURE = SpanExportResult.SUCCESS, SpanExportResult.FAILURE
Start = Callable[..., Backend]


def exporter_to(port: int, spool: Path, **options: Any) -> OtlpSpanExporter:
    options = {"retry_delay": 0.01, "dialect": "compact", **options}
    return OtlpSpanExporter(f"http://127.0.0.1:{port}", spool_dir=spool, **options)


# Exports `count` spans named `<who> <number>`, one a request, saying so after each.
EXPORTING = """
import os, sys
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from catalyst_sdk.export import OtlpSpanExporter

url, spool, who, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
exporter = OtlpSpanExporter(url, spool_dir=spool, dialect="compact", retry_delay=0.01, timeout=5)
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
tracer = provider.get_tracer("t")
for number in range(count):
    tracer.start_span(f"{who} {number}").end()
    print(number + 1, flush=True)
if len(sys.argv) > 5:
    sys.stdin.read()
"""


def exporting(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", EXPORTING, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_what_a_killed_process_had_kept_is_delivered_by_the_next(
    tmp_path: Path, free_port: int, start_backend: Start
) -> None:
    process = exporting(f"http://127.0.0.1:{free_port}", tmp_path, "a", 1_000_000)
    assert process.stdout is not None
    acknowledged = 0
    while acknowledged < 30:
        acknowledged = int(process.stdout.readline())
    process.kill()
    acknowledged = int([str(acknowledged), *process.stdout.read().split()][-1])
    end(process)
    assert process.returncode == -signal.SIGKILL
    backend = start_backend(port=free_port)
    exporter = exporter_to(free_port, tmp_path)
    expected = {f"a {number}" for number in range(acknowledged)}
    backend.wait_for(lambda: expected <= set(backend.taken))
    exporter.shutdown()


def test_processes_share_a_spool_and_each_file_is_delivered_once(
    tmp_path: Path, free_port: int, start_backend: Start
) -> None:
    url = f"http://127.0.0.1:{free_port}"
    processes = [exporting(url, tmp_path, who, 20, "stay") for who in "abc"]
    for process in processes:
        assert process.stdout is not None
        for _ in range(20):
            process.stdout.readline()
    backend = start_backend(port=free_port)
    expected = sorted(f"{who} {number}" for who in "abc" for number in range(20))
    backend.wait_for(lambda: len(backend.taken) >= 60)
    for process in processes:
        process.communicate("")
        assert process.returncode == 0
    assert sorted(backend.taken) == expected
    assert kept_names(tmp_path) == []


def test_what_was_on_its_way_when_the_process_died_is_delivered_again(
    tmp_path: Path, free_port: int, start_backend: Start
) -> None:
    let_go = threading.Event()

    def hang(got: Got) -> Reply:
        let_go.wait(60)
        return Reply(500)

    first = exporting(f"http://127.0.0.1:{free_port}", tmp_path, "a", 1, "stay")
    assert first.stdout is not None
    first.stdout.readline()
    hanging = start_backend(hang, port=free_port)
    hanging.wait_for(lambda: bool(hanging.got))  # it holds the file's lock, delivering it
    end(first)
    let_go.set()
    hanging.close()
    backend = start_backend(port=free_port)
    exporter = exporter_to(free_port, tmp_path)
    backend.wait_for(lambda: backend.taken == ["a 0"])
    exporter.shutdown()


def test_a_full_spool_refuses_the_newest_and_counts_it(
    tmp_path: Path, free_port: int, make_spans: Any, caplog: pytest.LogCaptureFixture
) -> None:
    exporter = exporter_to(free_port, tmp_path, max_spool_bytes=4_000, retry_delay=60)
    noise = [os.urandom(1_000).hex() for _ in range(5)]
    with caplog.at_level(logging.WARNING):
        results = [exporter.export(make_spans(1, noise=text)) for text in noise]
    assert results == [SUCCESS, SUCCESS, FAILURE, FAILURE, FAILURE]
    assert exporter.dropped == 6
    assert exporter.health().spooled_bytes <= 4_000
    assert sum("is full" in record.getMessage() for record in caplog.records) == 1
    exporter.shutdown()
    assert kept_names(tmp_path) == ["step 0", "agent"] * 2


def test_a_spool_that_cannot_be_written_costs_a_line_not_an_error(
    tmp_path: Path, free_port: int, make_spans: Any, caplog: pytest.LogCaptureFixture
) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    exporter = exporter_to(free_port, in_the_way, patience=0)
    with caplog.at_level(logging.WARNING):
        assert exporter.export(make_spans(0)) is FAILURE
    assert exporter.dropped == 1
    assert "The spool cannot be written" in caplog.text
    exporter.shutdown()


def test_without_a_usable_spool_a_request_is_repeated_from_memory(
    tmp_path: Path, make_spans: Any, start_backend: Start
) -> None:
    replies = [Reply(503), Reply(503), Reply(200)]
    backend = start_backend(lambda got: replies.pop(0))
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    exporter = exporter_to(backend.port, in_the_way)
    assert exporter.export(make_spans(0)) is SUCCESS
    exporter.shutdown()
    assert backend.taken == ["agent"]


def test_a_damaged_file_is_set_aside_counted_and_the_rest_delivered(
    tmp_path: Path, free_port: int, make_spans: Any, start_backend: Start
) -> None:
    first = exporter_to(free_port, tmp_path, retry_delay=60)
    first.export(make_spans(2))
    first.export(make_spans(0))
    first.shutdown()
    damaged = min(tmp_path.rglob("*.otlp.gz"), key=lambda path: path.name)
    damaged.write_bytes(damaged.read_bytes()[:-20])
    backend = start_backend(port=free_port)
    exporter = exporter_to(free_port, tmp_path)
    backend.wait_for(lambda: backend.taken == ["agent"])
    exporter.shutdown()
    assert exporter.dropped == 3
    assert [path.name for path in tmp_path.rglob("*.damaged")] == [f".{damaged.name}.damaged"]


def test_another_key_never_sends_what_was_kept_for_the_first(
    tmp_path: Path, free_port: int, make_spans: Any, start_backend: Start
) -> None:
    first = exporter_to(free_port, tmp_path, api_key="project-a")
    first.export(make_spans(0))
    first.shutdown()
    backend = start_backend(port=free_port)
    second = exporter_to(free_port, tmp_path, api_key="project-b")
    assert second.export(make_spans(1)) is SUCCESS
    second.shutdown()
    assert {got.headers["authorization"] for got in backend.got} == {"Bearer project-b"}
    assert kept_names(tmp_path) == ["agent"]
    assert not any(
        b"project" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()
    )


def test_the_spool_is_for_its_owners_eyes(tmp_path: Path, free_port: int, make_spans: Any) -> None:
    exporter = exporter_to(free_port, tmp_path)
    exporter.export(make_spans(0))
    exporter.shutdown()
    (kept,) = tmp_path.rglob("*.otlp.gz")
    assert kept.stat().st_mode & 0o077 == 0
    assert kept.parent.stat().st_mode & 0o077 == 0


def test_at_shutdown_what_is_kept_gets_one_more_chance(
    tmp_path: Path, make_spans: Any, start_backend: Start
) -> None:
    replies = [Reply(503), Reply(200)]
    backend = start_backend(lambda got: replies.pop(0))
    exporter = OtlpSpanExporter(backend.url, spool_dir=tmp_path, dialect="compact", retry_delay=0.4)
    assert exporter.export(make_spans(0)) is SUCCESS
    exporter.shutdown()
    assert backend.taken == ["agent"]
    assert kept_names(tmp_path) == []


def test_what_was_half_written_is_swept_after_a_while(tmp_path: Path, free_port: int) -> None:
    exporter = exporter_to(free_port, tmp_path)
    place = Path(exporter.health().spool_dir)
    exporter.shutdown()
    place.mkdir(parents=True)
    old, new = place / ".1-1-1-1.otlp.gz.partial", place / ".2-1-1-1.otlp.gz.partial"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (1, 1))
    exporter_to(free_port, tmp_path).shutdown()
    assert [path.name for path in place.iterdir()] == [new.name]


def test_the_spool_lies_where_programs_keep_their_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free_port: int
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert spool_directory() == tmp_path / "catalyst" / "spool"
    exporter = OtlpSpanExporter(f"http://127.0.0.1:{free_port}")
    assert Path(exporter.health().spool_dir).parent == spool_directory()
    exporter.shutdown()
    assert not spool_directory().exists()  # made when needed
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert spool_directory() == tmp_path / "home" / ".local" / "state" / "catalyst" / "spool"
