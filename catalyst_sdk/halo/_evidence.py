"""Citations of findings: which spans, which words, and whether they are really there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from catalyst_sdk.errors import CatalystError
from catalyst_sdk.findings import Evidence
from catalyst_sdk.halo._candidate import Candidate, Cite
from catalyst_sdk.halo._dataset import Dataset
from catalyst_sdk.halo._literal import literal
from catalyst_sdk.halo._measure import Pick
from catalyst_sdk.halo._quote import holds, quote_from

__all__ = ["Rows", "choose", "cite", "rows_of", "verify"]

_TRACES = 4
"""Cited by one finding at most; with what its candidate adds, five citations."""

Rows = dict[tuple[str, str], dict[str, Any]]
"""Rows of `spans` by their ids."""


def choose(data: Dataset, candidate: Candidate, picks: Sequence[Pick]) -> list[Pick]:
    """Choose the spans to cite: the worst, or the first, the last and what lies between."""
    if len(picks) < 3:
        return _several_each(data, candidate, picks)
    if candidate.cite.worst:
        return sorted(picks, key=lambda pick: -pick.weight)[:_TRACES]
    most = min(_TRACES, len(picks))
    return [picks[round(n * (len(picks) - 1) / (most - 1))] for n in range(most)]


def _several_each(data: Dataset, candidate: Candidate, picks: Sequence[Pick]) -> list[Pick]:
    """Take more spans of each when only one or two traces are affected."""
    order = f"{candidate.cite.worst} DESC, start_ns" if candidate.cite.worst else "start_ns"
    rows = data.store.query(
        f"SELECT trace_id, span_id FROM spans WHERE {data.pinned(candidate.where)} ORDER BY "
        f"trace_id, {order}, span_id LIMIT {4 - len(picks)} BY trace_id"
    )
    return [
        Pick(row["trace_id"], row["span_id"])
        for pick in picks
        for row in rows
        if row["trace_id"] == pick.trace_id
    ]


def rows_of(data: Dataset, picks: Iterable[Pick]) -> Rows:
    """Read the facts of the spans to cite, all at once."""
    pairs = ", ".join(
        f"({literal(trace_id)}, {literal(span_id)})"
        for trace_id, span_id in sorted({(pick.trace_id, pick.span_id) for pick in picks})
    )
    if not pairs:
        return {}
    rows = data.store.query(f"SELECT * FROM spans WHERE (trace_id, span_id) IN ({pairs})")
    return {(row["trace_id"], row["span_id"]): row for row in rows}


def cite(data: Dataset, candidate: Candidate, picks: Sequence[Pick], rows: Rows) -> list[Evidence]:
    """Quote the chosen spans, and look the words up again; `verified` says whether they stood."""
    found = [_evidence(data, rows[(p.trace_id, p.span_id)], candidate.cite) for p in picks]
    if candidate.also and picks:
        first = rows[(picks[0].trace_id, picks[0].span_id)]
        found.insert(0, _evidence(data, first, candidate.also))
    for evidence in found:
        evidence.verified = verify(data, evidence)
    return found


def _evidence(data: Dataset, row: dict[str, Any], how: Cite) -> Evidence:
    span = data.store.span(row["trace_id"], row["span_id"])
    return Evidence(
        trace_id=row["trace_id"],
        span_id=row["span_id"],
        quote=quote_from(span, how, row["kind"]),
        note=how.note(row),
    )


def verify(data: Dataset, evidence: Evidence) -> bool:
    """Read the cited span again and tell whether the quoted words stand in it."""
    try:
        span = data.store.span(evidence.trace_id, evidence.span_id)
    except CatalystError:
        return False
    return holds(span, evidence.quote)
