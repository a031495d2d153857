"""One row of the `traces` view, from the facts of a trace alone: opening it needs no engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from catalyst_sdk.spans import SpanFacts

_MODEL_KINDS = ("LLM", "EMBEDDING", "RERANKER")


def trace_row(spans: Sequence[SpanFacts]) -> dict[str, Any]:
    """Summarise one trace as the store's `traces` view does; a test holds the two equal."""
    order = sorted(spans, key=lambda span: (span.parent_span_id != "", span.start_ns, span.span_id))
    root = order[0]
    named = next((span for span in order if span.agent_id or span.agent_name), root)
    start = min(span.start_ns for span in spans)
    end = max(max(span.end_ns, span.start_ns) for span in spans)
    return {
        "trace_id": root.trace_id,
        "name": root.name,
        "kind": root.kind,
        "service": root.service,
        "agent_id": named.agent_id,
        "agent_name": named.agent_name,
        "session_id": _first(order, lambda span: span.session_id),
        "user_id": _first(order, lambda span: span.user_id),
        "input_preview": _first(order, lambda span: span.input_preview),
        "output_preview": root.output_preview or _last_output(spans),
        "start_ns": start,
        "end_ns": end,
        "duration_ns": end - start,
        "span_count": len(spans),
        "llm_count": sum(span.kind == "LLM" for span in spans),
        "tool_count": sum(span.kind == "TOOL" for span in spans),
        "error_count": sum(span.status == "ERROR" for span in spans),
        "status": _status(spans),
        "error_message": _first_error(spans),
        "models": sorted({span.model for span in spans if span.model}),
        "root_span_id": root.span_id,
        "complete": any(not span.parent_span_id for span in spans),
        **_usage(spans),
    }


def _first(spans: Sequence[SpanFacts], value: Callable[[SpanFacts], str]) -> str:
    return next((value(span) for span in spans if value(span)), "")


def _last_output(spans: Sequence[SpanFacts]) -> str:
    told = [span for span in spans if span.output_preview]
    return max(told, key=lambda span: (span.end_ns, span.span_id)).output_preview if told else ""


def _first_error(spans: Sequence[SpanFacts]) -> str:
    failed = [span for span in spans if span.status == "ERROR" and span.error_message]
    first = min(failed, key=lambda span: (span.start_ns, span.span_id), default=None)
    return first.error_message if first else ""


def _status(spans: Sequence[SpanFacts]) -> str:
    present = {span.status for span in spans}
    return next((status for status in ("ERROR", "OK") if status in present), "UNSET")


def _usage(spans: Sequence[SpanFacts]) -> dict[str, Any]:
    used = _billed([span for span in spans if span.has_usage])
    priced = _billed([span for span in spans if span.has_cost])
    return {
        "prompt_tokens": sum(span.prompt_tokens for span in used),
        "completion_tokens": sum(span.completion_tokens for span in used),
        "total_tokens": sum(span.total_tokens for span in used),
        "cost_usd": sum(span.cost_usd for span in priced),
    }


def _billed(spans: Sequence[SpanFacts]) -> list[SpanFacts]:
    """Leave out wrappers that repeat a child's figures, and all but model calls if any."""
    parents = {span.parent_span_id for span in spans if span.parent_span_id}
    own = [span for span in spans if span.span_id not in parents]
    return [span for span in own if span.kind in _MODEL_KINDS] or own
