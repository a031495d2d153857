"""What an analysis returns: findings with evidence, in a report. Plain values, JSON both ways."""

from __future__ import annotations

from typing import Literal

import msgspec

from catalyst_sdk.errors import BadLine

Category = Literal[
    "reliability", "latency", "cost", "tools", "quality", "security", "instrumentation"
]
Severity = Literal["critical", "high", "medium", "low", "info"]
SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low", "info")
"""Worst first."""


class Evidence(msgspec.Struct, kw_only=True):
    """One citation: a span, the words quoted from it, and whether the machine found them there."""

    trace_id: str
    span_id: str = ""
    quote: str = ""
    note: str = ""
    verified: bool = False


class Impact(msgspec.Struct, kw_only=True):
    """What a finding costs in the window analysed."""

    traces_affected: int
    traces_total: int
    share_low: float = 0.0
    """Lower bound of the 95 % Wilson interval of affected/total."""
    share_high: float = 1.0
    occurrences: int = 0
    wasted_tokens: int = 0
    usd: float = 0.0
    added_seconds: float = 0.0
    first_seen_ns: int = 0
    last_seen_ns: int = 0


class Fix(msgspec.Struct, kw_only=True):
    """What to change, and where."""

    summary: str
    where: Literal["prompt", "tool", "harness", "model", "infra"]
    steps: list[str] = []
    patch: str = ""
    """Code or prompt text to paste, "" when there is none."""


class Finding(msgspec.Struct, kw_only=True):
    """A systemic failure mode: what, how often, what it costs, why, and what to do."""

    id: str
    fingerprint: str
    """Stable over runs, rewording, renamed services and changed numbers."""
    title: str
    """Cause and effect in one sentence."""
    category: Category
    severity: Severity
    confidence: float
    """0 to 1."""
    summary: str
    root_cause: str
    impact: Impact
    fix: Fix
    matcher: str
    """The filter or SQL condition that recounts the affected spans."""
    trace_ids: list[str] = []
    """Every affected trace."""
    evidence: list[Evidence] = []
    detector: str = ""
    agents: list[str] = []
    """Ids (or names) of the agents concerned."""
    source: Literal["detector", "model"] = "detector"
    status: Literal["new", "ongoing", "regressed", "resolved"] = "new"
    verdict: Literal["open", "fixed", "wont_fix", "not_an_issue"] = "open"
    score: float = 0.0
    """What it is ranked by, larger is worse."""
    merged: list[str] = []
    """Other detectors that named the same spans; their findings are told as part of this one."""
    related: list[str] = []
    """Ids of findings of this report that share most of their traces or spans with this one."""


class Totals(msgspec.Struct, kw_only=True):
    """What was read."""

    traces: int = 0
    spans: int = 0
    sessions: int = 0
    errors: int = 0
    """Spans with status ERROR."""
    traces_with_errors: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float = 0.0
    first_ns: int = 0
    last_ns: int = 0


class Waste(msgspec.Struct, kw_only=True):
    """What all findings cost together; a span that several of them name counts once."""

    tokens: int = 0
    usd: float = 0.0
    seconds: float = 0.0


class Report(msgspec.Struct, kw_only=True):
    """The result of one run, ranked worst first."""

    title: str
    sources: list[str]
    agents: list[str]
    totals: Totals
    findings: list[Finding]
    summary: str = ""
    method: str = ""
    """`detectors only`, or the model's name."""
    window: str = ""
    filter: str = ""
    dataset_hash: str = ""
    waste: Waste = msgspec.field(default_factory=Waste)
    citations_total: int = 0
    """Tried; those whose words were not found in the cited span are dropped."""
    citations_verified: int = 0
    healthy: list[str] = []
    """What was checked and found in order."""
    not_looked_at: list[str] = []
    """What could not be checked, and why."""
    bad_lines: list[BadLine] = []
    bad_line_count: int = 0
    started_ns: int = 0
    elapsed_s: float = 0.0
    schema: int = 1

    def to_json(self, *, indent: int = 2) -> str:
        """Give the whole report as one JSON document."""
        return msgspec.json.format(msgspec.json.encode(self), indent=indent).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> Report:
        """Read back what `to_json` wrote."""
        return msgspec.json.decode(text, type=cls)
