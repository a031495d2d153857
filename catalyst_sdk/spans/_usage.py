"""Tokens, cost and time to first token, from every dialect's names and buckets."""

from __future__ import annotations

from typing import Any

from catalyst_sdk.spans._facts import SpanFacts
from catalyst_sdk.spans._json import Json, parsed
from catalyst_sdk.spans._shape import Shape
from catalyst_sdk.spans._time import parse_time

_SUMMARY_KINDS = ("AGENT", "CHAIN")
"""Their usage repeats that of the model calls below them: counting it would count twice."""

_MOST = 1 << 60
_INPUT = ("input", "input_tokens", "prompt_tokens", "prompt", "promptTokens", "inputTokens")
_OUTPUT = ("output", "output_tokens", "completion_tokens", "completion", "outputTokens")
_CACHE_READ = ("cache_read_input_tokens", "input_cached_tokens", "cache_read", "cached_tokens")
_CACHE_WRITE = ("cache_creation_input_tokens", "input_cache_creation", "cache_write")
_REASONING = ("output_reasoning_tokens", "reasoning_tokens", "reasoning")


def fill_usage(row: SpanFacts, shape: Shape, found: dict[str, Any]) -> None:
    """Set the token, cost and first-token columns."""
    if row.kind in _SUMMARY_KINDS:
        return
    for column in shape.counts:
        if column in found:
            setattr(row, column, count(found[column]))
    row.has_usage = "prompt_tokens" in found or "completion_tokens" in found
    if not row.has_usage and "usage_details" in found:
        _fill_from_buckets(row, parsed(found["usage_details"]))
    cached = row.cache_read_tokens + row.cache_write_tokens
    if row.prompt_tokens < cached:
        row.prompt_tokens += cached
    used = row.prompt_tokens + row.completion_tokens
    if row.total_tokens < used:
        row.total_tokens = used
    row.has_usage = row.has_usage or row.total_tokens > 0
    if "cost" in found or "cost_details" in found:
        _fill_cost(row, found)
    row.ttft_ms = _first_token_ms(row, found)


def count(value: Json) -> int:
    """Read a number of tokens, 0 for what is not one."""
    if type(value) is int and 0 <= value < _MOST:
        return value
    return max(0, int(number(value)))


def number(value: Json) -> float:
    """Read a finite number, also from text; 0 for what is not one."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return 0.0
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < _MOST:
        return value
    return 0.0


def _fill_from_buckets(row: SpanFacts, buckets: Json) -> None:
    """Langfuse keeps cached and reasoning tokens apart from input and output: add them up."""
    if not isinstance(buckets, dict):
        return
    row.cache_read_tokens = _bucket(buckets, _CACHE_READ)
    row.cache_write_tokens = _bucket(buckets, _CACHE_WRITE)
    row.reasoning_tokens = _bucket(buckets, _REASONING)
    row.prompt_tokens = sum(
        count(value) for key, value in buckets.items() if key in _INPUT or key.startswith("input_")
    )
    if not any(key.startswith("input_cache") for key in buckets):
        row.prompt_tokens += row.cache_read_tokens + row.cache_write_tokens
    row.completion_tokens = sum(
        count(value)
        for key, value in buckets.items()
        if key in _OUTPUT or key.startswith("output_")
    )
    row.total_tokens = count(buckets.get("total"))
    row.has_usage = bool(row.prompt_tokens or row.completion_tokens)


def _bucket(buckets: dict[str, Any], names: tuple[str, ...]) -> int:
    return max((count(buckets.get(name)) for name in names), default=0)


def _fill_cost(row: SpanFacts, found: dict[str, Any]) -> None:
    cost: Json = found.get("cost")
    details = parsed(found.get("cost_details"))
    if cost is None and isinstance(details, dict):
        cost = details.get("total")
        if cost is None:
            cost = sum(number(value) for value in details.values())
    row.has_cost = cost is not None
    row.cost_usd = max(0.0, float(number(cost)))


def _first_token_ms(row: SpanFacts, found: dict[str, Any]) -> float:
    if "first_token_ms" in found:
        return max(0.0, float(number(found["first_token_ms"])))
    if "first_token_s" in found:
        return max(0.0, float(number(found["first_token_s"])) * 1000)
    told = found.get("first_token_time")
    if told is not None:
        try:
            return max(0.0, (parse_time(parsed_time(told)) - row.start_ns) / 1e6)
        except ValueError:
            return 0.0
    return 0.0


def parsed_time(value: Json) -> Json:
    """Undo a time that was written as a JSON string with its quotes (Langfuse)."""
    return value.strip('"') if isinstance(value, str) else value
