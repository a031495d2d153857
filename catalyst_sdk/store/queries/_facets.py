"""Which values occur how often."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

import msgspec

from catalyst_sdk.errors import ConfigError
from catalyst_sdk.store.queries._selection import EVERYTHING, Selection
from catalyst_sdk.store.queries._source import TraceSource

FACETS = {
    "agent": "if(agent_name != '', agent_name, agent_id)",
    "status": "status",
    "kind": "kind",
    "model": "model",
    "provider": "provider",
    "tool": "tool_name",
    "error": "error_signature",
    "error_type": "error_type",
    "finish": "finish_reason",
    "service": "service",
    "environment": "environment",
    "version": "service_version",
    "scope": "scope",
    "session": "session_id",
    "user": "user_id",
}
"""Facet, as the filter grammar names it, to SQL on a row of `spans`."""
COMMON_FACETS = (
    "agent",
    "status",
    "kind",
    "model",
    "provider",
    "tool",
    "error",
    "service",
    "environment",
)


class FacetValue(msgspec.Struct, frozen=True):
    """One value of one facet, and in how many traces and spans it occurs."""

    facet: str
    value: str
    traces: int
    spans: int


def facets(
    source: TraceSource,
    selection: Selection = EVERYTHING,
    fields: Sequence[str] = COMMON_FACETS,
    *,
    limit: int = 10,
    containing: str = "",
) -> list[FacetValue]:
    """Give the most frequent values of each facet in turn, at most *limit* of each."""
    for field in fields:
        if field not in FACETS:
            near = get_close_matches(field, FACETS, n=1)
            hint = f"Did you mean {near[0]}? " if near else ""
            raise ConfigError(
                f"There is no facet '{field}'.", hint=f"{hint}Known: {', '.join(FACETS)}."
            )
    source, selection = selection.settled(source)
    scope, params = "1", dict[str, object]()
    if selection:
        condition, params = selection.of_traces(source)
        scope = f"trace_id IN (SELECT trace_id FROM traces WHERE {condition})"
    bound = {**params, "most": limit, "containing": containing}
    return [
        FacetValue(field, **row)
        for field in fields
        for row in source.query(_sql(field, scope, narrowed=bool(containing)), bound)
    ]


def _sql(facet: str, scope: str, *, narrowed: bool) -> str:
    more = " AND positionCaseInsensitive(value, {containing:String}) > 0" if narrowed else ""
    return (
        f"SELECT toString({FACETS[facet]}) AS value, toInt64(uniqExact(trace_id)) AS traces, "
        f"toInt64(count()) AS spans FROM spans WHERE value != ''{more} AND {scope} "
        "GROUP BY value ORDER BY traces DESC, spans DESC, value LIMIT {most:UInt32}"
    )
