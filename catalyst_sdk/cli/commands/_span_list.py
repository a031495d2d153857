"""`catalyst span list`."""

from __future__ import annotations

import os
from collections.abc import Sequence

import click

from catalyst_sdk.cli._data import file_flags, open_reader
from catalyst_sdk.cli._filters import Asked, Filters, select
from catalyst_sdk.cli._format import out_of, short_id, short_length
from catalyst_sdk.cli._grammar import Command, OneOf, option
from catalyst_sdk.cli._items import FORM, SPAN_COLUMNS, SPAN_FIELDS, Row
from catalyst_sdk.cli._listing import Listed
from catalyst_sdk.cli._options import (
    filter_argument,
    filter_options,
    output_options,
    source_options,
)
from catalyst_sdk.cli._output import Listing, Output, current_output, show_listing
from catalyst_sdk.cli.views._spans import span_table
from catalyst_sdk.store import queries
from catalyst_sdk.store.queries import Counted


@click.command(
    "list", cls=Command, example="catalyst span list kind:TOOL status:error --file traces.jsonl"
)
@filter_argument
@source_options
@option("--trace-id", metavar="ID", help="Only spans of this trace; a prefix will do.")
@option("-l", "--limit", type=int, default=None, metavar="N", help="Rows, 0 for all. [25]")
@option("--cursor", metavar="TOKEN", help="Go on after a page: its next_cursor.")
@option(
    "--sort",
    type=OneOf("order", tuple(queries.SPAN_SORTS)),
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
    asked = select(filters, words)
    wanted = Listed(sort, order, output.rows(limit), cursor)
    wanted.check(queries.SPAN_SORTS)
    with open_reader(files, output) as reader:
        found = reader.spans(asked, wanted, trace_id)
        missing = "" if found.page.items else reader.nothing_fits(asked, "spans")
    page = found.page
    listing = Listing(
        items=[FORM.span(row) for row in page.items],
        columns=SPAN_COLUMNS,
        identity=("trace_id", "span_id"),
        next_cursor=page.next_cursor,
    )
    one_trace = trace_id is not None
    show_listing(output, listing, lambda theme: span_table(theme, page.items, one_trace=one_trace))
    if missing:
        output.note(missing)
        return
    _end(output, page.items, found.total, asked, files)


def _end(
    output: Output, rows: Sequence[Row], total: Counted, asked: Asked, files: Sequence[str]
) -> None:
    shown = next((row for row in rows if row["status"] == "ERROR"), rows[0])
    digits = short_length(row["span_id"] for row in rows)
    ids = f"{short_id(shown['trace_id'])} {shown['span_id'][:digits]}"
    output.hint(
        [out_of(len(rows), total.count, "span", more=total.capped), asked.words],
        f"catalyst span get {ids} --view io{file_flags(files)}",
    )
