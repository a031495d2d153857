"""What a problem costs, how severe it is, and its place in the report. One table for all."""

from __future__ import annotations

from collections.abc import Sequence

from catalyst_sdk.findings import Impact, Severity, Totals
from catalyst_sdk.halo._candidate import Candidate, Harm
from catalyst_sdk.halo._dataset import Dataset
from catalyst_sdk.halo._stats import wilson

__all__ = ["WEIGHTS", "burden", "confidence", "measure", "score", "severity", "total_waste"]

WEIGHTS: dict[Severity, float] = {
    "critical": 1000.0,
    "high": 100.0,
    "medium": 10.0,
    "low": 1.0,
    "info": 0.1,
}
"""A step in severity outweighs ten times the share of runs."""

_LIMITS: dict[Harm, tuple[tuple[float, Severity], ...]] = {
    "breaks": ((0.10, "critical"), (0.01, "high"), (0.0, "medium")),
    "degrades": ((0.15, "high"), (0.02, "medium"), (0.0, "low")),
    "wastes": ((0.25, "high"), (0.05, "medium"), (0.0, "low")),
    "hygiene": ((0.0, "low"),),
}
"""Lower bound of the share of runs (of `wastes`: the part of the window's tokens, money or time)
from which a problem has a severity."""


def measure(data: Dataset, candidate: Candidate) -> tuple[Impact, list[str]]:
    """Count a candidate's traces (given in time order), occurrences and waste."""
    rows = data.store.query(
        "SELECT trace_id, min(start_ns) AS first, max(start_ns) AS last, count() AS spans "
        f"FROM spans WHERE {candidate.where} GROUP BY trace_id ORDER BY first, trace_id"
    )
    low, high = wilson(len(rows), data.totals.traces)
    wasted = total_waste(data, [candidate.waste])
    impact = Impact(
        traces_affected=len(rows),
        traces_total=data.totals.traces,
        share_low=round(low, 6),
        share_high=round(high, 6),
        occurrences=sum(row["spans"] for row in rows),
        wasted_tokens=int(wasted[0]),
        usd=round(wasted[1], 6),
        added_seconds=round(wasted[2], 3),
        first_seen_ns=min((row["first"] for row in rows), default=0),
        last_seen_ns=max((row["last"] for row in rows), default=0),
    )
    return impact, [row["trace_id"] for row in rows]


def total_waste(data: Dataset, queries: Sequence[str]) -> tuple[int, float, float]:
    """Add up tokens, USD and seconds wasted; a span that several queries name counts once."""
    union = "\nUNION ALL\n".join(
        "SELECT trace_id, span_id, toFloat64(tokens) AS tokens, toFloat64(usd) AS usd, "
        f"toFloat64(seconds) AS seconds FROM ({query})"
        for query in queries
        if query
    )
    if not union:
        return 0, 0.0, 0.0
    row = data.row(
        "SELECT sum(t) AS tokens, sum(u) AS usd, sum(s) AS seconds FROM (SELECT max(tokens) AS t, "
        f"max(usd) AS u, max(seconds) AS s FROM ({union}) GROUP BY trace_id, span_id)"
    )
    return int(row["tokens"]), float(row["usd"]), float(row["seconds"])


def burden(impact: Impact, totals: Totals, run_seconds: float) -> float:
    """Give the largest part of the window's tokens, money or time that is wasted, 0 to 1."""
    parts = (
        (impact.wasted_tokens, totals.prompt_tokens + totals.completion_tokens),
        (impact.usd, totals.cost_usd),
        (impact.added_seconds, run_seconds),
    )
    return min(1.0, max(part / whole if whole > 0 else 0.0 for part, whole in parts))


def severity(candidate: Candidate, impact: Impact, cost: float) -> Severity:
    """Give the severity of a harm; at most medium when fewer than three runs show it."""
    hits = impact.traces_affected if candidate.broken is None else candidate.broken
    share, _ = wilson(hits, impact.traces_total)
    value = cost if candidate.harm == "wastes" else share
    found: Severity = next(
        (level for least, level in _LIMITS[candidate.harm] if value >= least), "low"
    )
    return "medium" if hits < 3 and WEIGHTS[found] > WEIGHTS["medium"] else found


def confidence(candidate: Candidate, impact: Impact) -> float:
    """Give the rule's certainty, less when few runs show it: x n / (n + 1)."""
    seen = impact.traces_affected
    return round(candidate.certainty * seen / (seen + 1), 2)


def score(level: Severity, impact: Impact, cost: float) -> float:
    """Give what findings are ranked by: weight of severity x lower bound of share x (1 + cost)."""
    return round(WEIGHTS[level] * impact.share_low * (1 + cost), 6)
