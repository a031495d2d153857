"""The report for a terminal: one coloured edge a finding, the width of the screen, no more."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from catalyst_sdk.errors import MissingExtra
from catalyst_sdk.findings import Evidence, Finding, Report, Severity
from catalyst_sdk.halo._words import clean, count
from catalyst_sdk.halo.render._view import (
    Line,
    check_words,
    checks,
    citations,
    evidence_ids,
    figures,
    form_of,
    impact_line,
    read_line,
    related,
    segments,
    since,
    took,
)

if TYPE_CHECKING:
    from rich.console import Group, RenderableType
    from rich.text import Text

__all__ = ["render_terminal"]

_STYLES: dict[Severity, str] = {
    "critical": "bold red",
    "high": "yellow",
    "medium": "blue",
    "low": "bright_black",
    "info": "bright_black",
}
_MUTED = "bright_black"
_LABELS = 8
"""Columns of the labels at the left of a finding."""
_WIDEST = 120


def render_terminal(report: Report, *, width: int = 100, color: bool = False) -> str:
    """Give the report as text for a terminal; raises MissingExtra without the extra [cli]."""
    try:
        from rich.console import Console
    except ImportError as error:
        raise MissingExtra("cli", "The report in the terminal") from error
    screen = io.StringIO()
    console = Console(
        file=screen,
        width=max(40, min(width, _WIDEST)),
        force_terminal=color,
        color_system="256" if color else None,
        no_color=not color,
        highlight=False,
        emoji=False,
        markup=False,
        legacy_windows=False,
    )
    for part in _parts(report):
        console.print(part)
    lines = (line.rstrip() for line in screen.getvalue().splitlines())
    return "\n".join(lines).rstrip() + "\n"


def _parts(report: Report) -> list[RenderableType]:
    parts: list[RenderableType] = [*_head(report), _line(report.summary), ""]
    for rank, finding in enumerate(report.findings, 1):
        parts += [_card(report, rank, finding), ""]
    for title, lines in (
        ("In order", report.healthy),
        ("Not looked at", report.not_looked_at),
        ("Unreadable lines", _bad_lines(report)),
    ):
        if lines:
            parts += [_styled(title, "bold"), *(_bullet(line) for line in lines), ""]
    return parts


def _head(report: Report) -> list[RenderableType]:
    from rich.text import Text

    top = Text.assemble(("HALO ", "bold cyan"), (clean(report.title), "bold"))
    read = " · ".join(
        line.text if line.label == "Time" else f"{line.text} {_noun(line)}"
        for line in figures(report)
        if line.text not in ("not recorded", "0") or line.label == "Runs"
    )
    parts = [took(report), citations(report)]
    if report.dataset_hash:
        parts.append(f"data set {report.dataset_hash[:12]}")
    if read_line(report):
        parts.append(read_line(report))
    return [top, _styled(read, _MUTED), _styled(" · ".join(parts), _MUTED), ""]


def _noun(line: Line) -> str:
    noun = line.label[:1].lower() + line.label[1:]
    return noun.removesuffix("s") if line.text == "1" and noun != "with errors" else noun


def _card(report: Report, rank: int, finding: Finding) -> RenderableType:
    from rich.box import Box
    from rich.console import Group
    from rich.panel import Panel

    edge = Box("▌   \n▌   \n▌   \n▌   \n▌   \n▌   \n▌   \n▌   \n")
    body = (
        _short(report, rank, finding)
        if form_of(finding) == "short"
        else _full(report, rank, finding)
    )
    panel = Panel(Group(*body), box=edge, border_style=_STYLES[finding.severity], padding=(0, 1))
    return _without_frame(panel)


def _without_frame(panel: Any) -> Group:
    """Keep the left edge of a panel and leave out the empty lines above and below."""
    from rich.console import Console, ConsoleOptions, Group, RenderResult
    from rich.segment import Segment, Segments

    class Edge:
        def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
            lines = console.render_lines(panel, options, pad=False)[1:-1]
            for line in lines:
                yield Segments([*line, Segment.line()])

    return Group(Edge())


def _heading(rank: int, finding: Finding) -> Group:
    from rich.console import Group
    from rich.text import Text

    head = Text.assemble((f"{rank}  ", "bold"), (finding.severity, _STYLES[finding.severity]))
    head.append(f" · {finding.category} · {finding.id}", _MUTED)
    return Group(head, _line(finding.title, style="bold"))


def _short(report: Report, rank: int, finding: Finding) -> list[RenderableType]:
    first = finding.evidence[:1]
    return [
        _heading(rank, finding),
        _styled(impact_line(finding), _MUTED),
        *(_labelled("Seen" if n == 0 else "", _chip(one)) for n, one in enumerate(first)),
        _labelled("Fix", _line(finding.fix.summary)),
    ]


def _full(report: Report, rank: int, finding: Finding) -> list[RenderableType]:
    fix = finding.fix
    body: list[RenderableType] = [
        _heading(rank, finding),
        _styled(impact_line(finding), "bold" if finding.severity == "critical" else ""),
        _styled(since(finding), _MUTED),
        "",
        _line(finding.summary),
        "",
        *(
            _labelled("Seen" if number == 0 else "", _chip(one))
            for number, one in enumerate(finding.evidence)
        ),
        _labelled("Why", _line(finding.root_cause)),
        _labelled("Fix", _fix_line(finding)),
        *(_labelled("", _step(number, step)) for number, step in enumerate(fix.steps, 1)),
    ]
    if fix.patch:
        body += [
            _labelled("", _styled(f"│ {clean(line)}", "cyan")) for line in fix.patch.splitlines()
        ]
    body.append(_labelled("Check", _styled(checks(report, finding), "cyan")))
    body.append(_labelled("", _styled(check_words(finding), _MUTED)))
    for other_rank, other in related(report, finding):
        body.append(_labelled("See", _line(f"{other_rank} {other.title}", style=_MUTED)))
    if finding.merged:
        also = ", ".join(finding.merged)
        body.append(_labelled("", _styled(f"the same spans were also named by {also}", _MUTED)))
    return body


def _fix_line(finding: Finding) -> Text:
    text = _line(finding.fix.summary, style="bold")
    text.append(f"  ({finding.fix.where})", _MUTED)
    return text


def _step(number: int, step: str) -> RenderableType:
    from rich.table import Table

    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=2, no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(_styled(f"{number}.", _MUTED), _line(step))
    return grid


def _chip(evidence: Evidence) -> Text:
    from rich.text import Text

    trace, span = evidence_ids(evidence)
    text = Text.assemble((trace, "cyan"), " ", (span, "cyan"), "  ")
    if evidence.quote:
        text.append(f"“{' '.join(clean(evidence.quote).split())}”")
    if evidence.note:
        text.append("  ")
        text.append_text(_line(evidence.note, style=_MUTED))
    return text


def _labelled(label: str, content: RenderableType) -> RenderableType:
    from rich.table import Table

    grid = Table.grid(padding=0, expand=True)
    grid.add_column(width=_LABELS, no_wrap=True, style=_MUTED)
    grid.add_column(ratio=1, overflow="fold")
    grid.add_row(label, content)
    return grid


def _bullet(line: str) -> RenderableType:
    from rich.padding import Padding

    return Padding(_line(line), (0, 0, 0, 2))


def _line(text: str, *, style: str = "") -> Text:
    """A sentence of ours: names between backticks in colour."""
    from rich.text import Text

    line = Text(style=style, overflow="fold")
    for segment in segments(text):
        line.append(segment.text, "magenta" if segment.code else "")
    return line


def _styled(text: str, style: str) -> Text:
    from rich.text import Text

    return Text(clean(text), style=style, overflow="fold")


def _bad_lines(report: Report) -> list[str]:
    shown = [f"{bad.source}, line {bad.line}: {bad.reason}" for bad in report.bad_lines[:5]]
    left = report.bad_line_count - len(shown)
    return [*shown, f"and {count(left)} more"] if left > 0 else shown
