"""`catalyst trace list`."""

from __future__ import annotations

import os
from collections.abc import Sequence

import click

from catalyst_sdk.cli._data import file_flags, open_reader
from catalyst_sdk.cli._filters import Asked, Filters, select
from catalyst_sdk.cli._format import out_of, short_length
from catalyst_sdk.cli._grammar import Command, OneOf, option
from catalyst_sdk.cli._items import FORM, TRACE_COLUMNS, TRACE_FIELDS, Row
from catalyst_sdk.cli._listing import Listed
from catalyst_sdk.cli._options import (
    filter_argument,
    filter_options,
    output_options,
    source_options,
)
from catalyst_sdk.cli._output import Listing, Output, current_output, show_listing
from catalyst_sdk.cli.views._traces import trace_table
from catalyst_sdk.store import queries
from catalyst_sdk.store.queries import Counted


@click.command(
    "list",
    cls=Command,
    example="catalyst trace list status:error 'duration:>5s' --file traces.jsonl --sort cost",
)
@filter_argument
@source_options
@option("-l", "--limit", type=int, default=None, metavar="N", help="Rows, 0 for all. [25]")
@option("--cursor", metavar="TOKEN", help="Go on after a page: its next_cursor.")
@option(
    "--sort",
    type=OneOf("order", tuple(queries.TRACE_SORTS)),
    default="start_time",
    help="Order by this.",
)
@option("--order", type=OneOf("order", ("desc", "asc")), default="desc", help="Which end first.")
@filter_options()
@output_options
def trace_list(
    words: Sequence[str],
    files: Sequence[str],
    limit: int | None,
    cursor: str | None,
    sort: str,
    order: str,
    filters: Filters,
) -> None:
    """List traces, newest first."""
    output = current_output(os.environ)
    output.check_fields(TRACE_FIELDS)
    asked = select(filters, words)
    wanted = Listed(sort, order, output.rows(limit), cursor)
    wanted.check(queries.TRACE_SORTS)
    with open_reader(files, output) as reader:
        found = reader.traces(asked, wanted)
        missing = "" if found.page.items else reader.nothing_fits(asked, "traces")
    page = found.page
    listing = Listing(
        items=[FORM.trace(row) for row in page.items],
        columns=TRACE_COLUMNS,
        identity=("trace_id",),
        next_cursor=page.next_cursor,
    )
    show_listing(output, listing, lambda theme: trace_table(theme, page.items, found.failing))
    if missing:
        output.note(missing)
        return
    _end(output, page.items, found.total, asked, files)


def _end(
    output: Output,
    rows: Sequence[Row],
    total: Counted,
    asked: Asked,
    files: Sequence[str],
) -> None:
    failed = sum(row["status"] == "ERROR" for row in rows)
    shown = next((row for row in rows if row["status"] == "ERROR"), rows[0])
    wanted = shown["trace_id"][: short_length(row["trace_id"] for row in rows)]
    output.hint(
        [
            out_of(len(rows), total.count, "trace", more=total.capped),
            asked.words,
            f"{failed:,} failed" if failed else "",
        ],
        f"catalyst trace get {wanted} --view timeline{file_flags(files)}",
    )
