"""The newest traces of a store in order of time, without reading the rest of it."""

from __future__ import annotations

from catalyst_sdk.store.queries._paging import Order, Page, read_page
from catalyst_sdk.store.queries._selection import Selection
from catalyst_sdk.store.queries._source import TraceSource, Windowed

_SPARE = 8
"""Spans looked at beyond one a row: some traces have begun before, and are of a later page."""
_GROWTH = 6


def newest_page(source: Windowed, selection: Selection, order: Order) -> Page:
    """Read one page, newest first, from stretches that grow backwards until it is full."""
    before = selection.end_ns
    if order.after is not None:
        at = int(order.after[0]) + 1
        before = at if before is None else min(at, before)
    # What began before the stretch asked for may have its only span of it after this page.
    last = before if selection.start_ns is None else selection.end_ns
    spans = order.limit + 1 + _SPARE
    while True:
        start = source.nth_newest(spans, before, selection.filter)
        whole = start is None or (selection.start_ns is not None and start <= selection.start_ns)
        stretch = (
            source.stretch(selection.start_ns, last, wanted=selection.filter)
            if whole
            else source.stretch(start, before, begun=True, wanted=selection.filter)
        )
        page = _page(stretch, selection, order)
        if whole or page.next_cursor is not None:
            return page
        spans *= _GROWTH


def _page(stretch: TraceSource, selection: Selection, order: Order) -> Page:
    """Read the page from a stretch: what is left of the selection is its filter."""
    condition, params = Selection(selection.filter).of_traces(stretch)
    return read_page(stretch, "traces", "trace_id", order, condition, params)
