"""`--view summary`: what a trace was, what went wrong, what took long."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from catalyst_sdk.cli._format import amount, cost, duration, moment, one_line, plural, short_length
from catalyst_sdk.cli._items import Row
from catalyst_sdk.cli._lines import cut, heading, indented, spread, styled, wrapped
from catalyst_sdk.cli._theme import Theme
from catalyst_sdk.cli.views._forest import Fold
from catalyst_sdk.cli.views._tree import tree
from catalyst_sdk.spans import SpanFacts

_TOP = 3
_STEPS = 24
_TEXT_LINES = 3


def trace_summary(theme: Theme, row: Row, spans: Sequence[SpanFacts]) -> list[Text]:
    """Draw the header, input and output, errors, slowest steps and the top of the tree."""
    lines = trace_header(theme, row)
    for title, text in (("Input", row["input_preview"]), ("Output", row["output_preview"])):
        lines += _excerpt(theme, title, text)
    lines += _errors(theme, spans)
    lines += _slowest(theme, spans)
    lines += [Text(), heading(theme, "Steps")]
    depth = None if len(spans) <= _STEPS else 2
    lines += tree(theme, spans, Fold(depth=depth, rows=_STEPS, by_name=False, more="--view tree"))
    return lines


def trace_header(theme: Theme, row: Row) -> list[Text]:
    """Draw who ran, when, for how long and at what price."""
    mark, color = theme.status(row["status"])
    muted = theme.role("muted")
    width = theme.screen.width
    name = styled((mark + " ", color), (one_line(row["name"]) or "(unnamed)", "bold"))
    named = [
        f"{what} {one_line(row[key])}"
        for what, key in (
            ("agent", "agent_name"),
            ("session", "session_id"),
            ("user", "user_id"),
            ("service", "service"),
        )
        if row[key]
    ]
    who = [Text(part, style=muted) for part in named]
    return [
        spread(name, Text(row["trace_id"], style=muted), width),
        *indented(theme, who),
        *indented(theme, _figures(theme, row)),
    ]


def _figures(theme: Theme, row: Row) -> Sequence[Text | str]:
    errors = int(row["error_count"])
    arrow = theme.mark("arrow")
    tokens = (
        f"{amount(int(row['prompt_tokens']))}{arrow}{amount(int(row['completion_tokens']))} tokens"
    )
    return [
        moment(int(row["start_ns"])),
        duration(int(row["duration_ns"])),
        _counts(row),
        Text(plural(errors, "error"), style=theme.role("error")) if errors else "",
        tokens if row["total_tokens"] else "",
        cost(row["cost_usd"]),
        ", ".join(one_line(model) for model in row["models"]),
    ]


def _counts(row: Row) -> str:
    parts = [(int(row["llm_count"]), "LLM"), (int(row["tool_count"]), "tool")]
    inner = ", ".join(f"{number:,} {what}" for number, what in parts if number)
    return plural(int(row["span_count"]), "span") + (f" ({inner})" if inner else "")


def _excerpt(theme: Theme, title: str, text: str) -> list[Text]:
    if not text.strip():
        return []
    width = theme.screen.width - 2
    shown = wrapped(text, width, limit=_TEXT_LINES if theme.screen.tty else 0)
    return [Text(), heading(theme, title), *(Text("  " + line) for line in shown)]


def _errors(theme: Theme, spans: Sequence[SpanFacts]) -> list[Text]:
    failed = sorted(
        (span for span in spans if span.status == "ERROR"),
        key=lambda span: span.end_ns or span.start_ns,
    )
    if not failed:
        return []
    more = f"{len(failed) - _TOP:,} more: --errors" if len(failed) > _TOP else ""
    lines = [Text(), heading(theme, "Errors", more)]
    digits = short_length(span.span_id for span in spans)
    for span in failed[:_TOP]:
        line = styled(
            (f"  {theme.mark('error')} ", theme.role("error")),
            (span.span_id[:digits], theme.role("accent")),
            f"  {one_line(span.name)}  ",
            (one_line(span.error_message or span.error_type), theme.role("error")),
        )
        lines.append(_cut(theme, line))
    return lines


def _slowest(theme: Theme, spans: Sequence[SpanFacts]) -> list[Text]:
    parents = {span.parent_span_id for span in spans}
    leaves = [span for span in spans if span.span_id not in parents and span.duration_ns]
    if len(leaves) <= _TOP:
        return []
    lines = [Text(), heading(theme, "Slowest")]
    digits = short_length(span.span_id for span in spans)
    for span in sorted(leaves, key=lambda span: -span.duration_ns)[:_TOP]:
        model = "" if span.model in span.name else " " + one_line(span.model)
        line = styled(
            f"  {duration(span.duration_ns):>7}  ",
            (theme.letter(span.kind) + " ", "bold " + theme.kind(span.kind)),
            (span.span_id[:digits], theme.role("accent")),
            f"  {one_line(span.name)}",
            (model, theme.role("muted")),
        )
        lines.append(_cut(theme, line))
    return lines


def _cut(theme: Theme, line: Text) -> Text:
    return cut(line, theme.screen.width, theme.mark("more")) if theme.screen.tty else line
