"""`catalyst agent get`."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from catalyst_sdk.cli._data import file_flags, open_data, source_files
from catalyst_sdk.cli._format import duration, one_line, share, short_id
from catalyst_sdk.cli._grammar import Command
from catalyst_sdk.cli._items import Row
from catalyst_sdk.cli._lines import quoted
from catalyst_sdk.cli._options import file_option, output_options
from catalyst_sdk.cli._output import current_output
from catalyst_sdk.cli._suggest import closest
from catalyst_sdk.cli._theme import Theme
from catalyst_sdk.cli.commands._agent_list import agent_item, agent_table, read_agents
from catalyst_sdk.cli.views import _table
from catalyst_sdk.errors import NotFound

if TYPE_CHECKING:
    pass

_OF_AGENT = (
    "trace_id IN (SELECT trace_id FROM traces WHERE agent_name = {agent:String} "
    "OR agent_id = {agent:String})"
)
_STEPS = """
SELECT {what} AS name, toInt64(count()) AS calls, toInt64(countIf(status = 'ERROR')) AS failed,
  toInt64(quantileExact(0.5)(duration_ns)) AS p50_ns,
  toInt64(quantileExact(0.95)(duration_ns)) AS p95_ns
FROM spans WHERE kind = '{kind}' AND {of_agent} GROUP BY name ORDER BY calls DESC, name LIMIT 12
"""
_ERRORS = f"""
SELECT error_signature AS signature, toInt64(count()) AS spans,
  toInt64(uniqExact(trace_id)) AS traces, any(trace_id) AS example
FROM spans WHERE error_signature != '' AND {_OF_AGENT}
GROUP BY signature ORDER BY traces DESC, signature LIMIT 8
"""
_FIGURES = tuple(
    _table.Column(heading=heading, align="right") for heading in ("CALLS", "FAILED", "P50", "P95")
)
_ERROR_COLUMNS = (
    _table.Column(heading="ERROR", flexible=24),
    _table.Column(heading="TRACES", align="right"),
    _table.Column(heading="EXAMPLE"),
)


@click.command("get", cls=Command, example="catalyst agent get refund-agent --file traces.jsonl")
@click.argument("name")
@file_option
@output_options
def agent_get(name: str, files: Sequence[str]) -> None:
    """Show one agent: its models, tools and errors."""
    output = current_output(os.environ)
    with open_data(source_files(files, output), output) as store:
        row = _find(read_agents(store), name)
        bound = {"agent": row["agent"]}
        models = store.query(_steps("model", "LLM"), bound)
        tools = store.query(_steps("if(tool_name != '', tool_name, name)", "TOOL"), bound)
        errors = store.query(_ERRORS, bound)
    if output.mode != "human":
        output.document(
            {**agent_item(row), "model_calls": models, "tools": tools, "errors": errors}
        )
        return
    theme = output.theme
    lines = agent_table(theme, [row])
    lines += _step_lines(theme, "MODEL", models) + _step_lines(theme, "TOOL", tools)
    output.lines(lines + _error_lines(theme, errors))
    output.hint([], f"catalyst halo run --agent {shlex.quote(name)}{file_flags(files)}")


def _steps(what: str, kind: str) -> str:
    return _STEPS.replace("{what}", what).replace("{kind}", kind).replace("{of_agent}", _OF_AGENT)


def _find(rows: Sequence[dict[str, Any]], name: str) -> dict[str, Any]:
    for row in rows:
        if name in (row["agent"], row["agent_id"]):
            return row
    known = [row["agent"] for row in rows if row["agent"]]
    near = closest(name, known)
    hint = f"Did you mean {near}?" if near else f"Known: {', '.join(known[:20])}." if known else ""
    raise NotFound(f"There is no agent '{one_line(name)}'.", hint=hint)


def _step_lines(theme: Theme, title: str, rows: Sequence[Row]) -> list[Text]:
    if not rows:
        return []
    columns = [_table.Column(heading=title, flexible=16), *_FIGURES]
    return [Text(), *_table.table(theme, columns, [_step(theme, row) for row in rows])]


def _step(theme: Theme, row: Row) -> _table.Row:
    failed = theme.role("error") if row["failed"] else theme.role("muted")
    return _table.Row(
        [
            quoted(row["name"]),
            Text(f"{row['calls']:,}"),
            Text(share(row["failed"], row["calls"]), style=failed),
            Text(duration(row["p50_ns"])),
            Text(duration(row["p95_ns"])),
        ]
    )


def _error_lines(theme: Theme, rows: Sequence[Row]) -> list[Text]:
    drawn = [
        _table.Row(
            [
                quoted(row["signature"], theme.role("error")),
                Text(f"{row['traces']:,}"),
                Text(short_id(row["example"]), style=theme.role("accent")),
            ]
        )
        for row in rows
    ]
    return [Text(), *_table.table(theme, _ERROR_COLUMNS, drawn)] if rows else []
