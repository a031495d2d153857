"""Lists of spans."""

from __future__ import annotations

from typing import Any

from catalyst_sdk.store.queries._paging import (
    MOST_COUNTED,
    SPAN_SORTS,
    Counted,
    Page,
    count_rows,
    make_order,
    read_page,
)
from catalyst_sdk.store.queries._selection import EVERYTHING, Selection
from catalyst_sdk.store.queries._source import TraceSource


def list_spans(
    source: TraceSource,
    selection: Selection = EVERYTHING,
    *,
    trace_id: str | None = None,
    sort: str = "start_time",
    descending: bool = True,
    limit: int = 100,
    cursor: str | None = None,
) -> Page:
    """Give a page of rows of `spans`, each meeting the selection by itself."""
    order = make_order(SPAN_SORTS, sort, descending=descending, limit=limit, cursor=cursor)
    return read_page(source, "spans", "span_id", order, *_where(source, selection, trace_id))


def count_spans(
    source: TraceSource,
    selection: Selection = EVERYTHING,
    *,
    trace_id: str | None = None,
    cap: int = MOST_COUNTED,
) -> Counted:
    """Count the spans, at most *cap* (0: all)."""
    return count_rows(source, "spans", *_where(source, selection, trace_id), cap)


def _where(
    source: TraceSource, selection: Selection, trace_id: str | None
) -> tuple[str, dict[str, Any]]:
    condition, params = selection.of_spans(source)
    if trace_id is None:
        return condition, params
    return f"{condition} AND trace_id = {{only_trace:String}}", {**params, "only_trace": trace_id}
