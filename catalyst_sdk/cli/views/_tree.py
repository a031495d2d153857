"""`--view tree`: what each step was given and what it gave."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from catalyst_sdk.cli._format import amount, duration
from catalyst_sdk.cli._lines import Exchange, cut, pad, quoted
from catalyst_sdk.cli._theme import Theme
from catalyst_sdk.cli.views._forest import Fold, Node, rows
from catalyst_sdk.cli.views._labels import label, with_rests
from catalyst_sdk.spans import SpanFacts

_PREVIEW_LEAST = 16


def tree(theme: Theme, spans: Sequence[SpanFacts], fold: Fold) -> list[Text]:
    """Draw a trace as a tree: status, kind, name, time, tokens, input and output."""
    shown = with_rests(theme, rows(spans, fold), fold.more)
    room = theme.screen.width
    labels = [rest or label(theme, node, room) for node, rest in shown]
    tokens = [Text("") if rest else _tokens(theme, node) for node, rest in shown]
    most = max((text.cell_len for text in tokens), default=0)
    least = 10 + most + _PREVIEW_LEAST
    widest = max((text.cell_len for text in labels), default=0)
    width = min(widest, max(24, min(room * 9 // 20, room - least))) if _tty(theme) else widest
    lines: list[Text] = []
    for (node, rest), name, used in zip(shown, labels, tokens, strict=True):
        if rest is not None:
            lines.append(_fitted(theme, rest))
            continue
        line = pad(cut(name, width, theme.mark("more")), width)
        line += Text(f"  {_duration(node):>7}", style=theme.role("muted"))
        line += pad(used, most + 2, "right") if most else Text("")
        rest_room = room - line.cell_len - 2 if _tty(theme) else 1_000_000
        preview = _preview(theme, node, rest_room)
        lines.append(_fitted(theme, line + Text("  ") + preview if preview else line))
    return lines


def _tty(theme: Theme) -> bool:
    return theme.screen.tty


def _fitted(theme: Theme, line: Text) -> Text:
    line.rstrip()
    return cut(line, theme.screen.width, theme.mark("more")) if _tty(theme) else line


def _duration(node: Node) -> str:
    return duration(node.duration_ns) if node.facts.end_ns else "open"


def _tokens(theme: Theme, node: Node) -> Text:
    facts = node.repeats or [node.facts]
    if not any(one.has_usage for one in facts) or node.facts.kind not in ("LLM", "EMBEDDING"):
        return Text("")
    given = sum(one.prompt_tokens for one in facts)
    made = sum(one.completion_tokens for one in facts)
    return Text(f"{amount(given)}{theme.mark('arrow')}{amount(made)}", style=theme.role("muted"))


def _preview(theme: Theme, node: Node, room: int) -> Text:
    facts = node.facts
    if facts.error_message or node.failed:
        return quoted(facts.error_message or facts.error_type, theme.role("error"))
    given = "" if facts.kind == "LLM" else facts.input_preview
    made = facts.output_preview
    if facts.tools_called:
        made = f"{theme.mark('tool')} {', '.join(facts.tools_called)}"
    return Exchange(theme, given, made).fit(room)
