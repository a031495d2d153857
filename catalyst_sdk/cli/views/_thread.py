"""`--view thread`: a trace as the conversation it was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.markdown import Markdown
from rich.text import Text

from catalyst_sdk.cli._format import amount, block, duration, one_line
from catalyst_sdk.cli._lines import cut, joined, styled, wrapped
from catalyst_sdk.cli._screen import Screen
from catalyst_sdk.cli._theme import Theme
from catalyst_sdk.spans import SpanFacts
from catalyst_sdk.store.queries import Call, Turn, transcript

if TYPE_CHECKING:
    from catalyst_sdk.spans import Conversation

_LINES = 16
_SYSTEM_LINES = 4
_ROLES = {
    "system": "muted",
    "developer": "muted",
    "user": "accent",
    "tool": "warn",
    "function": "warn",
}


def thread(
    theme: Theme,
    talks: Sequence[tuple[SpanFacts, Conversation]],
    spans: Sequence[SpanFacts],
    *,
    full: bool,
) -> list[Text]:
    """Draw the messages of a trace in order; long ones are cut unless *full*."""
    lines: list[Text] = []
    for turn in transcript(talks, spans):
        lines += [Text()] if lines else []
        lines += turn_lines(theme, turn, full=full)
    return lines


def turn_lines(theme: Theme, turn: Turn, *, full: bool) -> list[Text]:
    """Draw one message under a bar of its role's colour."""
    color = theme.role(_ROLES[turn.role]) if turn.role in _ROLES else theme.kind("LLM")
    body = _text(theme, turn, full=full)
    for call in turn.calls:
        body += _call(theme, call, full=full)
    bar = styled((theme.mark("bar") + " ", color))
    head = styled(
        (one_line(turn.role), "bold " + color), ("  " + _figures(theme, turn), theme.role("muted"))
    )
    head.rstrip()
    return [bar + head, *(bar + line for line in body)]


def _figures(theme: Theme, turn: Turn) -> str:
    span = turn.span
    extras = ", ".join(f"[{extra}]" for extra in turn.extras)
    if span is None:
        return extras
    used = (
        f"{amount(span.prompt_tokens)}{theme.mark('arrow')}{amount(span.completion_tokens)} tokens"
    )
    parts: list[Text | str] = [
        one_line(span.model),
        duration(span.duration_ns) if span.end_ns else "",
        used if span.has_usage else "",
        extras,
    ]
    return joined(parts, f" {theme.mark('dot')} ").plain


def _room(theme: Theme) -> int:
    return theme.screen.width - 2 if theme.screen.tty else 1_000_000


def _text(theme: Theme, turn: Turn, *, full: bool) -> list[Text]:
    if not turn.text.strip():
        return []
    limit = _SYSTEM_LINES if turn.role in ("system", "developer") else _LINES
    if turn.role == "assistant" and theme.screen.tty and not theme.screen.ascii:
        lines = _markdown(theme.screen, turn.text)
    else:
        style = theme.role("muted") if turn.role in ("system", "developer") else ""
        lines = [Text(line, style=style) for line in wrapped(turn.text, _room(theme))]
    if full or not theme.screen.tty or len(lines) <= limit + 1:
        return lines
    rest = f"{theme.mark('more')} {len(lines) - limit:,} more lines (--full)"
    return [*lines[:limit], Text(rest, style=theme.role("muted"))]


def _markdown(screen: Screen, text: str) -> list[Text]:
    narrow = Screen(tty=True, width=screen.width - 2, color=screen.color)
    # No links: a model's text must not hide where one leads.
    drawn = narrow.draw(Markdown(block(text), hyperlinks=False)).rstrip("\n")
    lines = [Text.from_ansi(line) for line in drawn.split("\n")]
    for line in lines:
        line.rstrip()
    return lines


def _call(theme: Theme, call: Call, *, full: bool) -> list[Text]:
    asked = styled(
        (theme.mark("tool") + " ", theme.role("warn")),
        (one_line(call.name), "bold"),
        ("(" + one_line(call.arguments) + ")", theme.role("muted")),
    )
    outcome = call.outcome
    if not outcome.known:
        return _limited(theme, [asked], full)
    took = duration(outcome.duration_ns) if outcome.duration_ns else ""
    mark = theme.mark("error") + " " if outcome.failed else ""
    color = theme.role("error") if outcome.failed else ""
    answer = styled(
        (f"  {theme.mark('arrow')} ", theme.role("muted")),
        (took + "  " if took else "", theme.role("muted")),
        (mark + (one_line(outcome.text) or "(empty)"), color),
    )
    return _limited(theme, [asked, answer], full)


def _limited(theme: Theme, lines: list[Text], full: bool) -> list[Text]:
    if not theme.screen.tty:
        return lines
    if not full:
        return [cut(line, _room(theme), theme.mark("more")) for line in lines]
    from rich.console import Console

    console = Console(width=_room(theme))
    return [part for line in lines for part in line.wrap(console, _room(theme))]
