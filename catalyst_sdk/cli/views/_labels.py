"""The left part of a tree row: status, branches, kind, name, model, repeats."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from catalyst_sdk.cli._format import one_line, plural
from catalyst_sdk.cli._lines import styled
from catalyst_sdk.cli._theme import Theme
from catalyst_sdk.cli.views._forest import Node

_NAME_LIMIT = 60


def label(theme: Theme, node: Node, room: int) -> Text:
    """Name one row; branches deeper than a third of *room* become the level's number."""
    facts = node.facts
    mark, color = theme.status(facts.status, ended=bool(facts.end_ns))
    name = one_line(facts.name)[:_NAME_LIMIT] or "(unnamed)"
    model = "" if not facts.model or facts.model in name else " " + one_line(facts.model)
    repeats = f" {theme.mark('times')}{len(node.repeats)}" if node.repeats else ""
    return styled(
        (mark + " ", color),
        (branches(theme, node, room // 3), theme.role("muted")),
        (theme.letter(facts.kind) + " ", "bold " + theme.kind(facts.kind)),
        (name, color if node.failed else ""),
        (model, theme.role("muted")),
        (repeats, "bold"),
    )


def branches(theme: Theme, node: Node, room: int) -> str:
    """Draw the lines that lead to a row."""
    if not node.depth:
        return ""
    own = theme.mark("last" if node.last else "fork")
    if 3 * node.depth > max(room, 9):
        return f"{theme.mark('deep')}{node.depth} {own}"
    return "".join(theme.mark("gap" if gone else "pipe") for gone in node.trunk) + own


def with_rests(theme: Theme, nodes: Sequence[Node], more: str) -> list[tuple[Node, Text | None]]:
    """Give each row, and after the last row below a span what is hidden there, if anything is."""
    shown: list[tuple[Node, Text | None]] = []
    open_rests: list[Node] = []
    for node in nodes:
        while open_rests and open_rests[-1].depth >= node.depth:
            shown.append((open_rests[-1], _rest(theme, open_rests.pop(), more)))
        shown.append((node, None))
        if node.hidden:
            open_rests.append(node)
    shown.extend((node, _rest(theme, node, more)) for node in reversed(open_rests))
    return shown


def _rest(theme: Theme, node: Node, more: str) -> Text:
    trunk = (*node.trunk, node.last) if node.depth else ()
    inner = "".join(theme.mark("gap" if gone else "pipe") for gone in trunk[:12])
    text = f"{theme.mark('more')} {plural(node.hidden, 'more span')} ({more})"
    return styled((f"  {inner}{theme.mark('last')}{text}", theme.role("muted")))
