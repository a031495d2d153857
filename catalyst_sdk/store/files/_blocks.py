"""Stretches of lines of one file, as columns: what a search reads at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from catalyst_sdk.store._optional import optional
from catalyst_sdk.store.files._arrow import number_array

_FEW = 100
"""Lines below which a slice for each is quicker than all rows at once."""


class Place(NamedTuple):
    """Where a span's line stands."""

    trace_id: str
    span_id: str
    start_ns: int
    line_offset: int
    line_length: int
    source: int


class Block:
    """Lines of one file, in order; several spans may stand on one."""

    def __init__(self, table: Any, source: int, offsets: list[int], lengths: list[int]) -> None:
        self._table = table
        self._firsts = [0] + [
            row for row in range(1, len(offsets)) if offsets[row] != offsets[row - 1]
        ]
        self.source = source
        self.offsets = [offsets[row] for row in self._firsts]
        self.lengths = [lengths[row] for row in self._firsts]

    def places(self, lines: Sequence[int]) -> list[list[Place]]:
        """Give the spans on the lines with these numbers in this block."""
        ends = [*self._firsts[1:], len(self._table)]
        stretches = [(self._firsts[line], ends[line]) for line in lines]
        if len(stretches) < _FEW:
            return [places_in(self._table.slice(a, b - a)) for a, b in stretches]
        every = places_in(self._table)
        return [every[a:b] for a, b in stretches]


def places_in(table: Any) -> list[Place]:
    """Give the places a table of the index holds."""
    columns = (table[name].to_pylist() for name in Place._fields)
    return [Place(*row) for row in zip(*columns, strict=True)]


def cut_blocks(table: Any, size: int) -> Iterator[Block]:
    """Cut a table of the index into blocks of about *size* bytes, by file and offset."""
    pc = optional("pyarrow.compute")
    for source in sorted(table["source"].unique().to_pylist()):
        scalar = number_array([source], "int64")[0]
        yield from _cut_file(table.filter(pc.equal(table["source"], scalar)), source, size)


def _cut_file(table: Any, source: int, size: int) -> Iterator[Block]:
    offsets: list[int] = table["line_offset"].to_pylist()
    if offsets != sorted(offsets):
        order = sorted(range(len(offsets)), key=offsets.__getitem__)
        table = table.take(number_array(order, "int64"))
        offsets = table["line_offset"].to_pylist()
    lengths: list[int] = table["line_length"].to_pylist()
    first = held = 0
    for row, length in enumerate(lengths):
        shared = row > first and offsets[row] == offsets[row - 1]
        if held >= size and not shared:
            yield _block(table, source, offsets, lengths, first, row)
            first, held = row, 0
        held += 0 if shared else length
    if first < len(lengths):
        yield _block(table, source, offsets, lengths, first, len(lengths))


def _block(
    table: Any, source: int, offsets: list[int], lengths: list[int], first: int, last: int
) -> Block:
    return Block(table.slice(first, last - first), source, offsets[first:last], lengths[first:last])
