"""Compressed files, pipes, standard input and other formats: the same spans as from plain lines."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from catalyst_sdk.store import FileStore, open_files
from store.made import lines, run, runs, trace_id, write

Compress = Callable[[bytes], bytes]
BOTH = pytest.mark.parametrize(
    ("compress", "ending"),
    [(gzip.compress, "gz"), (zstandard.ZstdCompressor().compress, "zst")],
    ids=["gzip", "zstd"],
)


def _is_six(store: FileStore) -> None:
    assert store.totals().spans == 18
    assert store.trace(trace_id(4)) == run(4)


@BOTH
def test_compressed_files_are_read(tmp_path: Path, compress: Compress, ending: str) -> None:
    path = tmp_path / f"six.jsonl.{ending}"
    path.write_bytes(compress(lines(runs(6))))
    with open_files(path) as store:
        _is_six(store)


@BOTH
@pytest.mark.usefixtures("every_file_is_kept")
def test_a_plain_copy_is_kept_and_used_again(
    tmp_path: Path, cache: Path, compress: Compress, ending: str
) -> None:
    path = tmp_path / f"six.jsonl.{ending}"
    path.write_bytes(compress(lines(runs(6))))
    for _ in range(2):
        with open_files(path) as store:
            _is_six(store)
    assert len(list(cache.glob("*.jsonl"))) == 1
    path.write_bytes(compress(lines(runs(7))))
    with open_files(path) as store:
        assert store.totals().traces == 7


def test_an_archive_that_is_cut_off_gives_what_came_before(tmp_path: Path) -> None:
    path = tmp_path / "six.jsonl.gz"
    content = os.urandom(40_000).hex().encode()
    whole = gzip.compress(lines(runs(6)) + b'{"noise": "' + content + b'"}\n')
    path.write_bytes(whole[: len(whole) // 2])
    with open_files(path) as store:
        _is_six(store)
        assert "cut off" in {bad.reason for bad in store.bad_lines}.pop()


def test_standard_input_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO(gzip.compress(lines(runs(6))))
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(raw)))
    with open_files("-") as store:
        _is_six(store)
        assert store.sources == ["standard input"]


def test_a_pipe_by_name_is_read(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=lambda: path.write_bytes(lines(runs(6))))
    writer.start()
    with open_files(path) as store:
        writer.join()
        _is_six(store)


def test_globs_are_files(tmp_path: Path) -> None:
    for trace in range(1, 7):
        write(tmp_path / f"part-{trace}.jsonl", run(trace))
    with open_files(str(tmp_path / "part-*.jsonl")) as store:
        _is_six(store)


def _otlp(path: Path) -> Path:
    """Write one OTLP/JSON document, as a collector does, of two spans with string attributes."""
    spans = [
        {
            "traceId": trace_id(1),
            "spanId": f"{number:016x}",
            "parentSpanId": "" if number == 1 else f"{1:016x}",
            "name": f"otlp {number}",
            "startTimeUnixNano": str(1_760_000_000_000_000_000 + number),
            "endTimeUnixNano": str(1_760_000_001_000_000_000 + number),
            "attributes": [{"key": "tool.name", "value": {"stringValue": "lookup"}}],
            "status": {"code": 2, "message": "boom"},
        }
        for number in (1, 2)
    ]
    scope = {"scope": {"name": "s"}, "spans": spans}
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}
    document = {"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]}
    path.write_text(json.dumps(document, indent=1))
    return path


@pytest.mark.usefixtures("every_file_is_kept")
def test_another_format_is_rewritten_once(tmp_path: Path, cache: Path) -> None:
    path = _otlp(tmp_path / "otlp.json")
    for _ in range(2):
        with open_files([path, write(tmp_path / "own.jsonl", run(2))]) as store:
            assert store.totals().traces == 2
            assert [span.name for span in store.trace(trace_id(1))] == ["otlp 1", "otlp 2"]
            (row,) = store.query(
                "SELECT service, status, tool_name FROM spans WHERE name = 'otlp 2'"
            )
            assert row == {"service": "shop", "status": "ERROR", "tool_name": "lookup"}
    assert len(list(cache.glob("*.jsonl"))) == 1


def test_lines_that_hold_several_spans_keep_them_apart(tmp_path: Path) -> None:
    several = b"[" + b",".join(lines([span]).strip() for span in run(2)) + b"]\n"
    path = tmp_path / "odd.jsonl"
    path.write_bytes(lines(run(1)) + several)
    with open_files(path) as store:
        assert store.trace(trace_id(2)) == run(2)
        assert len(store.raw(trace_id(2))) == 1
        assert {hit.span_id for hit in store.search("acme|Globex")} >= {run(2)[2].span_id}


def test_a_shell_pipe_is_read_end_to_end(tmp_path: Path) -> None:
    program = "from catalyst_sdk.store import open_files; print(open_files('-').totals().spans)"
    done = subprocess.run(
        [sys.executable, "-c", program], input=lines(runs(6)), capture_output=True, check=True
    )
    assert done.stdout == b"18\n"
