"""Times that cannot be: spans before their parents, ends before starts."""

from __future__ import annotations

from collections.abc import Iterator

from catalyst_sdk.findings import Fix
from catalyst_sdk.halo._candidate import Candidate, Cite
from catalyst_sdk.halo._dataset import Dataset
from catalyst_sdk.halo._words import code, count, duration
from catalyst_sdk.halo.detectors._detector import detector
from catalyst_sdk.halo.detectors._sql import pairs

__all__ = ["clock_skew"]

_EARLY = """
SELECT c.trace_id AS trace_id, c.span_id AS span_id, c.service AS service, p.service AS above,
  p.start_ns - c.start_ns AS early
FROM (SELECT trace_id, span_id, parent_span_id, service, start_ns FROM spans
      WHERE parent_span_id != '') AS c
JOIN (SELECT trace_id, span_id, service, start_ns FROM spans) AS p
  ON c.trace_id = p.trace_id AND c.parent_span_id = p.span_id
WHERE p.start_ns > c.start_ns + 50000000
"""


@detector(
    "clock-skew",
    category="instrumentation",
    looks_for="Spans that start before their parent, or end before they start.",
    needs=("parent_span_id != ''", "spans with a parent"),
    in_order="clocks agree",
    family="clock",
    min_traces=(2, "one may be a clock being set"),
)
def clock_skew(data: Dataset) -> Iterator[Candidate]:
    """Yield a candidate when times contradict each other."""
    where = (
        f"({pairs(f'SELECT trace_id, span_id FROM ({_EARLY})')} OR end_ns != 0 AND end_ns < "
        "start_ns)"
    )
    row = data.row(
        f"SELECT uniqExact(trace_id) AS traces, count() AS spans FROM spans WHERE {where}"
    )
    if not data.is_case(row["traces"]):
        return
    off = data.rows(f"""
SELECT above, service, count() AS spans, quantileExact(0.5)(early) / 1e9 AS seconds
FROM ({_EARLY}) GROUP BY above, service ORDER BY spans DESC, above, service LIMIT 1""")
    between = (
        ""
        if not off
        else f" Between {code(off[0]['above'])} and {code(off[0]['service'])} it is typically "
        f"{duration(off[0]['seconds'])}."
        if off[0]["above"] != off[0]["service"]
        else f" Typically it is {duration(off[0]['seconds'])}."
    )
    two = bool(off) and off[0]["above"] != off[0]["service"]
    yield Candidate(
        key=("clock",),
        where=where,
        title=(
            "Clocks of two services disagree, so spans start before what called them"
            if two
            else "Spans start before their parent or end before they start, so durations are wrong"
        ),
        summary=f"{count(row['spans'], 'span')} in {count(row['traces'], 'run')} are impossible in "
        f"time by more than 50 ms.{between}",
        root_cause=(
            "The hosts' clocks are not synchronised."
            if two
            else "Times are set by hand, converted from another time zone or taken from a wall "
            "clock that was set during the run."
        ),
        fix=Fix(
            summary="Synchronise the clocks." if two else "Let the SDK take the times.",
            where="infra" if two else "harness",
            steps=[
                "Run NTP (chrony) on every host that sends traces."
                if two
                else "Do not pass start and end times by hand; or take both from one clock."
            ],
        ),
        harm="hygiene",
        certainty=0.9,
        cite=Cite("fact", anchor="name", note=lambda _: "impossible start or end"),
    )
