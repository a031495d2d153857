"""The newest traces of a store in order of time, without reading the rest of it."""

from __future__ import annotations

from catalyst_sdk.store.queries._paging import Order, Page, read_page
from catalyst_sdk.store.queries._selection import Selection
from catalyst_sdk.store.queries._source import TraceSource, Windowed

_SPANS_A_ROW = 16
"""Spans looked at for each row wanted; a trace has fewer, mostly."""
_GROWTH = 8


def newest_page(source: Windowed, selection: Selection, order: Order) -> Page:
    """Read one page, newest first, from stretches that grow backwards until it is full."""
    before = selection.end_ns
    if order.after is not None:
        at = int(order.after[0]) + 1
        before = at if before is None else min(at, before)
    spans = _SPANS_A_ROW * (order.limit + 1)
    while True:
        start = source.nth_newest(spans, before)
        whole = start is None or (selection.start_ns is not None and start <= selection.start_ns)
        stretch = (
            source.stretch(selection.start_ns, before)
            if whole
            else source.stretch(start, before, begun=True)
        )
        page = _page(stretch, selection, order)
        if whole or page.next_cursor is not None:
            return page
        spans *= _GROWTH


def _page(stretch: TraceSource, selection: Selection, order: Order) -> Page:
    """Read the page from a stretch: what is left of the selection is its filter."""
    condition, params = Selection(selection.filter).of_traces(stretch)
    return read_page(stretch, "traces", "trace_id", order, condition, params)
