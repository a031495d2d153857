"""How severe a problem is, and its place in the report. One table for all detectors."""

from __future__ import annotations

from catalyst_sdk.findings import Impact, Severity, Totals
from catalyst_sdk.halo._candidate import Candidate, Harm
from catalyst_sdk.halo._stats import wilson

__all__ = ["WEIGHTS", "burden", "confidence", "score", "severity"]

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
    "degrades": ((0.15, "high"), (0.005, "medium"), (0.0, "low")),
    "wastes": ((0.25, "high"), (0.05, "medium"), (0.0, "low")),
    "hygiene": ((0.0, "low"),),
}
"""Lower bound of the share of runs (of `wastes`: the part of the window's tokens, money or time)
from which a problem has a severity."""


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
    levels: list[Severity] = [level for least, level in _LIMITS[candidate.harm] if value >= least]
    found = levels[0]
    return "medium" if hits < 3 and WEIGHTS[found] > WEIGHTS["medium"] else found


def confidence(candidate: Candidate, impact: Impact) -> float:
    """Give the rule's certainty, less when few runs show it: x n / (n + 1)."""
    seen = impact.traces_affected
    return round(candidate.certainty * seen / (seen + 1), 2)


def score(level: Severity, impact: Impact, cost: float) -> float:
    """Give what findings are ranked by: weight of severity x lower bound of share x (1 + cost)."""
    return round(WEIGHTS[level] * impact.share_low * (1 + cost), 6)
