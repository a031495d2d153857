"""Lines of a byte stream with their offsets, in bounded memory however long a line is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

BLOCK = 1 << 20
LINE_LIMIT = 64 << 20
"""Bytes a line may have; a longer one is reported and skipped, never held in memory."""


class LongLine:
    """Stands for a line above the limit."""

    __slots__ = ()


LONG_LINE = LongLine()


def lines(
    stream: BinaryIO, *, start: int = 0, end: int | None = None, limit: int = LINE_LIMIT
) -> Iterator[tuple[int, int, bytes | LongLine]]:
    """Yield (offset, length, line) for the lines whose first byte lies in [start, end).

    The length counts the newline, the line leaves it out. With *start* above 0 the stream is
    moved there, and a line that began before it belongs to whoever reads the range before.
    """
    offset = start
    if start:
        stream.seek(start - 1)
        offset += len(_rest_of_line(stream)) - 1
    while end is None or offset < end:
        line = stream.readline(limit + 1)
        length = len(line)
        if not length:
            return
        if length > limit and line[-1:] != b"\n":
            length += _skip_line(stream)
            yield offset, length, LONG_LINE
        else:
            yield offset, length, line
        offset += length


def _rest_of_line(stream: BinaryIO) -> bytes:
    return stream.readline()


def _skip_line(stream: BinaryIO) -> int:
    skipped = 0
    while piece := stream.readline(BLOCK):
        skipped += len(piece)
        if piece[-1:] == b"\n":
            break
    return skipped
