"""One problem, one finding: those that name the same spans are merged or tied together."""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

from catalyst_sdk.findings import SEVERITIES
from catalyst_sdk.halo._dataset import Dataset
from catalyst_sdk.halo._finding import Made
from catalyst_sdk.halo._measure import spans_of
from catalyst_sdk.halo._weigh import score

__all__ = ["explain", "merge", "relate"]

_SPECIFIC = (
    *("quota", "rate-limit", "timeout", "context-overflow", "soft-error", "run-ending-error"),
    *("failing-tool", "recovered-error"),
    *("retry-storm", "same-mistake", "alternating-loop", "repeated-call"),
    *("cut-output", "invalid-json", "empty-answer", "empty-result"),
)
"""Within a family the first of two that name the same spans is the one that says more."""
_EXPLAINS = {
    "step-limit": ("no-answer",),
    "cut-output": ("no-answer",),
    "empty-answer": ("no-answer",),
    "blocked-answer": ("no-answer", "empty-answer"),
}
"""A finding that is the reason of another one in the same runs."""
_MOSTLY = 0.6
"""The general finding is mostly the specific one; what is left of it has a finding of its own."""
_INSIDE = 0.8
_MINOR = 0.5
_TOGETHER = 0.5


class _Overlap(NamedTuple):
    first: float
    """Part of the first one's spans that the second has, too."""
    second: float


def merge(data: Dataset, made: list[Made]) -> list[Made]:
    """Let a finding absorb those of its family that say the same of the same spans."""
    kept = sorted(made, key=lambda m: (_rank(m), m.finding.id))
    spans: dict[str, set[int]] = {}
    for first, second in combinations(list(kept), 2):
        if first.family != second.family or first not in kept or second not in kept:
            continue
        if not set(first.finding.trace_ids) & set(second.finding.trace_ids):
            continue
        for one in (first, second):
            if one.finding.id not in spans:
                spans[one.finding.id] = spans_of(data, one.candidate.where)
        overlap = _overlap(spans[first.finding.id], spans[second.finding.id])
        if overlap.second >= _MOSTLY:
            _absorb(first, second)
            kept.remove(second)
        elif (
            overlap.first >= _INSIDE
            and overlap.second < _MINOR
            and _severity(second) <= _severity(first)
        ):
            _absorb(second, first)
            kept.remove(first)
        elif overlap.first > 0:
            _tie(first, second)
    return kept


def explain(made: list[Made]) -> list[Made]:
    """Let a finding absorb those that are its consequence in the same runs."""
    kept = list(made)
    for reason in made:
        for other in made:
            follows = other.finding.detector in _EXPLAINS.get(reason.finding.detector, ())
            if not follows or reason not in kept or other not in kept:
                continue
            runs = set(other.finding.trace_ids)
            if len(runs & set(reason.finding.trace_ids)) >= _INSIDE * len(runs):
                _absorb(reason, other)
                kept.remove(other)
    return kept


def relate(made: list[Made]) -> None:
    """Tie findings of different families together that show in largely the same runs."""
    for first, second in combinations(made, 2):
        if "instrumentation" in (first.finding.category, second.finding.category):
            continue
        one, two = set(first.finding.trace_ids), set(second.finding.trace_ids)
        both = len(one & two)
        if (
            both >= _TOGETHER * len(one | two)
            and len(one) < 0.8 * first.finding.impact.traces_total
        ):
            _tie(first, second)
    ids = {m.finding.id for m in made}
    for m in made:
        m.finding.related = [other for other in m.finding.related if other in ids]


def _rank(made: Made) -> tuple[int, int]:
    name = made.finding.detector
    return (_SPECIFIC.index(name) if name in _SPECIFIC else len(_SPECIFIC), _severity(made))


def _severity(made: Made) -> int:
    return SEVERITIES.index(made.finding.severity)


def _overlap(one: set[int], two: set[int]) -> _Overlap:
    both = len(one & two)
    return _Overlap(both / max(1, len(one)), both / max(1, len(two)))


def _absorb(winner: Made, loser: Made) -> None:
    kept, gone = winner.finding, loser.finding
    kept.merged = sorted({*kept.merged, *gone.merged, gone.detector} - {kept.detector})
    kept.related = sorted({*kept.related, *gone.related} - {kept.id, gone.id})
    if _severity(loser) < _severity(winner):
        kept.severity = gone.severity
    winner.cost = max(winner.cost, loser.cost)
    kept.score = score(kept.severity, kept.impact, winner.cost)
    kept.confidence = max(kept.confidence, gone.confidence)


def _tie(first: Made, second: Made) -> None:
    one, two = first.finding, second.finding
    one.related = sorted({*one.related, two.id})
    two.related = sorted({*two.related, one.id})
