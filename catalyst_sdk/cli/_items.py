"""Traces and spans as the JSON objects the command line prints."""

from __future__ import annotations

from catalyst_sdk.cli._format import iso, milliseconds
from catalyst_sdk.store.queries import SPAN_FIELDS, TRACE_FIELDS, ItemForm, Row, span_values

__all__ = [
    "FORM",
    "SPAN_COLUMNS",
    "SPAN_FIELDS",
    "TRACE_COLUMNS",
    "TRACE_FIELDS",
    "Row",
    "span_values",
]

FORM = ItemForm(iso, milliseconds)

TRACE_COLUMNS = (
    "trace_id",
    "status",
    "start_time",
    "duration_ms",
    "agent_name",
    "input",
    "output",
    "span_count",
    "error_count",
    "total_tokens",
    "cost_usd",
    "error_message",
)
SPAN_COLUMNS = (
    "trace_id",
    "span_id",
    "kind",
    "name",
    "status",
    "start_time",
    "duration_ms",
    "model",
    "total_tokens",
    "cost_usd",
    "input",
    "output",
    "error_message",
)
