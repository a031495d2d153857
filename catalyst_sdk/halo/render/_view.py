"""What every form of the report says, before it is laid out."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Literal, NamedTuple

from catalyst_sdk.findings import Evidence, Finding, Report
from catalyst_sdk.halo._matcher import SQL_PREFIX
from catalyst_sdk.halo._summary import impact_parts
from catalyst_sdk.halo._words import clean, count, duration, percent, tokens, usd

__all__ = [
    "METHOD",
    "Line",
    "Segment",
    "checks",
    "citations",
    "evidence_ids",
    "figures",
    "impact_line",
    "read_line",
    "related",
    "segments",
    "since",
    "when",
]

METHOD = (
    "Every detector reads all traces by SQL over span facts; nothing is sampled. A share of runs "
    "is given with its 95% Wilson interval. Severity follows from what a problem does (breaks, "
    "degrades, wastes) and the lower bound of its share. Rank is severity weight (critical 1000, "
    "high 100, medium 10, low 1) × lower bound of the share of runs × (1 + the larger of the parts "
    "of tokens, money and time wasted). Quotes are cut from the cited span and looked up in it "
    "again; what is not found is dropped. Totals of waste count each span once."
)

_CODE = re.compile(r"`([^`]*)`")
_ID_DIGITS = 8


class Segment(NamedTuple):
    """A piece of a sentence: plain words, or a name set as code."""

    text: str
    code: bool


class Line(NamedTuple):
    """A label and what stands behind it."""

    label: str
    text: str


def segments(text: str) -> Iterator[Segment]:
    """Split a sentence of ours at its backticks."""
    for number, piece in enumerate(_CODE.split(clean(text))):
        if piece:
            yield Segment(piece, code=number % 2 == 1)


def when(ns: int) -> str:
    """Give a moment as `9 Oct 2025 08:53`, UTC."""
    moment = datetime.fromtimestamp(ns // 10**9, tz=timezone.utc)
    return f"{moment.day} {moment:%b %Y %H:%M}"


def period(first: int, last: int) -> str:
    """Give a stretch of time, the day once when it is the same."""
    if not first:
        return ""
    start, end = when(first), when(last)
    if start == end:
        return f"{start} UTC"
    same_day = start[:-6] == end[:-6]
    return f"{start} to {end[-5:] if same_day else end} UTC"


def figures(report: Report) -> list[Line]:
    """What was read, as figures."""
    totals = report.totals
    used = totals.prompt_tokens + totals.completion_tokens
    return [
        Line("Runs", count(totals.traces)),
        Line("Spans", count(totals.spans)),
        *([Line("Sessions", count(totals.sessions))] if totals.sessions else []),
        Line("With errors", count(totals.traces_with_errors)),
        Line("Tokens", tokens(used)),
        Line("Cost", usd(totals.cost_usd) if totals.cost_usd else "not recorded"),
        Line("Time", period(totals.first_ns, totals.last_ns) or "unknown"),
    ]


def read_line(report: Report) -> str:
    """What was asked for: window and filter, "" when everything was read."""
    asked = [
        f"last {report.window}" if report.window[:1].isdigit() else report.window,
        f"filter {report.filter}" if report.filter else "",
    ]
    return clean(" · ".join(part for part in asked if part))


def citations(report: Report) -> str:
    """How many citations were tried and how many stood."""
    if not report.citations_total:
        return "no citations"
    dropped = report.citations_total - report.citations_verified
    end = f", {dropped} dropped" if dropped else ""
    return f"{report.citations_verified} of {report.citations_total} citations verified{end}"


def impact_line(finding: Finding) -> str:
    """What it costs, in one line."""
    return " · ".join(impact_parts(finding))


def since(finding: Finding) -> str:
    """Since when it is seen, and how sure it is."""
    impact = finding.impact
    seen = period(impact.first_seen_ns, impact.last_seen_ns)
    return f"seen {seen} · confidence {percent(finding.confidence)}" if seen else ""


def evidence_ids(evidence: Evidence) -> tuple[str, str]:
    """Trace and span, as short as they can still be looked up."""
    return clean(evidence.trace_id)[:_ID_DIGITS], clean(evidence.span_id)[:_ID_DIGITS]


def checks(report: Report, finding: Finding) -> str:
    """The command that recounts a finding, or that looks for it again."""
    files = " ".join(shlex.quote(clean(source)) for source in report.sources[:3]) or "FILE"
    if finding.matcher.startswith(SQL_PREFIX):
        return f"catalyst halo run {files}"
    flags = " ".join(f"--file {shlex.quote(clean(s))}" for s in report.sources[:3])
    return f"catalyst span list {shlex.quote(clean(finding.matcher))} {flags}".rstrip()


def check_words(finding: Finding) -> str:
    """What the command shows once the problem is mended."""
    if finding.matcher.startswith(SQL_PREFIX):
        return f"on new traces: {finding.id} must be gone"
    return "on new traces: must list nothing"


def related(report: Report, finding: Finding) -> list[tuple[int, Finding]]:
    """Other findings of the report that show in the same runs, with their rank."""
    return [
        (rank, other)
        for rank, other in enumerate(report.findings, 1)
        if other.id in finding.related
    ]


Form = Literal["full", "short"]


def form_of(finding: Finding) -> Form:
    """Minor findings are told in short where space is dear."""
    return "short" if finding.severity in ("low", "info") else "full"


def took(report: Report) -> str:
    """How the report was made and how long it took."""
    return f"{report.method} · {duration(report.elapsed_s)}"
