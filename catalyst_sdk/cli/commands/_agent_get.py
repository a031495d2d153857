"""`catalyst agent get`."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from typing import Any

import click
from rich.text import Text

from catalyst_sdk.cli._data import file_flags, open_reader
from catalyst_sdk.cli._format import duration, milliseconds, share, short_id
from catalyst_sdk.cli._grammar import Command
from catalyst_sdk.cli._lines import quoted
from catalyst_sdk.cli._options import output_options, source_options
from catalyst_sdk.cli._output import current_output
from catalyst_sdk.cli._theme import Theme
from catalyst_sdk.cli.commands._agent_list import agent_item, agent_table
from catalyst_sdk.cli.views import _table
from catalyst_sdk.store.queries import ErrorGroup, Step, Steps

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
@source_options
@output_options
def agent_get(name: str, files: Sequence[str]) -> None:
    """Show one agent: its models, tools and errors."""
    output = current_output(os.environ)
    with open_reader(files, output) as reader:
        row, steps = reader.agent(name)
    if output.mode != "human":
        output.document({**agent_item(row), **_steps_item(steps)})
        return
    theme = output.theme
    lines = agent_table(theme, [row])
    lines += _step_lines(theme, "MODEL", steps.model_calls)
    lines += _step_lines(theme, "TOOL", steps.tools)
    output.lines(lines + _error_lines(theme, steps.errors))
    output.hint([], f"catalyst halo run --agent {shlex.quote(name)}{file_flags(files)}")


def _steps_item(steps: Steps) -> dict[str, Any]:
    def item(step: Step) -> dict[str, Any]:
        times = {"p50_ms": milliseconds(step.p50_ns), "p95_ms": milliseconds(step.p95_ns)}
        return {"name": step.name, "calls": step.calls, "failed": step.failed, **times}

    return {
        "model_calls": [item(step) for step in steps.model_calls],
        "tools": [item(step) for step in steps.tools],
        "errors": steps.errors,
    }


def _step_lines(theme: Theme, title: str, rows: Sequence[Step]) -> list[Text]:
    if not rows:
        return []
    columns = [_table.Column(heading=title, flexible=16), *_FIGURES]
    return [Text(), *_table.table(theme, columns, [_step(theme, row) for row in rows])]


def _step(theme: Theme, row: Step) -> _table.Row:
    failed = theme.role("error") if row.failed else theme.role("muted")
    return _table.Row(
        [
            quoted(row.name),
            Text(f"{row.calls:,}"),
            Text(share(row.failed, row.calls), style=failed),
            Text(duration(row.p50_ns)),
            Text(duration(row.p95_ns)),
        ]
    )


def _error_lines(theme: Theme, rows: Sequence[ErrorGroup]) -> list[Text]:
    drawn = [
        _table.Row(
            [
                quoted(row.signature, theme.role("error")),
                Text(f"{row.traces:,}"),
                Text(short_id(row.example), style=theme.role("accent")),
            ]
        )
        for row in rows
    ]
    return [Text(), *_table.table(theme, _ERROR_COLUMNS, drawn)] if rows else []
