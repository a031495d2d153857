"""The three sentences at the top: how it stands, what costs most, what to do first."""

from __future__ import annotations

from collections.abc import Sequence

from catalyst_sdk.findings import Finding, Report
from catalyst_sdk.halo._words import count, duration, listing, percent, tokens, usd

__all__ = ["impact_parts", "summarise", "title_of", "waste_words"]

_WORTH = ("critical", "high", "medium")


def title_of(agents: Sequence[str]) -> str:
    """Name the report after its agents."""
    return listing(list(agents), limit=3) or "Traces without an agent's name"


def summarise(report: Report) -> str:
    """Write the summary: for someone who reads nothing else."""
    totals, worth = report.totals, [f for f in report.findings if f.severity in _WORTH]
    were = "was" if totals.traces == 1 else "were"
    read = f"{count(totals.traces, 'run')} with {count(totals.spans, 'span')} {were} read"
    if not report.findings:
        return f"{read}; no detector found anything to change."
    if not worth:
        minor = count(len(report.findings), "minor remark")
        return f"{read}; nothing in them needs action. {minor} {_are(len(report.findings))} below."
    touched = len({trace for finding in worth for trace in finding.trace_ids})
    first = worth[0]
    sentences = [
        f"{read}; {_touched(touched, totals.traces)} "
        + (
            f"at least one of {len(worth)} problems worth mending."
            if len(worth) > 1
            else "the one problem worth mending."
        ),
        f"First of all: {_lower(first.title)}.",
    ]
    wasted = waste_words(report)
    if wasted:
        sentences.append(f"All findings together cost {wasted}; each span is counted once.")
    else:
        sentences.append(f"Start there: {_lower(first.fix.summary)}.")
    return " ".join(sentences)


def _touched(touched: int, runs: int) -> str:
    if runs == 1:
        return "it shows"
    if touched == runs:
        return "every one of them shows"
    verb = "shows" if touched == 1 else "show"
    return f"{touched:,} of them ({percent(touched / max(1, runs))}) {verb}"


def waste_words(report: Report) -> str:
    """Say what all findings waste, in parts of the whole; "" when it is nothing much."""
    totals, waste = report.totals, report.waste
    parts: list[str] = []
    whole = totals.prompt_tokens + totals.completion_tokens
    if whole and waste.tokens >= 0.005 * whole:
        share = percent(min(1.0, waste.tokens / whole))
        parts.append(f"about {tokens(waste.tokens)} tokens ({share} of all)")
    if waste.usd >= 0.0005:
        parts.append(usd(waste.usd))
    if waste.seconds >= 1:
        parts.append(f"{duration(waste.seconds)} of waiting")
    return listing(parts)


def impact_parts(finding: Finding) -> list[str]:
    """Say what a finding costs, part by part: runs with their interval, tokens, money, time."""
    impact = finding.impact
    parts = [
        f"{count(impact.traces_affected)} of {count(impact.traces_total, 'run')} "
        f"({percent(impact.traces_affected / max(1, impact.traces_total))}, 95% interval "
        f"{_interval(impact.share_low, impact.share_high)})"
    ]
    if impact.wasted_tokens:
        parts.append(f"{tokens(impact.wasted_tokens)} tokens")
    if impact.usd >= 0.0005:
        parts.append(usd(impact.usd))
    if impact.added_seconds >= 0.5:
        parts.append(f"{duration(impact.added_seconds)} lost")
    return parts


def _interval(low: float, high: float) -> str:
    return f"{percent(low).removesuffix('%')} to {percent(high)}"


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _lower(sentence: str) -> str:
    """Begin a sentence in the middle of another; names and code keep their letters."""
    first = sentence.split(" ", 1)[0]
    keeps = not first[:1].isupper() or first[1:2].isupper() or first in ("I",)
    return (sentence if keeps else sentence[:1].lower() + sentence[1:]).rstrip(".")
