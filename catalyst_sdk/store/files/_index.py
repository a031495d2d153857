"""Where each span of a data set stands: ids to file, byte offset and length, without the engine."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from catalyst_sdk.errors import AmbiguousId, NotFound
from catalyst_sdk.store._optional import optional
from catalyst_sdk.store.files._tables import Part

_COLUMNS = ["trace_id", "span_id", "start_ns", "line_offset", "line_length"]
_MIN_PREFIX = 6
_SHOWN = 8


class Place(NamedTuple):
    """Where a span's line stands."""

    trace_id: str
    span_id: str
    start_ns: int
    line_offset: int
    line_length: int
    source: int


class Index:
    """The places of all spans; of a span that stands there repeatedly only the last."""

    def __init__(self, table: Any, *, repeated: bool) -> None:
        self._table = table
        self.repeated = repeated

    @classmethod
    def load(cls, parts: Sequence[Part]) -> Index:
        """Read the id columns of the sidecars."""
        pa, parquet = optional("pyarrow"), optional("pyarrow.parquet")
        tables: list[Any] = []
        for part in parts:
            table = parquet.read_table(part.path, columns=_COLUMNS)
            source = pa.repeat(pa.scalar(part.source, pa.int64()), len(table))
            tables.append(table.append_column("source", source))
        return cls._without_repeats(pa.concat_tables(tables).combine_chunks())

    @classmethod
    def _without_repeats(cls, table: Any) -> Index:
        pa, pc = optional("pyarrow"), optional("pyarrow.compute")
        keys = pc.binary_join_element_wise(table["trace_id"], table["span_id"], " ")
        if pc.count_distinct(keys).as_py() == len(table):
            return cls(table, repeated=False)
        numbered = pa.table({"key": keys, "row": pa.array(range(len(table)), pa.int64())})
        last = numbered.group_by("key").aggregate([("row", "max")])["row_max"]
        return cls(table.take(last.combine_chunks().sort()), repeated=True)

    def narrowed(self, trace_ids: Collection[str]) -> Index:
        """Keep the spans of some traces."""
        pa, pc = optional("pyarrow"), optional("pyarrow.compute")
        wanted = pa.array(list(trace_ids), pa.string())
        kept = self._table.filter(pc.is_in(self._table["trace_id"], wanted))
        return Index(kept, repeated=self.repeated)

    def __len__(self) -> int:
        return len(self._table)

    @cached_property
    def trace_ids(self) -> list[str]:
        """Every trace id once, in the order of their first lines."""
        return self._table["trace_id"].unique().to_pylist()

    @cached_property
    def dataset_hash(self) -> str:
        """Name the content: the same for the same traces and span counts in any order."""
        counts = self._table["trace_id"].value_counts().to_pylist()
        lines = sorted(f"{row['values']} {row['counts']}\n" for row in counts)
        return hashlib.sha256("".join(lines).encode()).hexdigest()[:16]

    def trace(self, trace_id: str) -> list[Place]:
        """Find the places of a trace's spans in start order, by its id or a unique prefix."""
        pc = optional("pyarrow.compute")
        trace_id = self._resolve(trace_id, self._table["trace_id"], "trace")
        rows = self._table.filter(pc.equal(self._table["trace_id"], trace_id)).to_pylist()
        return sorted((Place(**row) for row in rows), key=lambda p: (p.start_ns, p.line_offset))

    def span(self, trace_id: str, span_id: str) -> Place:
        """Find a span's place; both ids may be unique prefixes."""
        places = {place.span_id: place for place in self.trace(trace_id)}
        pa = optional("pyarrow")
        full = self._resolve(span_id, pa.chunked_array([list(places)]), "span")
        return places[full]

    def _resolve(self, wanted: str, column: Any, what: str) -> str:
        pc = optional("pyarrow.compute")
        wanted = wanted.strip().lower()
        if pc.any(pc.equal(column, wanted)).as_py():
            return wanted
        if len(wanted) < _MIN_PREFIX:
            raise NotFound(
                f"There is no {what} {wanted or '(empty)'}.",
                hint=f"Give at least {_MIN_PREFIX} characters of its id.",
            )
        fits = column.filter(pc.starts_with(column, wanted)).unique().to_pylist()
        if len(fits) == 1:
            return fits[0]
        if fits:
            shown = sorted(fits)[:_SHOWN]
            raise AmbiguousId(f"{len(fits)} {what}s begin with {wanted}.", shown)
        raise NotFound(f"There is no {what} {wanted}.", hint=_close(wanted, column))


def _close(wanted: str, column: Any) -> str:
    """Suggest the id that shares the longest beginning (or end) with the one asked for."""
    pc = optional("pyarrow.compute")
    for length in range(len(wanted) - 1, 2, -1):
        for matches, piece in ((pc.starts_with, wanted[:length]), (pc.ends_with, wanted[-length:])):
            fits = column.filter(matches(column, piece)).unique()
            if len(fits):
                return f"Did you mean {fits[0].as_py()}?"
    return ""
