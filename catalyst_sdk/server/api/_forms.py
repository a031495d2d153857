"""Rows of the store as the objects that the API answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from catalyst_sdk import client as api
from catalyst_sdk.spans import Span, SpanFacts, facts
from catalyst_sdk.spans._time import format_time
from catalyst_sdk.store import queries
from catalyst_sdk.store.queries import ItemForm, Row, exact_ms

_FORM = ItemForm()


def moment(nanoseconds: int) -> str | None:
    """Write a time, None for none."""
    return format_time(nanoseconds) or None


def trace_item(row: Row, failed: Mapping[str, str] | None = None) -> api.TraceItem:
    """Give a row of `traces`; *failed* names the steps that failed first."""
    step = (failed or {}).get(row["trace_id"], "")
    return api.TraceItem(**_FORM.trace(row), failed_step=step)


def span_item(row: Row | SpanFacts) -> api.SpanItem:
    """Give a row of `spans`."""
    values = queries.span_values(row) if isinstance(row, SpanFacts) else row
    known: dict[str, Any] = {
        "has_usage": bool(values["has_usage"]),
        "has_cost": bool(values["has_cost"]),
    }
    return api.SpanItem(**_FORM.span(values), **known)


def span_detail(span: Span) -> api.SpanDetail:
    """Give a span whole."""
    return api.SpanDetail(
        span=span_item(facts(span)),
        attributes=span.attributes,
        resource=span.resource,
        events=[
            api.EventItem(event.name, moment(event.time_ns), event.attributes)
            for event in span.events
        ],
        links=[api.LinkItem(link.trace_id, link.span_id, link.attributes) for link in span.links],
    )


def agent_item(row: queries.AgentRow) -> api.AgentItem:
    """Give one agent."""
    times: dict[str, Any] = {
        "p50_ms": exact_ms(row.p50_ns),
        "p95_ms": exact_ms(row.p95_ns),
        "first_seen": moment(row.first_ns),
        "last_seen": moment(row.last_ns),
    }
    return _renamed(api.AgentItem, row, times)


def steps(found: queries.Steps) -> api.Steps:
    """Give what an agent calls."""

    def each(rows: Sequence[queries.Step]) -> list[api.Step]:
        return [
            api.Step(row.name, row.calls, row.failed, exact_ms(row.p50_ns), exact_ms(row.p95_ns))
            for row in rows
        ]

    return api.Steps(
        model_calls=each(found.model_calls),
        tools=each(found.tools),
        errors=[_renamed(api.ErrorGroup, row, {}) for row in found.errors],
    )


def overview(found: queries.Overview) -> api.Overview:
    """Give an agent over time."""
    return api.Overview(
        agent=found.agent,
        start_time=moment(found.start_ns),
        end_time=moment(found.end_ns),
        step_ms=exact_ms(found.step_ns),
        figures=_renamed(api.Figures, found.figures, _figures(found.figures)),
        before=_renamed(api.Figures, found.before, _figures(found.before)),
        series=[
            _renamed(api.Bucket, one, {**_figures(one), "start_time": moment(one.start_ns)})
            for one in found.series
        ],
        steps=steps(found.steps),
    )


def _figures(row: queries.Figures) -> dict[str, Any]:
    return {
        "error_rate": row.error_rate,
        "p50_ms": exact_ms(row.p50_ns),
        "p95_ms": exact_ms(row.p95_ns),
    }


def session_item(row: Row) -> api.SessionItem:
    """Give one session."""
    own: dict[str, Any] = {
        "start_time": moment(row["start_ns"]),
        "end_time": moment(row["end_ns"]),
        "duration_ms": exact_ms(row["duration_ns"]),
    }
    kept = {name: row[name] for name in api.SessionItem.__struct_fields__ if name not in own}
    return api.SessionItem(**kept, **own)


def message_item(turn: queries.Turn) -> api.MessageItem:
    """Give one message of a conversation."""
    return msgspec.convert(queries.turn_item(turn), api.MessageItem)


def histogram(found: queries.Histogram) -> api.Histogram:
    """Give traces over time."""
    return api.Histogram(
        start_time=moment(found.start_ns),
        end_time=moment(found.end_ns),
        step_ms=exact_ms(found.step_ns),
        ok=found.ok,
        error=found.error,
    )


def _renamed(kind: Any, row: Any, own: dict[str, Any]) -> Any:
    kept = {name: getattr(row, name) for name in kind.__struct_fields__ if name not in own}
    return kind(**kept, **own)
