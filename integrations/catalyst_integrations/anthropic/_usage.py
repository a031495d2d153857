"""Token counts: Anthropic's input tokens leave out what the cache was asked or given; ours do not.

Source: Anthropic API reference, "Prompt caching": the whole prompt is input_tokens +
cache_creation_input_tokens + cache_read_input_tokens.
"""

from __future__ import annotations

from typing import Any

from catalyst_sdk.instrumentation.llm import Usage
from catalyst_sdk.instrumentation.stainless import member


def usage_of(usage: Any) -> Usage | None:
    """Read `usage` of a message."""
    if usage is None:
        return None
    return added_usage([usage])


def added_usage(reports: list[Any]) -> Usage | None:
    """Read the usage a stream reported, each report later than and over the ones before."""
    fresh = _latest(reports, "input_tokens")
    written = _latest(reports, "cache_creation_input_tokens")
    read = _latest(reports, "cache_read_input_tokens")
    completion = _latest(reports, "output_tokens")
    if fresh is None and completion is None:
        return None
    return Usage(
        prompt=None if fresh is None else fresh + (written or 0) + (read or 0),
        completion=completion,
        cache_read=read,
        cache_write=written,
        reasoning=_reasoning(reports),
    )


def _latest(reports: list[Any], name: str) -> int | None:
    found = None
    for report in reports:
        value = getattr(report, name, None)
        if isinstance(value, int):
            found = value
    return found


def _reasoning(reports: list[Any]) -> int | None:
    for report in reversed(reports):
        details = member(report, "output_tokens_details")
        value = getattr(details, "thinking_tokens", None)
        if isinstance(value, int):
            return value
    return None
