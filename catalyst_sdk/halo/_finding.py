"""From a candidate to a finding: counted, weighed, cited and verified."""

from __future__ import annotations

import hashlib
import re

import msgspec

from catalyst_sdk.findings import Evidence, Finding
from catalyst_sdk.halo._candidate import Candidate
from catalyst_sdk.halo._dataset import Dataset
from catalyst_sdk.halo._evidence import cite, verify
from catalyst_sdk.halo._matcher import SQL_PREFIX
from catalyst_sdk.halo._weigh import burden, confidence, measure, score, severity
from catalyst_sdk.halo.detectors._detector import Detector
from catalyst_sdk.halo.detectors._sql import AGENT

__all__ = ["Made", "fingerprint", "make"]

_LINE_BREAK = re.compile(r"\s*\n\s*")
"""Between words of SQL only: `literal` escapes those inside quotes."""


class Made(msgspec.Struct, kw_only=True):
    """A finding with what the later stages still need of its candidate."""

    finding: Finding
    candidate: Candidate
    family: str
    cost: float
    citations: int
    """Tried; those not verified are dropped from the finding."""


def fingerprint(detector: str, key: tuple[str, ...]) -> str:
    """Name a problem by its detector and key alone."""
    return hashlib.sha256("\x1f".join((detector, *key)).encode()).hexdigest()[:16]


def make(
    data: Dataset, detector: Detector, candidate: Candidate, run_seconds: float
) -> Made | None:
    """Count and cite a candidate; None when its condition matches nothing."""
    impact, traces = measure(data, candidate)
    if not traces:
        return None
    cost = burden(impact, data.totals, run_seconds)
    level = severity(candidate, impact, cost)
    name = fingerprint(detector.name, candidate.key)
    tried = cite(data, candidate, traces)
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
        matcher=candidate.filter or SQL_PREFIX + _LINE_BREAK.sub(" ", candidate.where),
        trace_ids=traces,
        evidence=[_checked(data, evidence) for evidence in tried],
        detector=detector.name,
        agents=_agents(data, candidate.where),
        score=score(level, impact, cost),
    )
    finding.evidence = [evidence for evidence in finding.evidence if evidence.verified]
    return Made(
        finding=finding,
        candidate=candidate,
        family=detector.family,
        cost=cost,
        citations=len(tried),
    )


def _checked(data: Dataset, evidence: Evidence) -> Evidence:
    evidence.verified = verify(data, evidence)
    return evidence


def _agents(data: Dataset, where: str) -> list[str]:
    rows = data.rows(
        f"SELECT DISTINCT {AGENT} AS agent FROM traces WHERE trace_id IN "
        f"(SELECT trace_id FROM spans WHERE {where}) AND agent != '' ORDER BY agent"
    )
    return [row["agent"] for row in rows]
