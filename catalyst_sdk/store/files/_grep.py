"""Raw lines that a pattern fits: RE2 over blocks of the files, two threads, in file order."""

from __future__ import annotations

import time
from array import array
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import accumulate, chain, islice
from typing import Any, NamedTuple

from catalyst_sdk.errors import ConfigError, EngineError
from catalyst_sdk.store._optional import optional
from catalyst_sdk.store.files._arrow import text_array
from catalyst_sdk.store.files._blocks import Block, Place
from catalyst_sdk.store.files._pattern import Sieve
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
    files: Sequence[LocalFile], blocks: Iterator[Block], sieve: Sieve
) -> Iterator[Line]:
    """Yield the lines of the blocks that stay in the sieve, in order.

    Raises EngineError after a minute.
    """
    deadline = time.monotonic() + SECONDS
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="catalyst-search") as pool:
        pending: list[Future[list[Line]]] = []

        def refill() -> None:
            pending.extend(
                pool.submit(_search_block, files[block.source], block, sieve)
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


def _search_block(file: LocalFile, block: Block, sieve: Sieve) -> list[Line]:
    data, starts = _read(file, block)
    stretches = [
        (start, min(start + length, len(data)))
        for start, length in zip(starts, block.lengths, strict=True)
    ]
    numbers = list(range(len(stretches)))
    if sieve.words:
        numbers = sorted(
            {n for word in sieve.words for n in _fitting(data, stretches, numbers, word)}
        )
    if sieve.pattern:
        numbers = _fitting(data, stretches, numbers, sieve.pattern)
    places = block.places(numbers)
    return [
        Line(own, data[slice(*stretches[number])])
        for own, number in zip(places, numbers, strict=True)
    ]


def _read(file: LocalFile, block: Block) -> tuple[bytes, list[int]]:
    """Read lines at once where they lie close, else one by one; give the bytes and their starts."""
    first = block.offsets[0]
    spread = block.offsets[-1] + block.lengths[-1] - first
    with reading(file) as stream:
        if spread <= 2 * sum(block.lengths):
            stream.seek(first)
            return stream.read(spread), [offset - first for offset in block.offsets]
        pieces: list[bytes] = []
        for offset, length in zip(block.offsets, block.lengths, strict=True):
            stream.seek(offset)
            pieces.append(stream.read(length))
    return b"".join(pieces), [0, *accumulate(map(len, pieces))][:-1]


def _fitting(
    data: bytes, stretches: list[tuple[int, int]], numbers: list[int], pattern: str
) -> list[int]:
    """Keep the numbers of the stretches of *data* that the pattern fits."""
    if not numbers:
        return []
    pa, pc = optional("pyarrow"), optional("pyarrow.compute")
    edges = array("q", chain.from_iterable(stretches[number] for number in numbers))
    # Lines and the gaps between them take turns: an Arrow array has no holes.
    raw = pa.Array.from_buffers(
        pa.large_string(), len(edges) - 1, [None, pa.py_buffer(edges), pa.py_buffer(data)]
    )
    found: Any = pc.match_substring_regex(raw, pattern=pattern)
    return [numbers[row // 2] for row in pc.indices_nonzero(found).to_pylist() if row % 2 == 0]
