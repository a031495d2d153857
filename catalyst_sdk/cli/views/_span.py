"""`span get`: one span, its input and output, attributes, events and links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from rich.highlighter import JSONHighlighter
from rich.text import Text

from catalyst_sdk.cli._format import amount, block, cost, duration, moment, one_line
from catalyst_sdk.cli._lines import cut, heading, indented, quoted, spread, styled, wrapped
from catalyst_sdk.cli._theme import Theme
from catalyst_sdk.cli.views._thread import turn_lines
from catalyst_sdk.spans import Event, Link, Span, SpanFacts
from catalyst_sdk.store.queries import single

if TYPE_CHECKING:
    from catalyst_sdk.spans import Conversation

_SUMMARY_LINES = 12


def span_header(theme: Theme, facts: SpanFacts) -> list[Text]:
    """Draw what the span was, when, how long and how it ended."""
    mark, color = theme.status(facts.status, ended=bool(facts.end_ns))
    muted = theme.role("muted")
    name = styled(
        (mark + " ", color),
        (theme.letter(facts.kind) + " ", "bold " + theme.kind(facts.kind)),
        (one_line(facts.name) or "(unnamed)", "bold"),
        ("  " + facts.kind.lower(), theme.kind(facts.kind)),
    )
    ids = Text(f"{facts.trace_id} {facts.span_id}", style=muted)
    lines = [spread(name, ids, theme.screen.width), *indented(theme, _figures(theme, facts))]
    lines += indented(theme, [Text(part, style=muted) for part in _who(facts)])
    if facts.status == "ERROR":
        told = ": ".join(one_line(part) for part in (facts.error_type, facts.error_message) if part)
        lines.append(
            _indented(theme, Text(told or "failed without a message", style=theme.role("error")))
        )
    return lines


def _indented(theme: Theme, line: Text) -> Text:
    line = Text("  ") + line
    return cut(line, theme.screen.width, theme.mark("more")) if theme.screen.tty else line


def _figures(theme: Theme, facts: SpanFacts) -> Sequence[Text | str]:
    arrow = theme.mark("arrow")
    used = f"{amount(facts.prompt_tokens)}{arrow}{amount(facts.completion_tokens)} tokens"
    return [
        moment(facts.start_ns),
        duration(facts.duration_ns) if facts.end_ns else "never ended",
        one_line(facts.model),
        used if facts.has_usage else "",
        cost(facts.cost_usd),
        one_line(facts.finish_reason),
        one_line(facts.tool_name) if facts.tool_name != facts.name else "",
    ]


def _who(facts: SpanFacts) -> list[str]:
    named = (
        ("agent", facts.agent_name or facts.agent_id),
        ("session", facts.session_id),
        ("user", facts.user_id),
        ("service", facts.service),
        ("parent", facts.parent_span_id),
    )
    return [f"{what} {one_line(value)}" for what, value in named if value]


def span_io(
    theme: Theme, facts: SpanFacts, talk: Conversation, parts: Mapping[str, str], *, full: bool
) -> list[Text]:
    """Draw input and output: as messages for a model call, else as text or coloured JSON."""
    lines: list[Text] = []
    messages = {"input": talk.input_messages, "output": talk.output_messages}
    for title in ("input", "output"):
        if facts.kind == "LLM" and messages[title]:
            body = [
                line
                for message in messages[title]
                for line in turn_lines(theme, single(message), full=full)
            ]
        else:
            body = _value(theme, parts.get(title, ""), full=full)
        lines += [Text(), heading(theme, title.capitalize()), *body]
    return lines


def _value(theme: Theme, text: str, *, full: bool) -> list[Text]:
    if not text.strip():
        return [Text("  (empty)", style=theme.role("muted"))]
    lines = _json(theme, text) or [
        Text(line)
        for line in wrapped(text, theme.screen.width - 2 if theme.screen.tty else 1_000_000)
    ]
    if theme.screen.tty and not full and len(lines) > _SUMMARY_LINES + 1:
        rest = f"{theme.mark('more')} {len(lines) - _SUMMARY_LINES:,} more lines (--view io --full)"
        lines = [*lines[:_SUMMARY_LINES], Text(rest, style=theme.role("muted"))]
    return [Text("  ") + line for line in lines]


def _json(theme: Theme, text: str) -> list[Text]:
    """Colour JSON objects and lists, indented; nothing for any other text."""
    if text.lstrip()[:1] not in ("{", "["):
        return []
    try:
        pretty = msgspec.json.format(text, indent=2)
    except msgspec.MsgspecError:
        return []
    colored = Text(block(pretty))
    JSONHighlighter().highlight(colored)
    return [part for line in colored.split("\n") for part in _wrap(line, _room(theme))]


def _room(theme: Theme) -> int:
    return theme.screen.width - 2 if theme.screen.tty else 1_000_000


def _wrap(line: Text, width: int) -> list[Text]:
    from rich.console import Console

    return list(line.wrap(Console(width=width), width, no_wrap=False)) or [line]


def span_attributes(theme: Theme, span: Span, *, full: bool) -> list[Text]:
    """Draw attributes, resource and scope by name; values of one line unless *full*."""
    lines = [heading(theme, "Attributes"), *_pairs(theme, span.attributes, full=full)]
    if span.resource:
        lines += [Text(), heading(theme, "Resource"), *_pairs(theme, span.resource, full=full)]
    if span.scope_name:
        scope = {"name": span.scope_name, "version": span.scope_version}
        lines += [Text(), heading(theme, "Scope"), *_pairs(theme, scope)]
    return lines


def _pairs(theme: Theme, values: Mapping[str, Any], *, full: bool = False) -> list[Text]:
    if not values:
        return [Text("  (none)", style=theme.role("muted"))]
    widest = min(max(len(one_line(name)) for name in values), 40)
    lines: list[Text] = []
    for name in sorted(values):
        value = values[name]
        text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        head = styled((f"  {one_line(name):<{widest}}  ", theme.role("muted")))
        if full or not theme.screen.tty:
            room = max(20, _room(theme) - widest - 2)
            first, *more = wrapped(text, room) if theme.screen.tty else [one_line(text)]
            lines += [head + Text(first), *(Text(" " * (widest + 4) + line) for line in more)]
        else:
            lines.append(cut(head + quoted(text), theme.screen.width, theme.mark("more")))
    return lines


def span_events(theme: Theme, span: Span) -> list[Text]:
    """Draw events with their time since the span began."""
    lines: list[Text] = []
    for event in span.events:
        lines += _event(theme, span, event)
    return lines or [Text("no events", style=theme.role("muted"))]


def _event(theme: Theme, span: Span, event: Event) -> list[Text]:
    since = duration(max(0, event.time_ns - span.start_ns))
    head = styled((f"+{since:<8}", theme.role("muted")), (one_line(event.name), "bold"))
    body: list[Text] = []
    for name, value in event.attributes.items():
        text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        body.append(Text(f"  {one_line(name)}", style=theme.role("muted")))
        body += [Text("    " + line) for line in wrapped(text, max(20, _room(theme) - 2))]
    return [head, *body]


def span_links(theme: Theme, links: Sequence[Link]) -> list[Text]:
    """Draw the spans a span points to."""
    lines: list[Text] = []
    for link in links:
        lines.append(
            styled((link.trace_id, theme.role("accent")), " ", (link.span_id, theme.role("accent")))
        )
        lines += _pairs(theme, link.attributes) if link.attributes else []
    return lines or [Text("no links", style=theme.role("muted"))]
