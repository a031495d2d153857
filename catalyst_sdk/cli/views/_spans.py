"""`span list` and `--view spans`: one line a span."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from catalyst_sdk.cli._format import age, amount, cost, duration, one_line, short_id, short_length
from catalyst_sdk.cli._items import Row
from catalyst_sdk.cli._lines import Exchange, quoted, styled
from catalyst_sdk.cli._theme import Theme
from catalyst_sdk.cli.views import _table

_COLUMNS = (
    _table.Column(heading="", tight=True),
    _table.Column(heading="TRACE"),
    _table.Column(heading="SPAN", widest=24),
    _table.Column(heading="STARTED", drop=3),
    _table.Column(heading="", tight=True),
    _table.Column(heading="NAME", widest=28),
    _table.Column(heading="INPUT → OUTPUT", flexible=16, drop=1),
    _table.Column(heading="DUR", align="right"),
    _table.Column(heading="TOKENS", align="right", drop=2),
    _table.Column(heading="COST", align="right", drop=4),
)


def span_table(theme: Theme, rows: Sequence[Row], *, one_trace: bool = False) -> list[Text]:
    """Draw spans; *one_trace* leaves out the trace's id and the age, the same for all."""
    digits = short_length(row["span_id"] for row in rows)
    drawn = [_row(theme, row, row["span_id"][:digits], one_trace) for row in rows]
    return _table.table(theme, _COLUMNS, drawn)


def _row(theme: Theme, row: Row, span_id: str, one_trace: bool) -> _table.Row:
    mark, color = theme.status(row["status"], ended=bool(row["end_ns"]))
    muted = theme.role("muted")
    model = row["model"]
    name = one_line(row["name"])
    cells: list[Text | Exchange] = [
        Text(mark, style=color),
        Text("" if one_trace else short_id(row["trace_id"]), style=theme.role("accent")),
        Text(span_id, style=theme.role("accent")),
        Text("" if one_trace else age(int(row["start_ns"]), theme.screen.now_ns), style=muted),
        Text(theme.letter(row["kind"]), style="bold " + theme.kind(row["kind"])),
        styled(name, ("" if model in name else " " + one_line(model), muted)),
        _told(theme, row),
        Text(duration(int(row["duration_ns"])) if row["end_ns"] else "open"),
        Text(amount(int(row["total_tokens"])) if row["total_tokens"] else ""),
        Text(cost(row["cost_usd"]), style=muted),
    ]
    return _table.Row(cells)


def _told(theme: Theme, row: Row) -> Text | Exchange:
    if row["status"] == "ERROR":
        return quoted(row["error_message"] or row["error_type"], theme.role("error"))
    given = "" if row["kind"] == "LLM" else row["input_preview"]
    return Exchange(theme, given, row["output_preview"])
