"""Token counts out of any provider's usage object, under one set of names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from catalyst_sdk import semconv

# First present wins. A dotted path goes one level down.
_PATHS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        semconv.LLM_TOKENS_PROMPT,
        ("prompt_tokens", "input_tokens", "prompt_token_count", "prompt"),
    ),
    (
        semconv.LLM_TOKENS_COMPLETION,
        ("completion_tokens", "output_tokens", "candidates_token_count", "completion"),
    ),
    (semconv.LLM_TOKENS_TOTAL, ("total_tokens", "total_token_count", "total")),
    (
        semconv.LLM_TOKENS_CACHE_READ,
        (
            "prompt_tokens_details.cached_tokens",
            "input_tokens_details.cached_tokens",
            "input_token_details.cache_read",
            "cache_read_input_tokens",
            "cached_content_token_count",
            "cache_read",
        ),
    ),
    (
        semconv.LLM_TOKENS_CACHE_WRITE,
        (
            "cache_creation_input_tokens",
            "input_token_details.cache_creation",
            "prompt_tokens_details.cache_write_tokens",
            "cache_write",
        ),
    ),
    (
        semconv.LLM_TOKENS_REASONING,
        (
            "completion_tokens_details.reasoning_tokens",
            "output_tokens_details.reasoning_tokens",
            "output_token_details.reasoning",
            "thoughts_token_count",
            "reasoning",
        ),
    ),
    (
        semconv.LLM_TOKENS_PROMPT_AUDIO,
        ("prompt_tokens_details.audio_tokens", "input_token_details.audio"),
    ),
    (
        semconv.LLM_TOKENS_COMPLETION_AUDIO,
        ("completion_tokens_details.audio_tokens", "output_token_details.audio"),
    ),
)

# Anthropic counts cached tokens beside `input_tokens`, everybody else inside.
_BESIDE = ("cache_read_input_tokens", "cache_creation_input_tokens")


def usage_attributes(usage: object) -> dict[str, int]:
    """Give the token attributes of *usage*: a usage object, a response holding one, or a dict."""
    usage = _field(usage, "usage") or _field(usage, "usage_metadata") or usage
    counts = {name: count for name, paths in _PATHS if (count := _first(usage, paths)) is not None}
    prompt = counts.get(semconv.LLM_TOKENS_PROMPT)
    if prompt is not None and _field(usage, "input_tokens") is not None:
        counts[semconv.LLM_TOKENS_PROMPT] = prompt + sum(_count(usage, key) or 0 for key in _BESIDE)
    parts = (semconv.LLM_TOKENS_PROMPT, semconv.LLM_TOKENS_COMPLETION)
    if semconv.LLM_TOKENS_TOTAL not in counts and any(part in counts for part in parts):
        counts[semconv.LLM_TOKENS_TOTAL] = sum(counts.get(part, 0) for part in parts)
    return counts


def _first(usage: object, paths: tuple[str, ...]) -> int | None:
    return next((count for path in paths if (count := _count(usage, path)) is not None), None)


def _count(usage: object, path: str) -> int | None:
    for name in path.split("."):
        usage = _field(usage, name)
    known = isinstance(usage, int | float) and not isinstance(usage, bool) and usage >= 0
    return int(cast("float", usage)) if known else None


def _field(holder: object, name: str) -> Any:
    if isinstance(holder, Mapping):
        return cast("Mapping[str, Any]", holder).get(name)
    return getattr(holder, name, None)
