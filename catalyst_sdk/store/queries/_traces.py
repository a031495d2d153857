"""Lists of traces."""

from __future__ import annotations

from collections.abc import Sequence

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
from catalyst_sdk.store.queries._source import Row, TraceSource, Windowed

_FIRST_ERRORS = """
SELECT trace_id, argMin(if(tool_name != '', tool_name, name), (end_ns, span_id)) AS failing
FROM spans WHERE status = 'ERROR' AND trace_id IN {ids:Array(String)} GROUP BY trace_id
"""


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
    found = source.query(_FIRST_ERRORS, {"ids": ids}) if ids else []
    return {row["trace_id"]: row["failing"] for row in found}
