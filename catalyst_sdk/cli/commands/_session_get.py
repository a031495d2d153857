"""`catalyst session get`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import click
from rich.text import Text

from catalyst_sdk.cli._data import file_flags, open_reader
from catalyst_sdk.cli._format import cost, duration, moment, one_line, plural, short_id
from catalyst_sdk.cli._grammar import Command, option
from catalyst_sdk.cli._items import FORM, TRACE_COLUMNS, TRACE_FIELDS, Row
from catalyst_sdk.cli._lines import joined, styled, wrapped
from catalyst_sdk.cli._options import output_options, source_options
from catalyst_sdk.cli._output import Listing, current_output, show_listing
from catalyst_sdk.cli._theme import Theme

_LINES = 6


@click.command("get", cls=Command, example="catalyst session get order-1842 --file traces.jsonl")
@click.argument("session_id", metavar="ID")
@source_options
@option("--full", is_flag=True, help="Whole previews.")
@output_options
def session_get(session_id: str, files: Sequence[str], full: bool) -> None:
    """Show the turns of a session: what each trace was asked and answered."""
    output = current_output(os.environ)
    output.check_fields(TRACE_FIELDS)
    with open_reader(files, output) as reader:
        rows = reader.session_traces(session_id)
    listing = Listing(
        items=[FORM.trace(row) for row in rows], columns=TRACE_COLUMNS, identity=("trace_id",)
    )
    show_listing(output, listing, lambda theme: _turns(theme, rows, full=full))
    failed = next((row for row in rows if row["status"] == "ERROR"), rows[-1])
    output.hint(
        [plural(len(rows), "trace")],
        f"catalyst trace get {short_id(failed['trace_id'])} --view thread{file_flags(files)}",
    )


def _turns(theme: Theme, rows: Sequence[Row], *, full: bool) -> list[Text]:
    lines: list[Text] = []
    for row in rows:
        lines += [Text()] if lines else []
        lines += _turn(theme, row, full=full)
    return lines


def _turn(theme: Theme, row: Row, *, full: bool) -> list[Text]:
    mark, color = theme.status(row["status"])
    muted = theme.role("muted")
    figures: list[Text | str] = [
        moment(int(row["start_ns"])),
        duration(int(row["duration_ns"])),
        plural(int(row["span_count"]), "span"),
        cost(row["cost_usd"]),
    ]
    head = styled(
        (mark + " ", color),
        (short_id(row["trace_id"]), theme.role("accent")),
        (f"  {one_line(row['agent_name'] or row['name'])}  ", "bold"),
    )
    lines = [head + Text(joined(figures, f" {theme.mark('dot')} ").plain, style=muted)]
    lines += _said(theme, "user", "accent", row["input_preview"], full=full)
    lines += _said(theme, "assistant", "ok", row["output_preview"], full=full)
    if row["error_message"]:
        lines += _said(theme, "error", "error", row["error_message"], full=full)
    return lines


def _said(theme: Theme, who: str, role: str, text: Any, *, full: bool) -> list[Text]:
    if not text:
        return []
    bar = styled((f"{theme.mark('bar')} ", theme.role(role)))
    limit = 0 if full or not theme.screen.tty else _LINES
    said = wrapped(str(text), theme.screen.width - 2, limit=limit)
    return [bar + Text(who, style="bold " + theme.role(role)), *(bar + Text(line) for line in said)]
