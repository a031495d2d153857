"""One fast pass over a JSONL stream: the facts of every span with the place of its line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

import msgspec

from catalyst_sdk.errors import BadInput, BadLine
from catalyst_sdk.spans._extract import facts, facts_of_line
from catalyst_sdk.spans._facts import SpanFacts
from catalyst_sdk.spans._line import line_decoder
from catalyst_sdk.spans._lines import LINE_LIMIT, LongLine, lines
from catalyst_sdk.spans._read import odd_line
from catalyst_sdk.spans._span import Span

_BOM = b"\xef\xbb\xbf"


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
        if not offset and line.startswith(_BOM):
            line = line[3:]
        try:
            found = [facts_of_line(line_decoder.decode(line))]
        except (msgspec.DecodeError, ValueError, RecursionError):
            found = list(_odd(line, on_bad_line, name, number))
        for row in found:
            row.source, row.line_offset, row.line_length = source, offset, length
            yield row


def _odd(
    line: bytes, on_bad_line: Callable[[BadLine], None] | None, name: str, number: int
) -> Iterator[SpanFacts]:
    """Read a line the quick way cannot: another spelling of a span, a blank, or a bad line."""
    try:
        for item in odd_line(line):
            if isinstance(item, Span):
                yield facts(item)
            else:
                _report(on_bad_line, name, number, str(item))
    except BadInput as error:
        _report(on_bad_line, name, number, error.message)


def _report(
    on_bad_line: Callable[[BadLine], None] | None, name: str, number: int, reason: str
) -> None:
    if on_bad_line is not None:
        on_bad_line(BadLine(source=name, line=number, reason=reason))
