"""`catalyst session list`."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from typing import Any

import click
from rich.text import Text

from catalyst_sdk.cli._data import file_flags, open_data, source_files
from catalyst_sdk.cli._filters import Filters, select
from catalyst_sdk.cli._format import age, amount, cost, duration, iso, milliseconds, out_of
from catalyst_sdk.cli._grammar import Command, option
from catalyst_sdk.cli._items import Row
from catalyst_sdk.cli._lines import quoted
from catalyst_sdk.cli._options import file_option, filter_argument, filter_options, output_options
from catalyst_sdk.cli._output import Listing, current_output, show_listing
from catalyst_sdk.cli._theme import Theme
from catalyst_sdk.cli.views import _table

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
_SQL = """
SELECT t.session_id AS session_id,
  if(countIf(t.status = 'ERROR') > 0, 'ERROR', 'OK') AS status,
  arraySort(groupUniqArrayIf(t.agent_name, t.agent_name != '')) AS agents,
  anyIf(t.user_id, t.user_id != '') AS user_id,
  toInt64(count()) AS traces, toInt64(countIf(t.status = 'ERROR')) AS failed_traces,
  min(t.start_ns) AS start_ns, max(t.end_ns) AS end_ns,
  toInt64(sum(t.total_tokens)) AS total_tokens, sum(t.cost_usd) AS cost_usd,
  argMin(t.input_preview, t.start_ns) AS input
FROM (SELECT * FROM traces WHERE 1) AS t WHERE t.session_id != '' GROUP BY session_id
ORDER BY end_ns DESC, session_id
"""
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
@file_option
@option("-l", "--limit", type=click.IntRange(min=0), default=None, metavar="N", help="Rows. [25]")
@filter_options()
@output_options
def session_list(
    words: Sequence[str], files: Sequence[str], limit: int | None, filters: Filters
) -> None:
    """List sessions, the latest first."""
    output = current_output(os.environ)
    output.check_fields(SESSION_FIELDS)
    selection = select(filters, words)
    with open_data(source_files(files, output), output) as store:
        condition, params = selection.of_traces(store)
        rows = store.query(_SQL.replace("WHERE 1", f"WHERE {condition}"), params)
    shown = rows[: output.rows(limit) or None]
    listing = Listing(
        items=[_item(row) for row in shown], columns=SESSION_FIELDS, identity=("session_id",)
    )
    show_listing(
        output,
        listing,
        lambda theme: _table.table(theme, _COLUMNS, [_row(theme, row) for row in shown]),
    )
    if not rows:
        output.note("no sessions: no trace has a session id")
        return
    output.hint(
        [out_of(len(shown), len(rows), "session"), selection.words],
        f"catalyst session get {shlex.quote(shown[0]['session_id'])}{file_flags(files)}",
    )


def _item(row: Row) -> dict[str, Any]:
    own = {
        "start_time": iso(row["start_ns"]),
        "end_time": iso(row["end_ns"]),
        "duration_ms": milliseconds(row["end_ns"] - row["start_ns"]),
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
            Text(duration(row["end_ns"] - row["start_ns"])),
            Text(amount(row["total_tokens"]) if row["total_tokens"] else ""),
            Text(cost(row["cost_usd"]), style=muted),
        ]
    )
