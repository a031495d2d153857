"""What a candidate affects and wastes, counted over all traces by its own conditions."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from catalyst_sdk.findings import Impact, Waste
from catalyst_sdk.halo._candidate import Candidate
from catalyst_sdk.halo._dataset import Dataset
from catalyst_sdk.halo._stats import wilson

__all__ = ["Measured", "Pick", "Spent", "measure", "spans_of", "spent_on", "together"]


class Pick(msgspec.Struct, frozen=True):
    """An affected trace and the span of it to cite."""

    trace_id: str
    span_id: str
    weight: float = 0.0
    """How bad it is, when the candidate says what is worst."""


class Measured(msgspec.Struct, kw_only=True):
    """A candidate's impact and its traces in time order."""

    impact: Impact
    picks: list[Pick]
    spent: Spent


class Spent(msgspec.Struct, kw_only=True):
    """What each wasted span used: parallel lists, spans by their hash."""

    spans: list[int] = []
    tokens: list[float] = []
    usd: list[float] = []
    seconds: list[float] = []


def measure(data: Dataset, candidate: Candidate) -> Measured | None:
    """Count a candidate's traces, occurrences and waste; None when it matches nothing."""
    worst = candidate.cite.worst
    pick = (
        f"argMax(span_id, ({worst}, -start_ns, span_id))"
        if worst
        else ("argMin(span_id, (start_ns, span_id))")
    )
    weight = f"max(toFloat64({worst}))" if worst else "0."
    rows = data.store.query(
        f"SELECT trace_id, min(start_ns) AS first, max(start_ns) AS last, count() AS spans, {pick} "
        f"AS pick, {weight} AS weight FROM spans WHERE {data.pinned(candidate.where)} GROUP BY "
        "trace_id ORDER BY first, trace_id"
    )
    if not rows:
        return None
    low, high = wilson(len(rows), data.totals.traces)
    spent = spent_on(data, candidate.waste)
    waste = together([spent])
    impact = Impact(
        traces_affected=len(rows),
        traces_total=data.totals.traces,
        share_low=round(low, 6),
        share_high=round(high, 6),
        occurrences=sum(row["spans"] for row in rows),
        wasted_tokens=waste.tokens,
        usd=waste.usd,
        added_seconds=waste.seconds,
        first_seen_ns=rows[0]["first"],
        last_seen_ns=max(row["last"] for row in rows),
    )
    picks = [Pick(row["trace_id"], row["pick"], row["weight"]) for row in rows]
    return Measured(impact=impact, picks=picks, spent=spent)


def spent_on(data: Dataset, query: str) -> Spent:
    """Run a query of waste."""
    if not query:
        return Spent()
    row = data.store.query(
        "SELECT groupArray(h) AS spans, groupArray(t) AS tokens, groupArray(u) AS usd, "
        "groupArray(s) AS seconds FROM (SELECT cityHash64(trace_id, span_id) AS h, "
        "max(toFloat64(tokens)) AS t, max(toFloat64(usd)) AS u, max(toFloat64(seconds)) AS s FROM "
        f"({query}) GROUP BY h)"
    )[0]
    return Spent(
        spans=list(row["spans"]),
        tokens=list(row["tokens"]),
        usd=list(row["usd"]),
        seconds=list(row["seconds"]),
    )


def together(spendings: Iterable[Spent]) -> Waste:
    """Add up what was wasted; a span that several name counts once, at its largest."""
    tokens: dict[int, float] = {}
    usd: dict[int, float] = {}
    seconds: dict[int, float] = {}
    for spent in spendings:
        for total, values in (
            (tokens, spent.tokens),
            (usd, spent.usd),
            (seconds, spent.seconds),
        ):
            for span, value in zip(spent.spans, values, strict=True):
                if value > total.get(span, 0.0):
                    total[span] = value
    return Waste(
        tokens=round(sum(tokens.values())),
        usd=round(sum(usd.values()), 6),
        seconds=round(sum(seconds.values()), 3),
    )


def spans_of(data: Dataset, where: str) -> set[int]:
    """Give the affected spans by their hash."""
    row = data.store.query(
        "SELECT groupUniqArray(cityHash64(trace_id, span_id)) AS spans FROM spans WHERE "
        f"{data.pinned(where)}"
    )[0]
    return set(row["spans"])
