"""Terms judged in Python over span facts: what the SQL is tested against."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from catalyst_sdk.spans import SpanFacts
from catalyst_sdk.store.filter._fields import FIELDS, Field
from catalyst_sdk.store.filter._terms import Bounds, Flag, Match, Term
from catalyst_sdk.store.filter._text import fits

Get = Callable[[str], Any]


def term_holds(term: Term, span: SpanFacts, payload: Callable[[Term], bool] | None) -> bool:
    """Judge a term on one span."""
    field = FIELDS[term.field]
    if field.kind == "payload":
        return payload is not None and payload(term) != term.negated
    return _any(field, term, lambda column: getattr(span, column)) != term.negated


def trace_term_holds(term: Term, trace: Mapping[str, Any], spans: Sequence[SpanFacts]) -> bool:
    """Judge a term on a trace: its totals where there are, else any of its spans."""
    field = FIELDS[term.field]
    if field.of_trace:
        whole = field._replace(columns=(field.of_trace,), present="")
        return _any(whole, term, trace.__getitem__) != term.negated
    positive = Term(term.field, term.matches, False, term.key)
    return any(term_holds(positive, span, None) for span in spans) != term.negated


def _any(field: Field, term: Term, get: Get) -> bool:
    return any(_match_holds(field, match, get) for match in term.matches)


def _match_holds(field: Field, match: Match, get: Get) -> bool:
    if isinstance(match, Flag):
        return bool(get(field.columns[0])) == match.value
    if isinstance(match, Bounds):
        if field.present and not get(field.present) > field.over:
            return False
        return match.holds(get(field.columns[0]))
    held = [
        any(fits(text, match) for text in get(column))
        if field.kind == "list"
        else fits(get(column), match)
        for column in field.columns
    ]
    return all(held) if match.pieces == ("",) and not match.contains else any(held)
