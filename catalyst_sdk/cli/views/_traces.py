"""`trace list`: one line a trace, the first error below it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from catalyst_sdk.cli._format import age, amount, cost, duration, one_line, short_length
from catalyst_sdk.cli._items import Row
from catalyst_sdk.cli._lines import Exchange, quoted, styled
from catalyst_sdk.cli._theme import Theme
from catalyst_sdk.cli.views import _table

_COLUMNS = (
    _table.Column(heading="", tight=True),
    _table.Column(heading="TRACE"),
    _table.Column(heading="STARTED", drop=5),
    _table.Column(heading="AGENT", widest=18, drop=2),
    _table.Column(heading="INPUT → OUTPUT", flexible=24),
    _table.Column(heading="", align="right", widest=3, drop=3, tight=True),
    _table.Column(heading="DUR", align="right"),
    _table.Column(heading="SPANS", align="right"),
    _table.Column(heading="TOKENS", align="right", drop=1),
    _table.Column(heading="COST", align="right", drop=4),
)
_BAR_CELLS = 3
_EIGHTHS = " ▁▂▃▄▅▆▇"


def trace_table(theme: Theme, rows: Sequence[Row], failing: dict[str, str]) -> list[Text]:
    """Draw traces; *failing* names, by trace id, the span that failed first."""
    longest = max((int(row["duration_ns"]) for row in rows), default=0)
    digits = short_length(row["trace_id"] for row in rows)
    drawn = [_row(theme, row, digits, longest, failing.get(row["trace_id"], "")) for row in rows]
    return _table.table(theme, _COLUMNS, drawn)


def _row(theme: Theme, row: Row, digits: int, longest: int, failing: str) -> _table.Row:
    mark, color = theme.status(row["status"])
    muted = theme.role("muted")
    bar = color if row["status"] == "ERROR" else muted
    cells: list[Text | Exchange] = [
        Text(mark, style=color),
        Text(row["trace_id"][:digits], style=theme.role("accent")),
        Text(age(int(row["start_ns"]), theme.screen.now_ns), style=muted),
        quoted(row["agent_name"] or row["agent_id"] or row["service"]),
        _told(theme, row),
        Text(_bar(theme, int(row["duration_ns"]), longest), style=bar),
        Text(duration(int(row["duration_ns"]))),
        Text(f"{int(row['span_count']):,}"),
        Text(amount(int(row["total_tokens"])) if row["total_tokens"] else ""),
        Text(cost(row["cost_usd"]), style=muted),
    ]
    return _table.Row(cells, _error(theme, row, failing))


def _told(theme: Theme, row: Row) -> Text | Exchange:
    if not (row["input_preview"] or row["output_preview"]):
        return quoted(row["name"], theme.role("muted"))
    return Exchange(theme, row["input_preview"], row["output_preview"])


def _error(theme: Theme, row: Row, failing: str) -> list[Text]:
    message = one_line(row["error_message"])
    if not (message or failing):
        return []
    text = ": ".join(part for part in (one_line(failing), message) if part)
    return [
        styled((f"    {theme.mark('note')} ", theme.role("muted")), (text, theme.role("error")))
    ]


def _bar(theme: Theme, length: int, longest: int) -> str:
    """Draw a length against the longest: three cells of eighths, the last one as a block."""
    if not (theme.screen.tty and longest and length):
        return ""
    eighths = max(1, round(length / longest * _BAR_CELLS * 8))
    if theme.screen.ascii:
        return "=" * max(1, round(eighths / 8))
    whole, rest = divmod(eighths, 8)
    return (_EIGHTHS[rest] if rest else "") + "█" * whole
