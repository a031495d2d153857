"""Traces and spans as the JSON objects that API and command line give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from catalyst_sdk.spans import SpanFacts
from catalyst_sdk.spans._time import format_time
from catalyst_sdk.store.queries._source import Row

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
_RENAMED = {"input": "input_preview", "output": "output_preview"}


def exact_ms(nanoseconds: int) -> float:
    """Give nanoseconds as milliseconds, all digits kept."""
    return round(nanoseconds / 1_000_000, 6)


class ItemForm:
    """How rows become objects: how times are written, and lengths of time in milliseconds."""

    def __init__(
        self,
        time: Callable[[int], str] = format_time,
        milliseconds: Callable[[int], float] = exact_ms,
    ) -> None:
        self._time = time
        self._milliseconds = milliseconds

    def trace(self, row: Row) -> dict[str, Any]:
        """Give a row of the `traces` view as an object of TRACE_FIELDS."""
        return {field: self._value(row, field) for field in TRACE_FIELDS}

    def span(self, row: Row | SpanFacts) -> dict[str, Any]:
        """Give a row of the `spans` table as an object of SPAN_FIELDS."""
        values = span_values(row) if isinstance(row, SpanFacts) else row
        return {field: self._value(values, field) for field in SPAN_FIELDS}

    def _value(self, row: Row, field: str) -> Any:
        if field in ("start_time", "end_time"):
            return self._time(int(row[field[:-4] + "ns"])) or None
        if field == "duration_ms":
            return self._milliseconds(int(row["duration_ns"]))
        if field == "complete":
            return bool(row[field])
        return row[_RENAMED.get(field, field)]


def span_values(span: SpanFacts) -> dict[str, Any]:
    """Give facts as a row of the `spans` table."""
    return {name: getattr(span, name) for name in span.__struct_fields__}
