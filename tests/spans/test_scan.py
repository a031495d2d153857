"""The one pass: places of lines, ranges that add up, bad lines by number."""

from __future__ import annotations

import io
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalyst_sdk.errors import BadLine
from catalyst_sdk.spans import Span, decode_span, encode_span, facts, scan_facts

LINES = [
    *(
        encode_span(Span(trace_id="t", span_id=f"{n:02x}", start_ns=n + 1, name="x" * n))
        for n in range(12)
    ),
    b"\n",
    b"not json\n",
    b'{"traceId":"t","spanId":"0c","startTimeUnixNano":13,"name":"camel"}\r\n',
    b'{"torn": ',
]
DATA = b"".join(LINES)


def test_each_row_tells_where_its_line_stands() -> None:
    rows = list(scan_facts(io.BytesIO(DATA), 7))
    assert [row.span_id for row in rows] == [f"{n:02x}" for n in range(13)]
    for row in rows[:12]:
        assert row.source == 7
        line = DATA[row.line_offset : row.line_offset + row.line_length]
        assert decode_span(line).span_id == row.span_id


@given(st.lists(st.integers(0, len(DATA)), max_size=6))
def test_ranges_cut_anywhere_add_up_to_the_whole(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(DATA)]
    bad: list[BadLine] = []
    rows = [
        row
        for start, end in pairwise(edges)
        for row in scan_facts(io.BytesIO(DATA), start=start, end=end, on_bad_line=bad.append)
    ]
    assert rows == list(scan_facts(io.BytesIO(DATA)))
    assert [(line.line, line.reason) for line in bad] == [
        (14, "not JSON"),
        (16, "not JSON (cut off)"),
    ]


def test_a_byte_order_mark_belongs_to_the_first_line() -> None:
    (row, *_) = scan_facts(io.BytesIO(b"\xef\xbb\xbf" + DATA))
    assert (row.line_offset, row.line_length) == (0, len(LINES[0]) + 3)


def test_a_line_above_the_limit_is_reported_and_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    from catalyst_sdk.spans import _lines

    monkeypatch.setattr(_lines.lines, "__kwdefaults__", {"start": 0, "end": None, "limit": 1000})
    bad: list[BadLine] = []
    data = LINES[0] + b"z" * 5_000_000 + b"\n" + LINES[1]
    rows = list(scan_facts(io.BytesIO(data), name="big", on_bad_line=bad.append))
    assert [row.span_id for row in rows] == ["00", "01"]
    assert rows[1].line_offset == len(LINES[0]) + 5_000_001
    assert bad == [BadLine(source="big", line=2, reason="longer than 64 MiB")]


def test_one_line_may_hold_many_spans() -> None:
    span = '{"traceId":"%s","spanId":"%s","startTimeUnixNano":1}'
    inner = ",".join(span % ("ab" * 16, f"{n:016x}") for n in range(3))
    line = f'{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{inner}]}}]}}]}}'
    rows = list(scan_facts(io.BytesIO(line.encode())))
    assert [row.span_id for row in rows] == [f"{n:016x}" for n in range(3)]
    assert {(row.line_offset, row.line_length) for row in rows} == {(0, len(line))}


def test_a_row_equals_the_facts_of_its_span(make_span: Callable[..., Span]) -> None:
    span = make_span({"openinference.span.kind": "LLM", "input.value": "hi"})
    (row,) = scan_facts(io.BytesIO(encode_span(span)))
    row.line_length = 0
    assert row == facts(span)
