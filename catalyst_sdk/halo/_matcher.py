"""Matchers: the stated condition of a finding, run again on any data set."""

from __future__ import annotations

from catalyst_sdk.halo._dataset import Queries

__all__ = ["SQL_PREFIX", "condition_of", "recount"]

SQL_PREFIX = "sql:"


def condition_of(matcher: str) -> tuple[str, dict[str, object]]:
    """Give a matcher as a condition on `spans` and its parameters; raises ConfigError."""
    if matcher.startswith(SQL_PREFIX):
        return matcher[len(SQL_PREFIX) :], {}
    from catalyst_sdk.store import parse_filter

    return parse_filter(matcher).sql()


def recount(store: Queries, matcher: str) -> list[str]:
    """Give the ids of the traces a finding's matcher affects in *store*, sorted."""
    condition, params = condition_of(matcher)
    rows = store.query(
        f"SELECT DISTINCT trace_id FROM spans WHERE {condition} ORDER BY trace_id", params or None
    )
    return [row["trace_id"] for row in rows]
