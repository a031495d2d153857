"""Files in, spans out: every framing, compression and way to be broken."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from catalyst_sdk.errors import BadInput, BadLine, MissingExtra, NotFound
from catalyst_sdk.spans import Span, encode_span, format_of, read_spans

Make = Callable[..., Span]


@pytest.fixture
def spans(make_span: Make) -> list[Span]:
    return [make_span(span_id=f"{number:016x}") for number in range(1, 6)]


@pytest.fixture
def data(spans: list[Span]) -> bytes:
    return b"".join(map(encode_span, spans))


def read(source: object) -> tuple[list[Span], list[BadLine]]:
    bad: list[BadLine] = []
    return list(read_spans(source, on_bad_line=bad.append)), bad  # pyright: ignore[reportArgumentType]


def test_plain_gzip_and_zstd_read_alike(tmp_path: Path, spans: list[Span], data: bytes) -> None:
    for number, content in enumerate(
        (
            data,
            gzip.compress(data),
            zstandard.compress(data),
            gzip.compress(data[:-40]) + gzip.compress(data[-40:]),
        )
    ):
        path = tmp_path / f"{number}.anything"
        path.write_bytes(content)
        assert read(path) == (spans, [])


def test_globs_lists_and_repeats_read_each_file_once(
    tmp_path: Path, spans: list[Span], data: bytes
) -> None:
    lines = data.splitlines(keepends=True)
    (tmp_path / "a.jsonl").write_bytes(b"".join(lines[:2]))
    (tmp_path / "b.jsonl").write_bytes(b"".join(lines[2:]))
    assert read(str(tmp_path / "*.jsonl"))[0] == spans
    assert read([tmp_path / "a.jsonl", str(tmp_path / "*.jsonl")])[0] == spans


def test_standard_input_is_read_compressed_or_not(data: bytes) -> None:
    code = "from catalyst_sdk.spans import read_spans; print(len(list(read_spans('-'))))"
    for content in (data, gzip.compress(data)):
        done = subprocess.run([sys.executable, "-c", code], input=content, capture_output=True)
        assert done.stdout.strip() == b"5", done.stderr


def test_a_pipe_that_trickles_is_read(tmp_path: Path, data: bytes) -> None:
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    code = (
        f"import sys, os; f = open({str(fifo)!r}, 'wb', buffering=0)\n"
        "for byte in sys.stdin.buffer.read(): f.write(bytes([byte]))"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) as writer:
        assert writer.stdin
        writer.stdin.write(data)
        writer.stdin.close()
        assert len(read(fifo)[0]) == 5


def test_byte_order_mark_carriage_returns_and_blank_lines_are_no_matter(
    tmp_path: Path, spans: list[Span], data: bytes
) -> None:
    path = tmp_path / "windows.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n\r\n") + b"\n  \n")
    assert read(path) == (spans, [])


def test_bad_lines_are_told_with_number_and_reason_and_the_rest_is_kept(
    tmp_path: Path, spans: list[Span], data: bytes
) -> None:
    lines = data.splitlines(keepends=True)
    path = tmp_path / "mixed.jsonl"
    path.write_bytes(
        b"\x00\xff garbage \n"
        + lines[0]
        + b'{"level": "info"}\n[]\n"text"\n'
        + b"".join(lines[1:4])
        + b"\n"
        + lines[4][:100]
    )
    found, bad = read(path)
    assert found == spans[:4]
    assert [(line.line, line.reason) for line in bad] == [
        (1, "not JSON"),
        (3, "no trace_id"),
        (5, "not an object"),
        (10, "not JSON (cut off)"),
    ]
    assert {line.source for line in bad} == {str(path)}


def test_a_first_line_that_is_torn_does_not_hide_the_rest(
    tmp_path: Path, spans: list[Span], data: bytes
) -> None:
    path = tmp_path / "torn.jsonl"
    path.write_bytes(data[200:])
    found, bad = read(path)
    assert found == spans[1:]
    assert [line.line for line in bad] == [1]


def test_a_line_beyond_the_limit_is_reported_and_stepped_over(
    tmp_path: Path, spans: list[Span], data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    from catalyst_sdk.spans import _lines

    monkeypatch.setattr(_lines.lines, "__kwdefaults__", {"start": 0, "end": None, "limit": 5000})
    path = tmp_path / "long.jsonl"
    path.write_bytes(data + b"x" * 3_000_000 + b"\n" + data)
    found, bad = read(path)
    assert found == spans * 2
    assert [(line.line, line.reason) for line in bad] == [(6, "longer than 64 MiB")]


def test_spans_in_one_array_are_read(tmp_path: Path, spans: list[Span], data: bytes) -> None:
    documents = [json.loads(line) for line in data.splitlines()]
    documents.insert(2, {"not": "a span"})
    for indent in (None, 2):
        path = tmp_path / "array.json"
        path.write_text(json.dumps(documents, indent=indent))
        found, bad = read(path)
        assert found == spans
        assert [line.reason for line in bad] == ["item 3: no trace_id"]
    path.write_text("[\n" + ",\n".join(json.dumps(d) for d in documents) + "\n]")
    assert read(path)[0] == spans


def test_pretty_documents_one_after_another_are_read_past_a_broken_one(
    tmp_path: Path, spans: list[Span], data: bytes
) -> None:
    documents = [json.dumps(json.loads(line), indent=4) for line in data.splitlines()]
    documents[1] = documents[1][:150]
    path = tmp_path / "pretty.json"
    path.write_text("\n".join(documents))
    found, bad = read(path)
    assert found == [spans[0], *spans[2:]]
    assert [line.reason for line in bad] == ["not JSON"]
    assert bad[0].line == documents[0].count("\n") + 2


def test_other_spellings_of_a_span_are_read(tmp_path: Path) -> None:
    path = tmp_path / "camel.jsonl"
    path.write_text(
        json.dumps(
            {
                "traceId": "AB" * 16,
                "spanId": "CD" * 8,
                "parentSpanId": "",
                "name": "x",
                "kind": "CLIENT",
                "startTimeUnixNano": "1769860800000000000",
                "endTimeUnixNano": 1769860801000000000,
                "statusCode": "ignored",
                "status": "OK",
                "resource": {"service.name": "shop"},
                "attributes": [{"key": "a", "value": {"intValue": "7"}}],
                "events": [{"name": "e", "timestamp": "2026-01-31T12:00:00Z"}],
                "links": [{"context": {"trace_id": "1", "span_id": "2"}}],
            }
        )
    )
    (span,), bad = read(path)
    assert not bad
    assert (span.trace_id, span.span_id, span.kind) == ("ab" * 16, "cd" * 8, "SPAN_KIND_CLIENT")
    assert (span.duration_ns, span.status_code) == (1_000_000_000, "OK")
    assert (span.resource, span.attributes) == ({"service.name": "shop"}, {"a": 7})
    assert (span.events[0].name, span.links[0].span_id) == ("e", "2")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "{} is empty."),
        (b" \n\n", "{} is empty."),
        (b"\xef\xbb\xbf", "{} is empty."),
        (gzip.compress(b""), "{} is empty."),
        (
            b"hello\nworld\n",
            "{} holds no span that can be read (line 1: not JSON; 2 bad lines in all).",
        ),
        (b"{}\n", "{} holds no span that can be read (line 1: no trace_id)."),
        (b"[]", "{} holds no spans."),
        (b'{"resourceSpans": []}', "{} holds no spans."),
        (b"\x89PNG\r\n\x1a\n\x00\x00", None),
        (gzip.compress(b"x" * 5000)[:30], None),
        (b"\x1f\x8b" + b"\x00" * 50, None),
        (b"\x28\xb5\x2f\xfd" + b"\x00" * 50, None),
    ],
)
def test_a_file_without_a_span_is_refused_in_one_sentence(
    tmp_path: Path, content: bytes, sentence: str | None
) -> None:
    path = tmp_path / "bad"
    path.write_bytes(content)
    with pytest.raises(BadInput) as caught:
        read(path)
    message = caught.value.message
    assert message.endswith(".")
    assert "\n" not in message
    assert message.startswith(str(path))
    assert sentence is None or message == sentence.format(path)


def test_one_bad_file_among_good_ones_is_reported_and_the_rest_is_read(
    tmp_path: Path, spans: list[Span], data: bytes
) -> None:
    (tmp_path / "good.jsonl").write_bytes(data)
    (tmp_path / "empty.jsonl").write_bytes(b"")
    found, bad = read(str(tmp_path / "*.jsonl"))
    assert found == spans
    assert [(line.line, line.reason) for line in bad] == [
        (0, f"{tmp_path / 'empty.jsonl'} is empty.")
    ]


def test_a_compressed_file_that_is_cut_off_gives_what_it_has(
    tmp_path: Path, make_span: Make
) -> None:
    many = [make_span({"n": os.urandom(50).hex()}, span_id=f"{n:016x}") for n in range(500)]
    packed = gzip.compress(b"".join(map(encode_span, many)))
    path = tmp_path / "cut.gz"
    path.write_bytes(packed[: len(packed) // 2])
    found, bad = read(path)
    assert found == many[: len(found)]
    assert len(found) > 100
    assert bad[-1].line == 0


def test_a_path_that_does_not_exist_is_not_found(tmp_path: Path) -> None:
    for name in ("nothing.jsonl", "*.jsonl"):
        with pytest.raises(NotFound, match=r"no file|No file"):
            read_spans(tmp_path / name)


def test_a_folder_is_refused_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="folder") as caught:
        read_spans(tmp_path)
    assert "*.jsonl" in caught.value.hint


def test_no_file_at_all_is_refused() -> None:
    with pytest.raises(BadInput, match="No file"):
        read_spans([])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "secret"
    path.write_bytes(data)
    path.chmod(0)
    with pytest.raises(BadInput, match="permission denied"):
        read(path)


def test_zstd_without_its_library_names_the_extra(
    tmp_path: Path, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.zst"
    path.write_bytes(zstandard.compress(data))
    monkeypatch.setitem(sys.modules, "zstandard", None)
    with pytest.raises(MissingExtra, match=r"needs the extra \[halo\]"):
        read(path)


def test_formats_are_told_by_content(data: bytes) -> None:
    assert format_of(data) == "jsonl"
    assert format_of(b"\xef\xbb\xbf\n" + data[100:]) == "jsonl"
    assert format_of(b'{"resourceSpans":[' + b" " * 70_000) == "otlp-json"
    assert format_of(b'[{"traceId": "a", "spanId": "b"}]') == "jsonl"
    assert format_of(b"hello") == ""
    assert format_of(b"") == ""


def test_memory_stays_flat_over_a_line_of_garbage(tmp_path: Path, data: bytes) -> None:
    """A line of 200 MB costs a subprocess less than 150 MB."""
    path = tmp_path / "huge.jsonl"
    with path.open("wb") as file:
        for _ in range(200):
            file.write(b"y" * 1_000_000)
        file.write(b"\n" + data)
    code = (
        "import re\n"
        "from catalyst_sdk.spans import scan_facts\n"
        "bad = []\n"
        f"n = sum(1 for _ in scan_facts(open({str(path)!r}, 'rb'), on_bad_line=bad.append))\n"
        # Not ru_maxrss: that counts what the forking parent held.
        "peak = re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1]\n"
        "print(n, len(bad), peak)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    count, bad, peak = map(int, done.stdout.split())
    assert (count, bad) == (5, 1)
    assert peak < 230_000


def test_a_stream_is_not_closed_under_the_reader(data: bytes) -> None:
    from catalyst_sdk.spans import spans_of_stream

    stream = io.BytesIO(data)
    assert len(list(spans_of_stream(stream, "x", print))) == 5
    assert not stream.closed
