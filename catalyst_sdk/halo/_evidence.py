"""Citations of a finding: which spans, which words, and whether they are really there."""

from __future__ import annotations

from collections.abc import Sequence

from catalyst_sdk.errors import CatalystError
from catalyst_sdk.findings import Evidence
from catalyst_sdk.halo._candidate import Candidate, Cite, Row
from catalyst_sdk.halo._dataset import Dataset
from catalyst_sdk.halo._quote import holds, quote_from
from catalyst_sdk.halo.detectors._sql import any_of

__all__ = ["cite", "verify"]

MOST = 5
"""Citations of one finding."""


def cite(data: Dataset, candidate: Candidate, traces: Sequence[str]) -> list[Evidence]:
    """Choose up to five affected spans, spread over *traces* (in time order), and quote them."""
    chosen = _worst(data, candidate) if candidate.cite.worst else _spread(traces)
    each = -(-3 // max(1, len(chosen)))
    scope = f"({candidate.where})"
    if candidate.cite.where:
        scope += f" AND ({candidate.cite.where})"
    order = f"{candidate.cite.worst} DESC, start_ns" if candidate.cite.worst else "start_ns"
    rows = data.rows(
        f"SELECT * FROM spans WHERE {scope} AND trace_id IN {any_of(chosen)} "
        f"ORDER BY trace_id, {order}, span_id LIMIT {each} BY trace_id"
    )
    if candidate.also and rows:
        rows = rows[: MOST - 1]
    rank = {trace_id: place for place, trace_id in enumerate(chosen)}
    rows = sorted(rows, key=lambda row: rank[row["trace_id"]])[:MOST]
    evidence = [_evidence(data, row, candidate.cite) for row in rows]
    if candidate.also and rows:
        evidence.insert(0, _evidence(data, rows[0], candidate.also))
    return evidence


def _evidence(data: Dataset, row: Row, how: Cite) -> Evidence:
    span = data.store.span(row["trace_id"], row["span_id"])
    return Evidence(
        trace_id=row["trace_id"],
        span_id=row["span_id"],
        quote=quote_from(span, how, row["kind"]),
        note=how.note(row),
    )


def _spread(traces: Sequence[str]) -> list[str]:
    """Take the first, the last and what lies evenly between."""
    most = min(4, len(traces))
    if most < 2:
        return list(traces)
    return [traces[round(n * (len(traces) - 1) / (most - 1))] for n in range(most)]


def _worst(data: Dataset, candidate: Candidate) -> list[str]:
    rows = data.rows(
        f"SELECT trace_id FROM spans WHERE {candidate.where} GROUP BY trace_id "
        f"ORDER BY max({candidate.cite.worst}) DESC, min(start_ns), trace_id LIMIT 4"
    )
    return [row["trace_id"] for row in rows]


def verify(data: Dataset, evidence: Evidence) -> bool:
    """Read the cited span again and tell whether the quoted words stand in it."""
    try:
        span = data.store.span(evidence.trace_id, evidence.span_id)
    except CatalystError:
        return False
    return holds(span, evidence.quote)
