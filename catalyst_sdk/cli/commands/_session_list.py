"""`catalyst session list`."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from typing import Any

import click
from rich.text import Text

from catalyst_sdk.cli._data import file_flags, open_reader
from catalyst_sdk.cli._filters import Filters, select
from catalyst_sdk.cli._format import age, amount, cost, duration, iso, milliseconds, out_of
from catalyst_sdk.cli._grammar import Command, OneOf, option
from catalyst_sdk.cli._items import Row
from catalyst_sdk.cli._lines import quoted
from catalyst_sdk.cli._listing import Listed
from catalyst_sdk.cli._options import (
    filter_argument,
    filter_options,
    output_options,
    source_options,
)
from catalyst_sdk.cli._output import Listing, current_output, show_listing
from catalyst_sdk.cli._theme import Theme
from catalyst_sdk.cli.views import _table
from catalyst_sdk.store import queries

SESSION_FIELDS = (
    "session_id",
    "status",
    "agents",
    "user_id",
    "traces",
    "failed_traces",
    "start_time",
    "end_time",
    "duration_ms",
    "total_tokens",
    "cost_usd",
    "input",
)
_COLUMNS = (
    _table.Column(heading="", tight=True),
    _table.Column(heading="SESSION", widest=36),
    _table.Column(heading="LAST", drop=2),
    _table.Column(heading="AGENT", widest=18, drop=1),
    _table.Column(heading="FIRST INPUT", flexible=16),
    _table.Column(heading="TRACES", align="right"),
    _table.Column(heading="LASTED", align="right", drop=3),
    _table.Column(heading="TOKENS", align="right", drop=4),
    _table.Column(heading="COST", align="right", drop=5),
)


@click.command("list", cls=Command, example="catalyst session list --agent refund-agent -f t.jsonl")
@filter_argument
@source_options
@option("-l", "--limit", type=int, default=None, metavar="N", help="Rows, 0 for all. [25]")
@option("--cursor", metavar="TOKEN", help="Go on after a page: its next_cursor.")
@option(
    "--sort",
    type=OneOf("order", tuple(queries.SESSION_SORTS)),
    default="end_time",
    help="Order by this.",
)
@option("--order", type=OneOf("order", ("desc", "asc")), default="desc", help="Which end first.")
@filter_options()
@output_options
def session_list(
    words: Sequence[str],
    files: Sequence[str],
    limit: int | None,
    cursor: str | None,
    sort: str,
    order: str,
    filters: Filters,
) -> None:
    """List sessions, the latest first."""
    output = current_output(os.environ)
    output.check_fields(SESSION_FIELDS)
    asked = select(filters, words)
    wanted = Listed(sort, order, output.rows(limit), cursor)
    wanted.check(queries.SESSION_SORTS)
    with open_reader(files, output) as reader:
        found = reader.sessions(asked, wanted)
    page, total, rows = found.page, found.total, found.page.items
    listing = Listing(
        items=[_item(row) for row in rows],
        columns=SESSION_FIELDS,
        identity=("session_id",),
        next_cursor=page.next_cursor,
    )
    show_listing(output, listing, lambda theme: _draw(theme, rows))
    if not rows:
        output.note("no sessions: no trace has a session id")
        return
    output.hint(
        [out_of(len(rows), total.count, "session", more=total.capped), asked.words],
        f"catalyst session get {shlex.quote(rows[0]['session_id'])}{file_flags(files)}",
    )


def _draw(theme: Theme, rows: Sequence[Row]) -> list[Text]:
    return _table.table(theme, _COLUMNS, [_row(theme, row) for row in rows])


def _item(row: Row) -> dict[str, Any]:
    own = {
        "start_time": iso(row["start_ns"]),
        "end_time": iso(row["end_ns"]),
        "duration_ms": milliseconds(row["duration_ns"]),
    }
    return {field: own[field] if field in own else row[field] for field in SESSION_FIELDS}


def _row(theme: Theme, row: Row) -> _table.Row:
    mark, color = theme.status(row["status"])
    muted = theme.role("muted")
    return _table.Row(
        [
            Text(mark, style=color),
            quoted(row["session_id"], theme.role("accent")),
            Text(age(row["end_ns"], theme.screen.now_ns), style=muted),
            quoted(", ".join(row["agents"])),
            quoted(row["input"]),
            Text(f"{row['traces']:,}"),
            Text(duration(row["duration_ns"])),
            Text(amount(row["total_tokens"]) if row["total_tokens"] else ""),
            Text(cost(row["cost_usd"]), style=muted),
        ]
    )
