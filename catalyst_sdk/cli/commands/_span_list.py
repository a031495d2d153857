"""`catalyst span list`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from catalyst_sdk.cli import _listing
from catalyst_sdk.cli._data import file_flags, nothing_fits, open_data, source_files
from catalyst_sdk.cli._filters import Filters, Selection, select
from catalyst_sdk.cli._format import out_of, short_id, short_length
from catalyst_sdk.cli._grammar import Command, OneOf, option
from catalyst_sdk.cli._items import SPAN_COLUMNS, SPAN_FIELDS, Row, span_item
from catalyst_sdk.cli._options import file_option, filter_argument, filter_options, output_options
from catalyst_sdk.cli._output import Listing, Output, current_output, show_listing
from catalyst_sdk.cli.views._spans import span_table

if TYPE_CHECKING:
    from catalyst_sdk.store import FileStore


@click.command(
    "list", cls=Command, example="catalyst span list kind:TOOL status:error --file traces.jsonl"
)
@filter_argument
@file_option
@option("--trace-id", metavar="ID", help="Only spans of this trace; a prefix will do.")
@option("-l", "--limit", type=int, default=None, metavar="N", help="Rows, 0 for all. [25]")
@option("--cursor", metavar="TOKEN", help="Go on after a page: its next_cursor.")
@option(
    "--sort",
    type=OneOf("order", tuple(_listing.SPAN_SORTS)),
    default="start_time",
    help="Order by this.",
)
@option("--order", type=OneOf("order", ("desc", "asc")), default="desc", help="Which end first.")
@filter_options()
@output_options
def span_list(
    words: Sequence[str],
    files: Sequence[str],
    trace_id: str | None,
    limit: int | None,
    cursor: str | None,
    sort: str,
    order: str,
    filters: Filters,
) -> None:
    """List the spans that fit, of all traces."""
    output = current_output(os.environ)
    output.check_fields(SPAN_FIELDS)
    selection = select(filters, words)
    page = _listing.make_page(sort, order, output.rows(limit), cursor, _listing.SPAN_SORTS)
    with open_data(source_files(files, output), output) as store:
        trace = store.facts(trace_id)[0].trace_id if trace_id else None
        rows, after, total = read_spans(store, page, selection, trace)
        missing = "" if rows else nothing_fits(store, selection, "spans")
    listing = Listing(
        items=[span_item(row) for row in rows],
        columns=SPAN_COLUMNS,
        identity=("trace_id", "span_id"),
        next_cursor=after,
    )
    one_trace = trace is not None
    show_listing(output, listing, lambda theme: span_table(theme, rows, one_trace=one_trace))
    if missing:
        output.note(missing)
        return
    _end(output, rows, total, selection, files)


def read_spans(
    store: FileStore, page: _listing.Page, selection: Selection, trace_id: str | None
) -> tuple[list[Row], str | None, int]:
    """Read one page of the `spans` table, the cursor after it, and how many rows there are."""
    condition, params = selection.of_spans(store)
    if trace_id is not None:
        condition += " AND trace_id = {only_trace:String}"
        params["only_trace"] = trace_id
    return _listing.read(store, "spans", "span_id", page, condition, params)


def _end(
    output: Output, rows: Sequence[Row], total: int, selection: Selection, files: Sequence[str]
) -> None:
    shown = next((row for row in rows if row["status"] == "ERROR"), rows[0])
    digits = short_length(row["span_id"] for row in rows)
    ids = f"{short_id(shown['trace_id'])} {shown['span_id'][:digits]}"
    output.hint(
        [out_of(len(rows), total, "span"), selection.words],
        f"catalyst span get {ids} --view io{file_flags(files)}",
    )
