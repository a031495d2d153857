"""The filter itself: one value that compiles to SQL and judges span facts in Python."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from catalyst_sdk.errors import ConfigError
from catalyst_sdk.spans import SpanFacts
from catalyst_sdk.store.filter._fields import FIELDS
from catalyst_sdk.store.filter._judge import term_holds, trace_term_holds
from catalyst_sdk.store.filter._sql import span_condition, trace_condition
from catalyst_sdk.store.filter._terms import Term

Params = dict[str, Any]
PayloadTables = Mapping[Term, str]
"""For each term on payloads the table of (trace_id, span_id) where it holds un-negated."""


class Filter(msgspec.Struct, frozen=True):
    """Terms that must all hold. Without terms it keeps everything and is false."""

    terms: tuple[Term, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.terms)

    def __and__(self, other: Filter) -> Filter:
        """Require both."""
        return Filter(self.terms + other.terms)

    @property
    def payload_terms(self) -> tuple[Term, ...]:
        """Terms that need the spans' payloads: free text, `attr.` and `resource.`."""
        return tuple(term for term in self.terms if FIELDS[term.field].kind == "payload")

    @property
    def of_any_span(self) -> bool:
        """Whether a trace meets it when one of its spans has these columns, for every term."""
        fields = [FIELDS[term.field] for term in self.terms]
        return all(field.columns and not field.of_trace for field in fields)

    def sql(self, tables: PayloadTables | None = None, *, prefix: str = "f") -> tuple[str, Params]:
        """Give a condition on `spans`, and its parameters, whose names begin with *prefix*.

        Raises ConfigError for a term that only a whole trace can answer, and for one on payloads
        without its table.
        """
        return self._compiled(span_condition, tables, prefix)

    def trace_sql(
        self, tables: PayloadTables | None = None, *, prefix: str = "f"
    ) -> tuple[str, Params]:
        """Give a condition on `traces`: totals for numbers and status, any span for the rest."""
        return self._compiled(trace_condition, tables, prefix)

    def matches(self, span: SpanFacts, payload: Callable[[Term], bool] | None = None) -> bool:
        """Judge one span as `sql` does; *payload* answers for the terms on payloads."""
        return all(term_holds(term, span, payload) for term in self.terms)

    def matches_trace(self, trace: Mapping[str, Any], spans: Iterable[SpanFacts]) -> bool:
        """Judge a trace (its row of `traces` and its spans) as `trace_sql` does."""
        own = list(spans)
        return all(trace_term_holds(term, trace, own) for term in self.terms)

    def _compiled(
        self,
        compile_term: Callable[[Term, str, Params], str],
        tables: PayloadTables | None,
        prefix: str,
    ) -> tuple[str, Params]:
        params: Params = {}
        conditions: list[str] = []
        for number, term in enumerate(self.terms):
            if FIELDS[term.field].kind == "payload":
                conditions.append(_by_table(term, tables or {}, compile_term is trace_condition))
            else:
                conditions.append(compile_term(term, f"{prefix}{number}_", params))
        return " AND ".join(conditions) or "1", params


def _by_table(term: Term, tables: PayloadTables, whole_trace: bool) -> str:
    table = tables.get(term)
    if table is None:
        name = f"{term.field}.{term.key}" if term.key else "free text"
        raise ConfigError(
            f"A filter on {name} needs the payloads, which this query does not read.",
            hint="Use FileStore.where or FileStore.narrowed.",
        )
    columns = "trace_id" if whole_trace else "trace_id, span_id"
    negation = "NOT " if term.negated else ""
    return f"({columns}) {negation}IN (SELECT {columns} FROM {table})"
