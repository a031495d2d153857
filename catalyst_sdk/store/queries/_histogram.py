"""How many traces started when, and how they ended: the bars above a list."""

from __future__ import annotations

import msgspec

from catalyst_sdk.store.queries._selection import EVERYTHING, Selection
from catalyst_sdk.store.queries._source import TraceSource, Windowed

BUCKETS = 64

_BARS = """
SELECT toInt64(least(intDiv(greatest(start_ns, {first:Int64}) - {first:Int64}, {step:Int64}),
  {last:Int64})) AS bucket, toInt64(count()) AS traces,
  toInt64(countIf(status = 'ERROR')) AS errors
FROM traces WHERE %s GROUP BY bucket
"""
_ENDS = "SELECT min(start_ns) AS first, max(start_ns) AS last, toInt64(count()) AS found FROM spans"


class Histogram(msgspec.Struct, frozen=True, kw_only=True):
    """Traces by start: bucket n covers [start + n·step, start + (n+1)·step) nanoseconds."""

    start_ns: int
    end_ns: int
    step_ns: int
    ok: list[int]
    """Traces in which nothing failed, by bucket."""
    error: list[int]


def ends(source: TraceSource, selection: Selection) -> tuple[int, int] | None:
    """Give the stretch [start, end) asked for; open sides are the data's own. None: no data."""
    start, end = selection.start_ns, selection.end_ns
    if start is None or end is None:
        known = source.ends() if isinstance(source, Windowed) else _ends(source)
        if known is None:
            return None
        start = known[0] if start is None else start
        end = known[1] + 1 if end is None else end
    return start, max(end, start + 1)


def _ends(source: TraceSource) -> tuple[int, int] | None:
    row = source.query(_ENDS)[0]
    return (int(row["first"]), int(row["last"])) if row["found"] else None


def histogram(
    source: TraceSource, selection: Selection = EVERYTHING, *, buckets: int = BUCKETS
) -> Histogram:
    """Count the traces by when they started, in *buckets* of equal length, by status."""
    found = ends(source, selection)
    if found is None:
        return Histogram(start_ns=0, end_ns=0, step_ns=0, ok=[], error=[])
    start, end = found
    step = max(1, -(-(end - start) // buckets))
    source, selection = selection.settled(source)
    condition, params = selection.of_traces(source)
    rows = source.query(
        _BARS % condition, {**params, "first": start, "step": step, "last": buckets - 1}
    )
    ok, error = [0] * buckets, [0] * buckets
    for row in rows:
        error[row["bucket"]] = row["errors"]
        ok[row["bucket"]] = row["traces"] - row["errors"]
    return Histogram(
        start_ns=start, end_ns=start + step * buckets, step_ns=step, ok=ok, error=error
    )
