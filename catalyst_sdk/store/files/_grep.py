"""Raw lines that a pattern fits: RE2 over blocks of the files, two threads, in file order."""

from __future__ import annotations

import time
from array import array
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import accumulate, groupby, islice
from typing import Any, NamedTuple

from catalyst_sdk.errors import ConfigError, EngineError
from catalyst_sdk.store._optional import optional
from catalyst_sdk.store.files._arrow import text_array
from catalyst_sdk.store.files._index import Place
from catalyst_sdk.store.files._payload import reading
from catalyst_sdk.store.files._source import LocalFile

BLOCK = 8 << 20
"""Bytes searched at once."""
SECONDS = 60
"""A search that takes longer is stopped."""
_THREADS = 2


class Line(NamedTuple):
    """A line of a file with the spans that stand on it."""

    places: list[Place]
    content: bytes


def check_pattern(pattern: str) -> None:
    """Raise ConfigError unless RE2 understands the pattern."""
    if not pattern:
        raise ConfigError("The pattern is empty.", hint="Name the text to search for.")
    try:
        fits(["a"], pattern)
    except Exception as error:
        reason = str(error).partition("regular expression: ")[2] or str(error)
        raise ConfigError(
            f"The pattern cannot be used: {reason}.",
            hint="It is RE2 syntax: no look-around and no back-references.",
        ) from error


def fits(texts: Sequence[str], pattern: str) -> list[bool]:
    """Tell for each text whether the pattern fits somewhere in it."""
    found = optional("pyarrow.compute").match_substring_regex(text_array(texts), pattern=pattern)
    return found.to_pylist()


def find(text: str, pattern: str) -> int:
    """Give the character at which the first fit begins, -1 without one."""
    found = optional("pyarrow.compute").find_substring_regex(text_array([text]), pattern=pattern)
    start = found[0].as_py()
    return (
        start
        if start <= 0
        else len(text.encode("utf-8", "replace")[:start].decode("utf-8", "ignore"))
    )


def lines_fitting(
    files: Sequence[LocalFile], places: Sequence[Place], pattern: str
) -> Iterator[Line]:
    """Yield the lines among *places* (ordered by file and offset) that the pattern fits.

    Raises EngineError after a minute.
    """
    deadline = time.monotonic() + SECONDS
    blocks = _blocks(places)
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="catalyst-search") as pool:
        pending: list[Future[list[Line]]] = []

        def refill() -> None:
            pending.extend(
                pool.submit(_search_block, files[block[0].source], block, pattern)
                for block in islice(blocks, 2 * _THREADS - len(pending))
            )

        try:
            refill()
            while pending:
                yield from pending.pop(0).result()
                if time.monotonic() > deadline:
                    raise EngineError(
                        f"The search took longer than {SECONDS} s and was stopped.",
                        hint="Search fewer traces: narrow by agent, time or a filter.",
                    )
                refill()
        finally:
            for future in pending:
                future.cancel()


def _blocks(places: Sequence[Place]) -> Iterator[list[Place]]:
    block: list[Place] = []
    size = 0
    for place in places:
        if block and (place.source != block[0].source or size >= BLOCK):
            yield block
            block, size = [], 0
        block.append(place)
        size += place.line_length
    if block:
        yield block


def _search_block(file: LocalFile, block: list[Place], pattern: str) -> list[Line]:
    lines = _lines_of(block)
    data, starts = _read(file, lines)
    rows = range(len(lines)) if not pattern else _fitting_rows(lines, data, starts, pattern)
    return [
        Line(lines[row], data[starts[row] : starts[row] + lines[row][0].line_length])
        for row in rows
    ]


def _lines_of(block: list[Place]) -> list[list[Place]]:
    """Gather the places by the line they stand on."""
    return [list(own) for _, own in groupby(block, key=lambda place: place.line_offset)]


def _read(file: LocalFile, lines: list[list[Place]]) -> tuple[bytes, list[int]]:
    """Read lines at once where they lie close, else one by one; give the bytes and their starts."""
    first, last = lines[0][0], lines[-1][0]
    wanted = sum(own[0].line_length for own in lines)
    spread = last.line_offset + last.line_length - first.line_offset
    with reading(file) as stream:
        if spread <= 2 * wanted:
            stream.seek(first.line_offset)
            return stream.read(spread), [own[0].line_offset - first.line_offset for own in lines]
        pieces: list[bytes] = []
        for own in lines:
            stream.seek(own[0].line_offset)
            pieces.append(stream.read(own[0].line_length))
    return b"".join(pieces), [0, *accumulate(map(len, pieces))][:-1]


def _fitting_rows(
    lines: list[list[Place]], data: bytes, starts: list[int], pattern: str
) -> list[int]:
    pa, pc = optional("pyarrow"), optional("pyarrow.compute")
    edges = array("q")
    for start, own in zip(starts, lines, strict=True):
        edges.append(min(start, len(data)))
        edges.append(min(start + own[0].line_length, len(data)))
    # Lines and the gaps between them take turns: an Arrow array has no holes.
    raw = pa.Array.from_buffers(
        pa.large_string(), len(edges) - 1, [None, pa.py_buffer(edges), pa.py_buffer(data)]
    )
    found: Any = pc.match_substring_regex(raw, pattern=pattern)
    return [row // 2 for row in pc.indices_nonzero(found).to_pylist() if row % 2 == 0]
