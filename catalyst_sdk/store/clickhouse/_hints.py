"""Which spans to look at first: what some span of every trace that meets a filter must hold to."""

from __future__ import annotations

from typing import Any

from catalyst_sdk.spans import SpanFacts
from catalyst_sdk.store.clickhouse._payload_terms import span_payload
from catalyst_sdk.store.filter import Filter, Term

_ROOT = "parent_span_id = ''"
_STATUSES = ("ERROR", "OK", "UNSET")


def hint(wanted: Filter | None, params: dict[str, Any]) -> str:
    """Give a condition on a row of the live table, its values added to *params*, or "".

    A trace that meets the filter has a span that meets it; of those that do, not every trace
    meets the filter.
    """
    for term in wanted.terms if wanted else ():
        alone = Filter((term,))
        if term.negated:
            continue
        if alone.payload_terms:
            return span_payload(term, "hint_", params)
        if alone.of_any_span or _tells_errors(term, alone):
            condition, own = alone.sql(prefix="hint_")
            params |= own
            return condition
    return ""


def first_look(wanted: Filter | None, params: dict[str, Any]) -> str:
    """Give the condition on the spans to count traces by: hinted ones, else roots."""
    return hint(wanted, params) or ("1" if wanted else _ROOT)


def _tells_errors(term: Term, alone: Filter) -> bool:
    """A trace has failed when a span of it has; any other status is no one span's."""
    if term.field != "status":
        return False
    rows = [SpanFacts(trace_id="", span_id="", status=status) for status in _STATUSES]
    return [alone.matches(row) for row in rows] == [True, False, False]
