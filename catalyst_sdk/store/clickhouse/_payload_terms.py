"""Filters on attributes and free text, as subqueries on the live table."""

from __future__ import annotations

from typing import Any

from catalyst_sdk.store.clickhouse._schema import DATABASE
from catalyst_sdk.store.filter import Filter, Term
from catalyst_sdk.store.filter._sql import value_condition


def payload_tables(wanted: Filter, scope: str, params: dict[str, Any]) -> dict[Term, str]:
    """Give for each term on payloads the subquery of (trace_id, span_id) where it holds.

    *scope* is the condition that limits the live table to a project and a window; the terms'
    values are added to *params*.
    """
    return {
        term: f"(SELECT trace_id, span_id FROM {DATABASE}.spans WHERE {scope} AND "
        f"({_condition(term, f'payload{number}_', params)}))"
        for number, term in enumerate(wanted.payload_terms)
    }


def span_payload(term: Term, prefix: str, params: dict[str, Any]) -> str:
    """Give a term on payloads as a condition on a row of the live table, un-negated."""
    return f"({_condition(term, prefix, params)})"


def _condition(term: Term, prefix: str, params: dict[str, Any]) -> str:
    if term.field == "text":
        return value_condition(term, "raw", "0", prefix, params)
    params[f"{prefix}key"] = term.key
    key = f"{{{prefix}key:String}}"
    if term.field == "resource":
        return value_condition(
            term, f"res_str[{key}]", f"toFloat64OrZero(res_str[{key}])", prefix, params
        )
    text = (
        f"multiIf(mapContains(attr_str, {key}), attr_str[{key}], "
        f"mapContains(attr_bool, {key}), toString(attr_bool[{key}]), "
        f"mapContains(attr_num, {key}), toString(attr_num[{key}]), '')"
    )
    present = f"mapContains(attr_num, {key}) AND "
    condition = value_condition(term, text, f"attr_num[{key}]", prefix, params)
    return present + condition if _numeric(term) else condition


def _numeric(term: Term) -> bool:
    return all(type(match).__name__ == "Bounds" for match in term.matches)
