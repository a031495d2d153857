"""Where each span of a data set stands: ids to file, byte offset and length, without the engine."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from catalyst_sdk.errors import AmbiguousId, NotFound
from catalyst_sdk.store._optional import optional
from catalyst_sdk.store.files._arrow import number_array, text_array, text_scalar
from catalyst_sdk.store.files._tables import Part

_COLUMNS = ["trace_id", "span_id", "start_ns", "source", "line_offset", "line_length"]
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
        pa = optional("pyarrow")
        table = pa.concat_tables([_read(part) for part in parts]).combine_chunks()
        keys = optional("pyarrow.compute").binary_join_element_wise(
            table["trace_id"], table["span_id"], text_scalar(" ")
        )
        if optional("pyarrow.compute").count_distinct(keys).as_py() == len(table):
            return cls(table, repeated=False)
        places = zip(table["source"].to_pylist(), table["line_offset"].to_pylist(), strict=True)
        last: dict[str, tuple[tuple[int, int], int]] = {}
        for row, (key, place) in enumerate(zip(keys.to_pylist(), places, strict=True)):
            if key not in last or place > last[key][0]:
                last[key] = (place, row)
        rows = number_array(sorted(row for _, row in last.values()), "int64")
        return cls(table.take(rows), repeated=True)

    def narrowed(self, trace_ids: Collection[str]) -> Index:
        """Keep the spans of some traces."""
        pc = optional("pyarrow.compute")
        wanted = text_array(list(trace_ids))
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

    def places(self, trace_ids: Collection[str] | None = None) -> list[Place]:
        """Give the places of all spans (or of some traces), by file and offset."""
        own = self if trace_ids is None else self.narrowed(trace_ids)
        columns = own._table.select(list(Place._fields)).columns
        rows = zip(*(column.to_pylist() for column in columns), strict=True)
        return sorted(map(Place._make, rows), key=lambda p: (p.source, p.line_offset))

    def trace(self, trace_id: str) -> list[Place]:
        """Find the places of a trace's spans in start order, by its id or a unique prefix."""
        pc = optional("pyarrow.compute")
        trace_id = self._resolve(trace_id, self._table["trace_id"], "trace")
        own = pc.equal(self._table["trace_id"], text_scalar(trace_id))
        rows = self._table.filter(own).to_pylist()
        return sorted((Place(**row) for row in rows), key=lambda p: (p.start_ns, p.line_offset))

    def span(self, trace_id: str, span_id: str) -> Place:
        """Find a span's place; both ids may be unique prefixes."""
        places = {place.span_id: place for place in self.trace(trace_id)}
        ids = optional("pyarrow").chunked_array([text_array(list(places))])
        full = self._resolve(span_id, ids, "span")
        return places[full]

    def _resolve(self, wanted: str, column: Any, what: str) -> str:
        pc = optional("pyarrow.compute")
        wanted = wanted.strip().lower()
        if pc.any(pc.equal(column, text_scalar(wanted))).as_py():
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


def _read(part: Part) -> Any:
    with optional("pyarrow.parquet").ParquetFile(part.path) as file:
        table = file.read(columns=_COLUMNS)
    if part.source is None:
        return table
    position = table.schema.get_field_index("source")
    return table.set_column(position, "source", number_array([part.source] * len(table), "int64"))


def _close(wanted: str, column: Any) -> str:
    """Suggest the id that shares the longest beginning (or end) with the one asked for."""
    pc = optional("pyarrow.compute")
    for length in range(len(wanted) - 1, 2, -1):
        for matches, piece in ((pc.starts_with, wanted[:length]), (pc.ends_with, wanted[-length:])):
            fits = column.filter(matches(column, piece)).unique()
            if len(fits):
                return f"Did you mean {fits[0].as_py()}?"
    return ""
