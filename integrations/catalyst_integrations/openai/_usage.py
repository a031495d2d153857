"""Token counts, under the two sets of names the OpenAI API has for them."""

from __future__ import annotations

from typing import Any

from catalyst_sdk.instrumentation.llm import Usage


def completion_usage(usage: Any) -> Usage | None:
    """Read `usage` of chat completions, completions and embeddings."""
    if usage is None:
        return None
    prompt = getattr(usage, "prompt_tokens_details", None)
    completion = getattr(usage, "completion_tokens_details", None)
    return Usage(
        prompt=usage.prompt_tokens,
        completion=getattr(usage, "completion_tokens", None),
        total=usage.total_tokens,
        cache_read=getattr(prompt, "cached_tokens", None),
        cache_write=getattr(prompt, "cache_write_tokens", None),
        prompt_audio=getattr(prompt, "audio_tokens", None),
        reasoning=getattr(completion, "reasoning_tokens", None),
        completion_audio=getattr(completion, "audio_tokens", None),
    )


def response_usage(usage: Any) -> Usage | None:
    """Read `usage` of responses, images and transcriptions."""
    if usage is None:
        return None
    prompt = getattr(usage, "input_tokens_details", None) or getattr(
        usage, "input_token_details", None
    )
    completion = getattr(usage, "output_tokens_details", None)
    return Usage(
        prompt=usage.input_tokens,
        completion=usage.output_tokens,
        total=usage.total_tokens,
        cache_read=getattr(prompt, "cached_tokens", None),
        cache_write=getattr(prompt, "cache_write_tokens", None),
        prompt_audio=getattr(prompt, "audio_tokens", None),
        reasoning=getattr(completion, "reasoning_tokens", None),
        completion_audio=getattr(completion, "audio_tokens", None),
    )
