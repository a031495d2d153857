"""Where each span of a data set stands: ids to file, byte offset and length, without the engine."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from typing import Any

from catalyst_sdk.errors import AmbiguousId, NotFound
from catalyst_sdk.store._optional import optional
from catalyst_sdk.store.files._arrow import number_array, text_array, text_scalar
from catalyst_sdk.store.files._blocks import Block, Place, cut_blocks, places_in
from catalyst_sdk.store.files._tables import Part

_COLUMNS = ["trace_id", "span_id", "start_ns", "source", "line_offset", "line_length"]
_MIN_PREFIX = 6
_SHOWN = 8


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
        repeated = _has_repeats(table)
        pa.default_memory_pool().release_unused()
        return cls(table.take(_last_rows(table)) if repeated else table, repeated=repeated)

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

    def blocks(self, size: int, trace_ids: Collection[str] | None = None) -> Iterator[Block]:
        """Give the lines of all spans (or of some traces) in blocks of about *size* bytes."""
        own = self if trace_ids is None else self.narrowed(trace_ids)
        return cut_blocks(own._table, size)

    def trace(self, trace_id: str) -> list[Place]:
        """Find the places of a trace's spans in start order, by its id or a unique prefix."""
        pc = optional("pyarrow.compute")
        trace_id = self._resolve(trace_id, self._table["trace_id"], "trace")
        own = pc.equal(self._table["trace_id"], text_scalar(trace_id))
        places = places_in(self._table.filter(own))
        return sorted(places, key=lambda place: (place.start_ns, place.line_offset))

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
    parquet = optional("pyarrow.parquet")
    with parquet.ParquetFile(part.path, pre_buffer=False) as file:
        table = file.read(columns=_COLUMNS, use_threads=False)
    if part.source is None:
        return table
    position = table.schema.get_field_index("source")
    return table.set_column(position, "source", number_array([part.source] * len(table), "int64"))


def _keys(table: Any) -> Any:
    join = optional("pyarrow.compute").binary_join_element_wise
    return join(table["trace_id"], table["span_id"], text_scalar(" "))


def _has_repeats(table: Any) -> bool:
    """Tell whether a span stands there twice; span ids alone differ nearly always."""
    count = optional("pyarrow.compute").count_distinct
    if count(table["span_id"]).as_py() == len(table):
        return False
    return count(_keys(table)).as_py() < len(table)


def _last_rows(table: Any) -> Any:
    """Number the last row of each span, by file and offset."""
    places = zip(table["source"].to_pylist(), table["line_offset"].to_pylist(), strict=True)
    last: dict[str, tuple[tuple[int, int], int]] = {}
    for row, (key, place) in enumerate(zip(_keys(table).to_pylist(), places, strict=True)):
        if key not in last or place > last[key][0]:
            last[key] = (place, row)
    return number_array(sorted(row for _, row in last.values()), "int64")


def _close(wanted: str, column: Any) -> str:
    """Suggest the id that shares the longest beginning (or end) with the one asked for."""
    pc = optional("pyarrow.compute")
    for length in range(len(wanted) - 1, 2, -1):
        for matches, piece in ((pc.starts_with, wanted[:length]), (pc.ends_with, wanted[-length:])):
            fits = column.filter(matches(column, piece)).unique()
            if len(fits):
                return f"Did you mean {fits[0].as_py()}?"
    return ""
