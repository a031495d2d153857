"""Styled lines that fit: cut, padded and wrapped by terminal cells, not by characters."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text

from catalyst_sdk.cli._format import block, one_line
from catalyst_sdk.cli._theme import Theme


def cut(line: Text, width: int, more: str = "…") -> Text:
    """Give *line* in at most *width* cells, ending in *more* when something was cut."""
    if line.cell_len <= width:
        return line
    short = line.copy()
    short.truncate(max(0, width - len(more)), overflow="crop")
    short.rstrip()
    return short.append(more[: max(0, width)])


def pad(line: Text, width: int, align: str = "left") -> Text:
    """Give *line* filled up with blanks to *width* cells."""
    blanks = " " * max(0, width - line.cell_len)
    return Text(blanks) + line if align == "right" else line.copy().append(blanks)


def styled(*pieces: str | tuple[str, str]) -> Text:
    """Put a line together from texts and (text, style) pairs; empty ones vanish."""
    return Text.assemble(*(piece for piece in pieces if piece and (piece[0] or piece == " ")))


def joined(pieces: list[Text | str], separator: str) -> Text:
    """Join what is not empty."""
    return Text(separator).join([Text(p) if isinstance(p, str) else p for p in pieces if p])


def indented(theme: Theme, pieces: Sequence[Text | str]) -> list[Text]:
    """Give what is not empty with dots between, on as many lines as the screen needs."""
    dot = f" {theme.mark('dot')} "
    lines: list[Text] = []
    for piece in pieces:
        text = Text(piece) if isinstance(piece, str) else piece
        if not text:
            continue
        room = theme.screen.width - text.cell_len - len(dot)
        if lines and (not theme.screen.tty or lines[-1].cell_len <= room):
            lines[-1] = lines[-1] + Text(dot) + text
        else:
            lines.append(Text("  ") + text)
    return lines


class Exchange:
    """What was asked and what was answered, on one line of any width."""

    def __init__(self, theme: Theme, asked: str | Text, answered: str | Text) -> None:
        self._asked = Text(one_line(asked)) if isinstance(asked, str) else asked
        self._answered = Text(one_line(answered)) if isinstance(answered, str) else answered
        self._arrow = f" {theme.mark('arrow')} " if self._asked and self._answered else ""
        self._more = theme.mark("more")
        self._muted = theme.role("muted")

    @property
    def cell_len(self) -> int:
        """Width without any cut."""
        return self._asked.cell_len + len(self._arrow) + self._answered.cell_len

    def fit(self, width: int) -> Text:
        """Give at most *width* cells; the question may take three fifths, so the answer shows."""
        if not self._arrow:
            return cut(self._asked or self._answered, width, self._more)
        rest = width - len(self._arrow)
        room = max(rest * 3 // 5, rest - self._answered.cell_len)
        asked = cut(self._asked, room, self._more)
        answered = cut(self._answered, rest - asked.cell_len, self._more)
        return asked + Text(self._arrow, style=self._muted) + answered


def spread(left: Text, right: Text, width: int) -> Text:
    """Put one text at the left edge and one at the right, or on two lines when both do not fit."""
    if left.cell_len + right.cell_len + 2 > width:
        return left + Text("\n") + right if right else left
    return pad(left, width - right.cell_len) + right


def wrapped(text: str, width: int, *, limit: int = 0) -> list[str]:
    """Break foreign text into lines of at most *width* cells, and at most *limit* lines if given.

    Indentation and blank lines stay: answers are often Markdown or code.
    """
    lines: list[str] = []
    for raw in block(text).strip("\n").split("\n"):
        lines.extend(_fold(raw, width))
        if limit and len(lines) > limit:
            return [*lines[:limit], "…"]
    return lines


def _fold(line: str, width: int) -> list[str]:
    if cell_len(line) <= width:
        return [line.rstrip()]
    folded: list[str] = []
    while cell_len(line) > width:
        cells, end = 0, 0
        while end < len(line) and (cells := cells + cell_len(line[end])) <= width:
            end += 1
        end = max(end, 1)
        space = line.rfind(" ", end // 2, end + 1)
        end = space if space > 0 else end
        folded.append(line[:end].rstrip())
        line = line[end:].lstrip()
    return [*folded, line.rstrip()] if line else folded


def heading(theme: Theme, title: str, note: str = "") -> Text:
    """Give a section's title."""
    return styled((title, "bold"), ("  " + note if note else "", theme.role("muted")))


def quoted(text: str, style: str = "") -> Text:
    """Give foreign text as one styled, harmless line."""
    return Text(one_line(text), style=style)
