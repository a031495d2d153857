"""What findings on outside limits have in common."""

from __future__ import annotations

from catalyst_sdk.findings import Fix
from catalyst_sdk.halo._candidate import Candidate, Cite, Row
from catalyst_sdk.halo._dataset import Dataset
from catalyst_sdk.halo._words import duration, share
from catalyst_sdk.halo.detectors._sql import turn_waste
from catalyst_sdk.halo.detectors.reliability._groups import (
    ErrorGroup,
    group_filter,
    group_where,
)

__all__ = ["ended_words", "limit_candidate"]


def ended_words(group: ErrorGroup) -> str:
    if not group.broken:
        return "every run went on"
    if group.broken == group.traces:
        return "every one of them ended there"
    return f"{share(group.broken, group.traces, 'runs')} ended there"


def limit_candidate(
    data: Dataset,
    group: ErrorGroup,
    error_class: str,
    *,
    title: str,
    summary: str,
    root_cause: str,
    fix: Fix,
) -> Candidate:
    where = group_where(group, error_class)
    return Candidate(
        key=(group.kind, group.site),
        where=where,
        title=title,
        summary=summary,
        root_cause=root_cause,
        fix=fix,
        harm="breaks" if group.broken else "degrades",
        broken=group.broken or None,
        certainty=0.95,
        filter=group_filter(group),
        waste=turn_waste(data.pinned(where)),
        cite=Cite("error", note=_took),
    )


def _took(row: Row) -> str:
    return f"took {duration(row['duration_ns'] / 1e9)}" if row["duration_ns"] else ""
