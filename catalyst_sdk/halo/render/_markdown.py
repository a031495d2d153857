"""The report as Markdown. Words from traces are data: escaped, or set as code."""

from __future__ import annotations

import re
from collections.abc import Iterator

from catalyst_sdk.findings import Evidence, Finding, Report
from catalyst_sdk.halo._words import clean
from catalyst_sdk.halo.render._view import (
    METHOD,
    check_words,
    checks,
    citations,
    evidence_ids,
    figures,
    impact_line,
    read_line,
    related,
    segments,
    since,
    took,
)

__all__ = ["render_markdown"]

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!$&@])|(?<=\w)(:)(?=//)")
_LINE_START = re.compile(r"^(\s*(?:\d+(?=[.)](?:\s|$)))?)([-+=.)])")


def render_markdown(report: Report) -> str:
    """Give the report as GitHub-flavoured Markdown."""
    return "\n".join(_lines(report)).rstrip() + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield f"# Halo: {_plain(report.title)}"
    yield ""
    yield _text(report.summary)
    yield ""
    yield "| " + " | ".join(line.label for line in figures(report)) + " |"
    yield "| " + " | ".join("---" for _ in figures(report)) + " |"
    yield "| " + " | ".join(_plain(line.text) for line in figures(report)) + " |"
    yield ""
    asked = read_line(report)
    data = f" · data set `{report.dataset_hash[:12]}`" if report.dataset_hash else ""
    yield f"{took(report)} · {citations(report)}{data}" + (f" · {_plain(asked)}" if asked else "")
    for rank, finding in enumerate(report.findings, 1):
        yield ""
        yield from _finding(report, rank, finding)
    yield from _rest(report)


def _finding(report: Report, rank: int, finding: Finding) -> Iterator[str]:
    yield f"## {rank}. {_text(finding.title)}"
    yield ""
    yield f"**{finding.severity}** · {finding.category} · {_plain(impact_line(finding))}  "
    yield f"{since(finding)} · `{finding.id}`"
    yield ""
    yield _text(finding.summary)
    yield ""
    yield "**Evidence**"
    yield ""
    yield from (_evidence(one) for one in finding.evidence)
    yield ""
    yield f"**Why.** {_text(finding.root_cause)}"
    yield ""
    yield f"**Fix ({finding.fix.where}).** {_text(finding.fix.summary)}"
    yield ""
    yield from (f"{number}. {_text(step)}" for number, step in enumerate(finding.fix.steps, 1))
    if finding.fix.patch:
        yield ""
        yield _fenced(finding.fix.patch)
    yield ""
    yield f"**Check** {_text(check_words(finding))}: {_code(checks(report, finding))}"
    others = [f"{rank}. {_text(other.title)}" for rank, other in related(report, finding)]
    if others:
        yield ""
        yield "See also " + "; ".join(others)
    if finding.merged:
        yield ""
        yield f"The same spans were also named by {', '.join(finding.merged)}."


def _rest(report: Report) -> Iterator[str]:
    for title, lines in (
        ("In order", report.healthy),
        ("Not looked at", report.not_looked_at),
        ("Unreadable lines", _bad_lines(report)),
        ("Method", [METHOD]),
    ):
        if lines:
            yield ""
            yield f"## {title}"
            yield ""
            yield from (f"- {_text(line)}" for line in lines)


def _bad_lines(report: Report) -> list[str]:
    shown = [f"{bad.source}, line {bad.line}: {bad.reason}" for bad in report.bad_lines[:10]]
    left = report.bad_line_count - len(shown)
    return [*shown, f"and {left:,} more"] if left > 0 else shown


def _evidence(evidence: Evidence) -> str:
    trace, span = evidence_ids(evidence)
    note = f" ({_text(evidence.note)})" if evidence.note else ""
    quote = f" {_code(evidence.quote)}" if evidence.quote else ""
    return f"- `{trace}` `{span}`{quote}{note}"


def _text(text: str) -> str:
    """One line of ours: names between backticks stay code, everything else is escaped."""
    line = "".join(_code(s.text) if s.code else _escaped(s.text) for s in segments(text))
    return _LINE_START.sub(r"\1\\\2", line)


def _plain(text: str) -> str:
    return _LINE_START.sub(r"\1\\\2", _escaped(text))


def _escaped(text: str) -> str:
    line = " ".join(clean(text).split("\n"))
    return _SPECIAL.sub(lambda found: "\\" + found.group(), line)


def _code(text: str) -> str:
    """Set words as code, between more backticks than they hold."""
    line = " ".join(clean(text).split("\n"))
    fence = "`" * (1 + max((len(run) for run in re.findall(r"`+", line)), default=0))
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}" if line.strip() else ""


def _fenced(text: str) -> str:
    block = clean(text)
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", block)), default=0))
    return f"{fence}text\n{block}\n{fence}"
