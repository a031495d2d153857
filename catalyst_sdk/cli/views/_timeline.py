"""`--view timeline`: when each step ran, in bars of eighths of a cell."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from rich.text import Text

from catalyst_sdk.cli._format import cost, duration
from catalyst_sdk.cli._lines import cut, pad
from catalyst_sdk.cli._theme import Theme
from catalyst_sdk.cli.views._forest import Fold, Node, rows
from catalyst_sdk.cli.views._labels import label, with_rests
from catalyst_sdk.spans import SpanFacts

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_RIGHT_HALF = "▐"
_BARS_LEAST = 20
_PIPE_BARS = 60


class _Axis(msgspec.Struct, frozen=True):
    start_ns: int
    length_ns: int
    cells: int

    def at(self, moment_ns: int) -> float:
        """Give the position of a moment in cells."""
        share = (moment_ns - self.start_ns) / self.length_ns
        return min(max(share, 0.0), 1.0) * self.cells


def timeline(theme: Theme, spans: Sequence[SpanFacts], fold: Fold) -> list[Text]:
    """Draw a trace as bars over time, one row a span, with its length and cost."""
    shown = with_rests(theme, rows(spans, fold), fold.more)
    labels = [rest or label(theme, node, theme.screen.width) for node, rest in shown]
    costs = [cost(node.cost_usd) if rest is None else "" for node, rest in shown]
    most = max((len(text) for text in costs), default=0)
    width, cells = _columns(theme, labels, 9 + (most + 2 if most else 0))
    axis = _axis([node for node, rest in shown if rest is None], cells)
    lines = [Text(" " * (width + 2)) + _ticks(theme, axis)]
    for (node, rest), name, price in zip(shown, labels, costs, strict=True):
        if rest is not None:
            lines.append(rest)
            continue
        line = pad(cut(name, width, theme.mark("more")), width) + Text("  ")
        line += Text(_bar(theme, axis, node), style=_color(theme, node))
        length = duration(node.duration_ns) if node.facts.end_ns else "open"
        line += Text(f"  {length:>7}")
        line += Text(f"  {price:>{most}}" if most else "", style=theme.role("muted"))
        line.rstrip()
        lines.append(line)
    return lines


def _columns(theme: Theme, labels: Sequence[Text], figures: int) -> tuple[int, int]:
    widest = max((text.cell_len for text in labels), default=0)
    if not theme.screen.tty:
        return widest, _PIPE_BARS
    room = theme.screen.width - figures - 2
    width = min(widest, max(room * 9 // 20, room - 80, 12))
    return width, max(room - width, _BARS_LEAST)


def _axis(nodes: Sequence[Node], cells: int) -> _Axis:
    every = [one for node in nodes for one in node.repeats or [node.facts]]
    start = min((one.start_ns for one in every), default=0)
    end = max((max(one.end_ns, one.start_ns) for one in every), default=0)
    return _Axis(start, max(end - start, 1), cells)


def _ticks(theme: Theme, axis: _Axis) -> Text:
    parts = 3 if axis.cells >= 40 else 2 if axis.cells >= 24 else 1
    text = "0s"
    for part in range(1, parts + 1 if axis.length_ns > 1 else 1):
        word = duration(axis.length_ns * part // parts)
        text += word.rjust(axis.cells * part // parts - len(text))
    return Text(text, style=theme.role("muted"))


def _color(theme: Theme, node: Node) -> str:
    return theme.role("error") if node.failed else theme.kind(node.facts.kind)


def _bar(theme: Theme, axis: _Axis, node: Node) -> str:
    start = axis.at(node.facts.start_ns)
    end = axis.at(node.end_ns) if node.facts.end_ns else float(axis.cells)
    end = max(end, start)
    drawn = _ascii_bar(start, end, axis.cells) if theme.screen.ascii else _block_bar(start, end)
    return drawn[: axis.cells].ljust(axis.cells)


def _ascii_bar(start: float, end: float, cells: int) -> str:
    first = min(int(start), cells - 1)
    return " " * first + "=" * max(1, round(end) - first)


def _block_bar(start: float, end: float) -> str:
    """Draw from *start* to *end* in cells: halves at the left edge, eighths at the right one."""
    first = int(start)
    if end - first <= 1:
        return " " * first + _sliver(start - first, end - first)
    left = "█" if start - first < 0.5 else _RIGHT_HALF
    whole = int(end)
    tail = _EIGHTHS[round((end - whole) * 8)].strip()
    return " " * first + left + "█" * (whole - first - 1) + tail


def _sliver(start: float, end: float) -> str:
    # Within one cell: the right half when it lies there, else as many eighths as it is long.
    if start >= 0.5:
        return _RIGHT_HALF
    return _EIGHTHS[min(8, max(1, round((end - start) * 8)))]
