"""Lists of traces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from catalyst_sdk.errors import ConfigError, NotFound
from catalyst_sdk.store.files import Hit
from catalyst_sdk.store.queries._paging import (
    MOST_COUNTED,
    TRACE_SORTS,
    Counted,
    Page,
    count_rows,
    make_order,
    read_page,
)
from catalyst_sdk.store.queries._recent import newest_page
from catalyst_sdk.store.queries._selection import EVERYTHING, Selection
from catalyst_sdk.store.queries._source import Row, TraceSource, Windowed, only

_FIRST_ERRORS = """
SELECT trace_id, argMin(if(tool_name != '', tool_name, name), (end_ns, span_id)) AS failing
FROM spans WHERE status = 'ERROR' AND trace_id IN {ids:Array(String)} GROUP BY trace_id
"""
_ROW = "SELECT * FROM traces WHERE trace_id = {id:String}"
_SPANS = "SELECT * FROM spans WHERE trace_id = {id:String} ORDER BY start_ns, span_id"


def list_traces(
    source: TraceSource,
    selection: Selection = EVERYTHING,
    *,
    sort: str = "start_time",
    descending: bool = True,
    limit: int = 100,
    cursor: str | None = None,
) -> Page:
    """Give a page of rows of `traces`, the newest first unless told; *limit* 0 gives all."""
    order = make_order(TRACE_SORTS, sort, descending=descending, limit=limit, cursor=cursor)
    if isinstance(source, Windowed) and order.column == "start_ns" and order.descending and limit:
        return newest_page(source, selection, order)
    source, selection = selection.settled(source)
    return read_page(source, "traces", "trace_id", order, *selection.of_traces(source))


def count_traces(
    source: TraceSource, selection: Selection = EVERYTHING, *, cap: int = MOST_COUNTED
) -> Counted:
    """Count the traces, at most *cap* (0: all)."""
    source, selection = selection.settled(source)
    return count_rows(source, "traces", *selection.of_traces(source), cap)


def first_errors(source: TraceSource, rows: Sequence[Row]) -> dict[str, str]:
    """Name for each of these traces that failed the step that failed first."""
    ids = [row["trace_id"] for row in rows if row["error_count"]]
    if ids and isinstance(source, Windowed):
        source = source.only(ids)
    found = source.query(_FIRST_ERRORS, {"ids": ids}) if ids else []
    return {row["trace_id"]: row["failing"] for row in found}


def trace_row(source: TraceSource, trace_id: str) -> dict[str, Any]:
    """Give the row of one trace, by its whole id."""
    rows = only(source, trace_id).query(_ROW, {"id": trace_id})
    if not rows:
        raise NotFound(f"There is no trace '{trace_id}'.")
    return rows[0]


def trace_spans(source: TraceSource, trace_id: str) -> list[dict[str, Any]]:
    """Give the rows of a trace's spans in start order, by its whole id."""
    return only(source, trace_id).query(_SPANS, {"id": trace_id})


def search(
    source: TraceSource, pattern: str, selection: Selection = EVERYTHING, *, limit: int = 50
) -> Sequence[Hit]:
    """Find a regular expression (RE2) in the payloads of the selected traces."""
    if not pattern:
        raise ConfigError("There is nothing to search for.")
    if not selection:
        return source.search(pattern, limit=limit)
    narrow, rest = selection.settled(source)
    if not rest:
        return narrow.search(pattern, limit=limit)
    return narrow.search(pattern, limit=limit, within=trace_ids(narrow, rest))


def trace_ids(source: TraceSource, selection: Selection = EVERYTHING) -> list[str]:
    """Give the ids of the selected traces."""
    narrow, rest = selection.settled(source)
    if rest:
        condition, params = rest.of_traces(narrow)
        rows = narrow.query(f"SELECT trace_id FROM traces WHERE {condition}", params)
    else:
        rows = narrow.query("SELECT DISTINCT trace_id FROM spans")
    return sorted(row["trace_id"] for row in rows)
