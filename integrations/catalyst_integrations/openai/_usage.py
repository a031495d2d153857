"""Token counts, under the two sets of names the OpenAI API has for them."""

from __future__ import annotations

from typing import Any

from catalyst_sdk.instrumentation.llm import Usage
from catalyst_sdk.instrumentation.stainless import member


def completion_usage(usage: Any) -> Usage | None:
    """Read `usage` of chat completions, completions and embeddings."""
    if usage is None:
        return None
    return _usage(
        usage,
        getattr(usage, "prompt_tokens", None),
        getattr(usage, "completion_tokens", None),
        member(usage, "prompt_tokens_details"),
        member(usage, "completion_tokens_details"),
    )


def response_usage(usage: Any) -> Usage | None:
    """Read `usage` of responses, images and transcriptions."""
    prompt_tokens = getattr(usage, "input_tokens", None)
    if prompt_tokens is None:  # absent, or a transcription billed by its duration
        return None
    prompt = member(usage, "input_tokens_details")
    return _usage(
        usage,
        prompt_tokens,
        getattr(usage, "output_tokens", None),
        prompt or member(usage, "input_token_details"),
        member(usage, "output_tokens_details"),
    )


def _usage(
    usage: Any, prompt_tokens: Any, completion_tokens: Any, prompt: Any, completion: Any
) -> Usage:
    return Usage(
        prompt=prompt_tokens,
        completion=completion_tokens,
        total=getattr(usage, "total_tokens", None),
        cache_read=getattr(prompt, "cached_tokens", None),
        cache_write=getattr(prompt, "cache_write_tokens", None),
        prompt_audio=getattr(prompt, "audio_tokens", None),
        reasoning=getattr(completion, "reasoning_tokens", None),
        completion_audio=getattr(completion, "audio_tokens", None),
    )
