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
from catalyst_sdk.spans._lines import LINE_LIMIT, LongLine, lines
from catalyst_sdk.spans._span import Span


def scan_facts(
    stream: BinaryIO,
    source: int = 0,
    *,
    start: int = 0,
    end: int | None = None,
    on_bad_line: Callable[[BadLine], None] | None = None,
    name: str = "",
    first_line: int = 1,
) -> Iterator[SpanFacts]:
    """Yield the facts of the JSONL lines whose first byte lies in [start, end), in order.

    *source* and the line's offset and length are set on each. A range with *start* above 0 may
    begin anywhere: the line it cuts belongs to the range before. *first_line* is the number of
    the first line yielded, for what is reported to *on_bad_line*.
    """
    for number, (offset, length, line) in enumerate(
        lines(stream, start=start, end=end), first_line
    ):
        if isinstance(line, LongLine):
            _report(on_bad_line, name, number, f"longer than {LINE_LIMIT >> 20} MiB")
            continue
        text = line if offset else line.removeprefix(BOM)
        try:
            found = [facts_of_line(line_decoder.decode(text))]
        except (msgspec.DecodeError, ValueError, RecursionError):
            found = list(_odd(text, on_bad_line, name, number))
        for row in found:
            row.source, row.line_offset, row.line_length = source, offset, length
            yield row


def _odd(
    line: bytes, on_bad_line: Callable[[BadLine], None] | None, name: str, number: int
) -> Iterator[SpanFacts]:
    """Read a line the quick way cannot: another spelling of a span, a blank, or a bad line."""
    for item in spans_of_line(line):
        if isinstance(item, Span):
            yield facts(item)
        else:
            _report(on_bad_line, name, number, str(item))


def _report(
    on_bad_line: Callable[[BadLine], None] | None, name: str, number: int, reason: str
) -> None:
    if on_bad_line is not None:
        on_bad_line(BadLine(source=name, line=number, reason=reason))
