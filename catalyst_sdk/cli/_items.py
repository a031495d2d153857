"""Traces, spans, agents and sessions as the JSON objects the command line prints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from catalyst_sdk.cli._format import iso, milliseconds
from catalyst_sdk.spans import SpanFacts

Row = Mapping[str, Any]

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
TRACE_FIELDS = (
    "trace_id",
    "name",
    "kind",
    "status",
    "error_message",
    "start_time",
    "end_time",
    "duration_ms",
    "service",
    "agent_id",
    "agent_name",
    "session_id",
    "user_id",
    "input",
    "output",
    "span_count",
    "llm_count",
    "tool_count",
    "error_count",
    "prompt_tokens",
    "completion_tokens",
    "total_tokens",
    "cost_usd",
    "models",
    "root_span_id",
    "complete",
)
_RENAMED = {"input": "input_preview", "output": "output_preview"}


def trace_item(row: Row) -> dict[str, Any]:
    """Give a row of the `traces` view as an object of TRACE_FIELDS."""
    return {field: _value(row, field) for field in TRACE_FIELDS}


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
# Hashes, sizes of lines and other columns that serve the detectors are left out.
SPAN_FIELDS = (
    "trace_id",
    "span_id",
    "parent_span_id",
    "name",
    "kind",
    "status",
    "error_type",
    "error_message",
    "error_signature",
    "start_time",
    "end_time",
    "duration_ms",
    "service",
    "environment",
    "scope",
    "agent_id",
    "agent_name",
    "session_id",
    "user_id",
    "model",
    "provider",
    "prompt_tokens",
    "completion_tokens",
    "total_tokens",
    "cache_read_tokens",
    "reasoning_tokens",
    "cost_usd",
    "ttft_ms",
    "finish_reason",
    "tools_offered",
    "tools_called",
    "tool_name",
    "tool_call_id",
    "handoff_target",
    "input_size",
    "output_size",
    "input",
    "output",
)


def span_values(span: SpanFacts) -> dict[str, Any]:
    """Give facts as a row of the `spans` table."""
    return {name: getattr(span, name) for name in span.__struct_fields__}


def span_item(row: Row | SpanFacts) -> dict[str, Any]:
    """Give a row of the `spans` table as an object of SPAN_FIELDS."""
    values = span_values(row) if isinstance(row, SpanFacts) else row
    return {field: _value(values, field) for field in SPAN_FIELDS}


def _value(row: Row, field: str) -> Any:
    if field in ("start_time", "end_time"):
        return iso(int(row[field[:-4] + "ns"])) or None
    if field == "duration_ms":
        return milliseconds(int(row["duration_ns"]))
    if field == "complete":
        return bool(row[field])
    return row[_RENAMED.get(field, field)]
