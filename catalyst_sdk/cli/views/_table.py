"""Tables that give way: columns are dropped, then cut, until a row fits the screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec
from rich.text import Text

from catalyst_sdk.cli._lines import Exchange, cut, pad
from catalyst_sdk.cli._theme import Theme

_GAP = 2


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """One column: how it is headed, aligned, and how it gives way."""

    heading: str
    align: Literal["left", "right"] = "left"
    widest: int = 40
    flexible: int = 0
    """Least width of the column that takes what the others leave; 0 for the others."""
    drop: int = 0
    """Dropped when space is short, the highest first; 0 never."""
    tight: bool = False
    """One blank to the next column, not two."""


class Row(msgspec.Struct, frozen=True):
    """One row of cells, and what stands below it."""

    cells: list[Text | Exchange]
    notes: list[Text] = []


def table(theme: Theme, columns: Sequence[Column], rows: Sequence[Row]) -> list[Text]:
    """Draw rows under a heading line; columns without any content are left out."""
    widths = _widths(theme, columns, rows)
    kept = [index for index, width in enumerate(widths) if width]
    muted = theme.role("muted")
    head = [Text(_heading(theme, columns[index]), style=muted) for index in kept]
    lines = [_join(theme, columns, widths, kept, head)]
    for row in rows:
        lines.append(_join(theme, columns, widths, kept, [row.cells[index] for index in kept]))
        lines.extend(cut(note, _limit(theme), theme.mark("more")) for note in row.notes)
    return lines


def _heading(theme: Theme, column: Column) -> str:
    return column.heading.replace("→", theme.mark("arrow"))


def _limit(theme: Theme) -> int:
    return theme.screen.width if theme.screen.tty else 1_000_000


def _widths(theme: Theme, columns: Sequence[Column], rows: Sequence[Row]) -> list[int]:
    widths = [0] * len(columns)
    for index, column in enumerate(columns):
        content = max((row.cells[index].cell_len for row in rows), default=0)
        if content or not rows:
            widths[index] = max(len(column.heading), min(content, _most(theme, column)))
    if theme.screen.tty:
        _squeeze(columns, widths, theme.screen.width)
    return widths


def _most(theme: Theme, column: Column) -> int:
    return 1_000_000 if column.flexible or not theme.screen.tty else column.widest


def _squeeze(columns: Sequence[Column], widths: list[int], room: int) -> None:
    flexible = next((i for i, c in enumerate(columns) if c.flexible and widths[i]), None)
    wanted = widths[flexible] if flexible is not None else 0
    while True:
        rest = room - _taken(columns, widths, flexible)
        least = min(wanted, columns[flexible].flexible) if flexible is not None else 0
        droppable = [i for i, c in enumerate(columns) if c.drop and widths[i]]
        if rest >= least or not droppable:
            break
        widths[max(droppable, key=lambda index: columns[index].drop)] = 0
    if flexible is not None:
        widths[flexible] = max(min(wanted, rest), 4)


def _taken(columns: Sequence[Column], widths: list[int], flexible: int | None) -> int:
    kept = [index for index, width in enumerate(widths) if width]
    gaps = sum(1 if columns[index].tight else _GAP for index in kept[:-1])
    return gaps + sum(widths[index] for index in kept if index != flexible)


def _join(
    theme: Theme,
    columns: Sequence[Column],
    widths: list[int],
    kept: list[int],
    cells: Sequence[Text | Exchange],
) -> Text:
    line = Text()
    for index, cell in zip(kept, cells, strict=True):
        column, width = columns[index], widths[index]
        fitted = (
            cell.fit(width) if isinstance(cell, Exchange) else cut(cell, width, theme.mark("more"))
        )
        line.append_text(pad(fitted, width, column.align))
        line.append(" " if column.tight else " " * _GAP)
    line.rstrip()
    return line
