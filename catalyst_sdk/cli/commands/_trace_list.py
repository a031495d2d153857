"""`catalyst trace list`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from catalyst_sdk.cli import _listing
from catalyst_sdk.cli._data import file_flags, nothing_fits, open_data, source_files
from catalyst_sdk.cli._filters import Filters, Selection, select
from catalyst_sdk.cli._format import out_of, short_length
from catalyst_sdk.cli._grammar import Command, OneOf, option
from catalyst_sdk.cli._items import TRACE_COLUMNS, TRACE_FIELDS, Row, trace_item
from catalyst_sdk.cli._options import file_option, filter_argument, filter_options, output_options
from catalyst_sdk.cli._output import Listing, Output, current_output, show_listing
from catalyst_sdk.cli.views._traces import trace_table

if TYPE_CHECKING:
    from catalyst_sdk.store import FileStore

_FIRST_ERRORS = """
SELECT trace_id, argMin(if(tool_name != '', tool_name, name), (end_ns, span_id)) AS failing
FROM spans WHERE status = 'ERROR' AND trace_id IN {ids:Array(String)} GROUP BY trace_id
"""


@click.command(
    "list",
    cls=Command,
    example="catalyst trace list status:error 'duration:>5s' --file traces.jsonl --sort cost",
)
@filter_argument
@file_option
@option("-l", "--limit", type=int, default=None, metavar="N", help="Rows, 0 for all. [25]")
@option("--cursor", metavar="TOKEN", help="Go on after a page: its next_cursor.")
@option(
    "--sort",
    type=OneOf("order", tuple(_listing.SORTS)),
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
    selection = select(filters, words)
    page = _listing.make_page(sort, order, output.rows(limit), cursor, _listing.SORTS)
    sources = source_files(files, output)
    with open_data(sources, output) as store:
        rows, after, total = read_traces(store, page, selection)
        failing = _failing(store, rows)
        missing = "" if rows else nothing_fits(store, selection, "traces")
    listing = Listing(
        items=[trace_item(row) for row in rows],
        columns=TRACE_COLUMNS,
        identity=("trace_id",),
        next_cursor=after,
    )
    show_listing(output, listing, lambda theme: trace_table(theme, rows, failing))
    if missing:
        output.note(missing)
        return
    _end(output, rows, total, selection, files)


def read_traces(
    store: FileStore, page: _listing.Page, selection: Selection
) -> tuple[list[Row], str | None, int]:
    """Read one page of the `traces` view, the cursor after it, and how many rows there are."""
    return _listing.read(store, "traces", "trace_id", page, *selection.of_traces(store))


def _failing(store: FileStore, rows: Sequence[Row]) -> dict[str, str]:
    ids = [row["trace_id"] for row in rows if row["error_count"]]
    found: list[dict[str, Any]] = store.query(_FIRST_ERRORS, {"ids": ids}) if ids else []
    return {row["trace_id"]: row["failing"] for row in found}


def _end(
    output: Output,
    rows: Sequence[Row],
    total: int,
    selection: Selection,
    files: Sequence[str],
) -> None:
    failed = sum(row["status"] == "ERROR" for row in rows)
    shown = next((row for row in rows if row["status"] == "ERROR"), rows[0])
    wanted = shown["trace_id"][: short_length(row["trace_id"] for row in rows)]
    output.hint(
        [
            out_of(len(rows), total, "trace"),
            selection.words,
            f"{failed:,} failed" if failed else "",
        ],
        f"catalyst trace get {wanted} --view timeline{file_flags(files)}",
    )
