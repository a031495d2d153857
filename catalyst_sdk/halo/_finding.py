"""From a candidate to a finding: counted, weighed, and later cited."""

from __future__ import annotations

import hashlib
import re

import msgspec

from catalyst_sdk.findings import Finding
from catalyst_sdk.halo._candidate import Candidate
from catalyst_sdk.halo._dataset import Dataset
from catalyst_sdk.halo._evidence import choose, cite, rows_of
from catalyst_sdk.halo._matcher import SQL_PREFIX, condition_of
from catalyst_sdk.halo._measure import Pick, Spent, measure
from catalyst_sdk.halo._weigh import burden, confidence, score, severity
from catalyst_sdk.halo.detectors._detector import Detector

__all__ = ["Made", "cite_all", "fingerprint", "make"]

_LINE_BREAK = re.compile(r"\s*\n\s*")
"""Between words of SQL only: `literal` escapes those inside quotes."""


class Made(msgspec.Struct, kw_only=True):
    """A finding with what the later stages still need of its candidate."""

    finding: Finding
    candidate: Candidate
    family: str
    cost: float
    picks: list[Pick]
    spent: Spent


def fingerprint(detector: str, key: tuple[str, ...]) -> str:
    """Name a problem by its detector and key alone."""
    return hashlib.sha256("\x1f".join((detector, *key)).encode()).hexdigest()[:16]


def make(data: Dataset, detector: Detector, candidate: Candidate) -> Made | None:
    """Count and weigh a candidate; None when its condition matches nothing."""
    measured = measure(data, candidate)
    if measured is None:
        return None
    impact = measured.impact
    cost = burden(impact, data.totals, data.run_seconds())
    level = severity(candidate, impact, cost)
    name = fingerprint(detector.name, candidate.key)
    traces = [pick.trace_id for pick in measured.picks]
    finding = Finding(
        id=f"{detector.name}-{name[:6]}",
        fingerprint=name,
        title=candidate.title,
        category=detector.category,
        severity=level,
        confidence=confidence(candidate, impact),
        summary=candidate.summary,
        root_cause=candidate.root_cause,
        impact=impact,
        fix=candidate.fix,
        matcher=_matcher(data, candidate),
        trace_ids=traces,
        detector=detector.name,
        agents=sorted({data.agent_of(trace) for trace in traces} - {""}),
        score=score(level, impact, cost),
    )
    return Made(
        finding=finding,
        candidate=candidate,
        family=detector.family,
        cost=cost,
        picks=choose(data, candidate, measured.picks),
        spent=measured.spent,
    )


def _matcher(data: Dataset, candidate: Candidate) -> str:
    """Give the filter when it fits exactly the same spans, else the condition itself."""
    if candidate.filter:
        condition, params = condition_of(candidate.filter)
        here = data.pinned(candidate.where)
        other = f"SELECT countIf(({here}) != ({condition})) AS n FROM spans"
        if not data.store.query(other, params)[0]["n"]:
            return candidate.filter
    return SQL_PREFIX + _LINE_BREAK.sub(" ", candidate.where)


def cite_all(data: Dataset, made: list[Made]) -> int:
    """Cite all findings, keep what is verified, and give how many citations were tried."""
    rows = rows_of(data, (pick for one in made for pick in one.picks))
    tried = 0
    for one in made:
        evidence = cite(data, one.candidate, one.picks, rows)
        tried += len(evidence)
        one.finding.evidence = [each for each in evidence if each.verified]
    return tried
