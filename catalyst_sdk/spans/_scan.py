"""One fast pass over a JSONL stream: the facts of every span with the place of its line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

import msgspec

from catalyst_sdk.errors import BadLine
from catalyst_sdk.spans._extract import facts, facts_of_line
from catalyst_sdk.spans._facts import SpanFacts
from catalyst_sdk.spans._formats import spans_of_line
from catalyst_sdk.spans._framing import BOM
from catalyst_sdk.spans._line import line_decoder
from catalyst_sdk.spans._lines import BLOCK, LINE_LIMIT, LongLine, lines
from catalyst_sdk.spans._span import Span


def scan_facts(
    stream: BinaryIO,
    source: int = 0,
    *,
    start: int = 0,
    end: int | None = None,
    on_bad_line: Callable[[BadLine], None] | None = None,
    name: str = "",
) -> Iterator[SpanFacts]:
    """Yield the facts of the JSONL lines whose first byte lies in [start, end), in order.

    *source* and the line's offset and length are set on each. A range with *start* above 0 may
    begin anywhere: the line it cuts belongs to the range before. *on_bad_line* is told line
    numbers of the whole stream.
    """
    report = _Report(on_bad_line, name, stream, start)
    for number, (offset, length, line) in enumerate(lines(stream, start=start, end=end)):
        if isinstance(line, LongLine):
            report(number, f"longer than {LINE_LIMIT >> 20} MiB")
            continue
        text = line if offset else line.removeprefix(BOM)
        try:
            found = [facts_of_line(line_decoder.decode(text))]
        except (msgspec.DecodeError, ValueError, RecursionError):
            found = list(_odd(text, number, report))
        for row in found:
            row.source, row.line_offset, row.line_length = source, offset, length
            yield row


def _odd(line: bytes, number: int, report: Callable[[int, str], None]) -> Iterator[SpanFacts]:
    """Read a line the quick way cannot: another spelling of a span, a blank, or a bad line."""
    for item in spans_of_line(line):
        if isinstance(item, Span):
            yield facts(item)
        else:
            report(number, str(item))


class _Report:
    """Tells of bad lines by their number in the stream, counting the lines before a range late."""

    def __init__(
        self, tell: Callable[[BadLine], None] | None, name: str, stream: BinaryIO, start: int
    ) -> None:
        self._tell = tell
        self._name = name
        self._stream = stream
        self._start = start
        self._before: int | None = None if start else 0

    def __call__(self, number: int, reason: str) -> None:
        if self._tell is None:
            return
        if self._before is None:
            self._before = _lines_before(self._stream, self._start)
        self._tell(BadLine(source=self._name, line=self._before + number + 1, reason=reason))


def _lines_before(stream: BinaryIO, end: int) -> int:
    """Count the lines that begin before *end*, leaving the stream where it is."""
    place = stream.tell()
    stream.seek(0)
    newlines, left, last = 0, end, b"\n"
    while left > 0 and (block := stream.read(min(left, BLOCK))):
        newlines += block.count(b"\n")
        left -= len(block)
        last = block[-1:]
    stream.seek(place)
    return newlines + (last != b"\n")
