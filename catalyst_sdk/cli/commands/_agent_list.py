"""`catalyst agent list`."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from typing import Any

import click
from rich.text import Text

from catalyst_sdk.cli._data import file_flags, open_reader
from catalyst_sdk.cli._filters import Filters, select
from catalyst_sdk.cli._format import age, amount, cost, duration, iso, milliseconds, plural, share
from catalyst_sdk.cli._grammar import Command
from catalyst_sdk.cli._lines import quoted
from catalyst_sdk.cli._options import (
    filter_argument,
    filter_options,
    output_options,
    source_options,
)
from catalyst_sdk.cli._output import Listing, current_output, show_listing
from catalyst_sdk.cli._theme import Theme
from catalyst_sdk.cli.views import _table
from catalyst_sdk.store.queries import AgentRow

AGENT_FIELDS = (
    "agent",
    "agent_id",
    "traces",
    "failed_traces",
    "sessions",
    "spans",
    "p50_ms",
    "p95_ms",
    "total_tokens",
    "cost_usd",
    "models",
    "first_seen",
    "last_seen",
)
_COLUMNS = (
    _table.Column(heading="AGENT", flexible=16),
    _table.Column(heading="TRACES", align="right"),
    _table.Column(heading="FAILED", align="right"),
    _table.Column(heading="SESSIONS", align="right", drop=3),
    _table.Column(heading="P50", align="right", drop=2),
    _table.Column(heading="P95", align="right"),
    _table.Column(heading="TOKENS", align="right"),
    _table.Column(heading="COST", align="right", drop=1),
    _table.Column(heading="LAST SEEN", drop=4),
)
NO_AGENT = "(no agent)"


@click.command("list", cls=Command, example="catalyst agent list --range 7d --file traces.jsonl")
@filter_argument
@source_options
@filter_options()
@output_options
def agent_list(words: Sequence[str], files: Sequence[str], filters: Filters) -> None:
    """List agents: traces, failures, times and cost."""
    output = current_output(os.environ)
    output.check_fields(AGENT_FIELDS)
    asked = select(filters, words)
    with open_reader(files, output) as reader:
        rows = reader.agents(asked)
    items = [agent_item(row) for row in rows]
    listing = Listing(items=items, columns=AGENT_FIELDS, identity=("agent",))
    show_listing(output, listing, lambda theme: agent_table(theme, rows))
    named = next((row.agent for row in rows if row.agent), "")
    command = f"catalyst agent get {shlex.quote(named)}{file_flags(files)}" if named else ""
    output.hint([plural(len(rows), "agent"), asked.words], command)


def agent_item(row: AgentRow) -> dict[str, Any]:
    """Give a row as an object of AGENT_FIELDS."""
    times = {
        "p50_ms": milliseconds(row.p50_ns),
        "p95_ms": milliseconds(row.p95_ns),
        "first_seen": iso(row.first_ns),
        "last_seen": iso(row.last_ns),
    }
    return {
        field: times[field] if field in times else getattr(row, field) for field in AGENT_FIELDS
    }


def agent_table(theme: Theme, rows: Sequence[AgentRow]) -> list[Text]:
    """Draw one line an agent."""
    return _table.table(theme, _COLUMNS, [_row(theme, row) for row in rows])


def _row(theme: Theme, row: AgentRow) -> _table.Row:
    failed, muted = row.failed_traces, theme.role("muted")
    return _table.Row(
        [
            quoted(row.agent) if row.agent else Text(NO_AGENT, style=muted),
            Text(f"{row.traces:,}"),
            Text(share(failed, row.traces), style=theme.role("error") if failed else muted),
            Text(f"{row.sessions:,}" if row.sessions else ""),
            Text(duration(row.p50_ns)),
            Text(duration(row.p95_ns)),
            Text(amount(row.total_tokens) if row.total_tokens else ""),
            Text(cost(row.cost_usd), style=muted),
            Text(age(row.last_ns, theme.screen.now_ns), style=muted),
        ]
    )
