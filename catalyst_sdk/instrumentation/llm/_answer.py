"""What a provider's reader hands over: one answer in the SDK's own shape."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from catalyst_sdk import semconv


class Usage(msgspec.Struct, kw_only=True):
    """Tokens of one request; *prompt* includes what was read from or written to a cache."""

    prompt: int | None = None
    completion: int | None = None
    total: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    prompt_audio: int | None = None
    reasoning: int | None = None
    completion_audio: int | None = None

    def attributes(self) -> dict[str, int | None]:
        """The span attributes; None where the provider said nothing."""
        total = self.total
        if total is None and self.prompt is not None and self.completion is not None:
            total = self.prompt + self.completion
        return {
            semconv.LLM_TOKENS_CACHE_READ: self.cache_read,
            semconv.LLM_TOKENS_CACHE_WRITE: self.cache_write,
            semconv.LLM_TOKENS_PROMPT_AUDIO: self.prompt_audio,
            semconv.LLM_TOKENS_REASONING: self.reasoning,
            semconv.LLM_TOKENS_COMPLETION_AUDIO: self.completion_audio,
            semconv.LLM_TOKENS_PROMPT: self.prompt,
            semconv.LLM_TOKENS_COMPLETION: self.completion,
            semconv.LLM_TOKENS_TOTAL: total,
        }


class Answer(msgspec.Struct, kw_only=True):
    """What came back for one request, as far as it came."""

    id: str | None = None
    model: str | None = None
    messages: list[dict[str, Any]] = []
    """OpenInference message objects: role, content (text or parts), tool_calls."""
    finish_reason: str | None = None
    usage: Usage | None = None
    error: str | None = None
    """What the provider reports to have failed, in an answer that is not an HTTP error."""
    output: str | None = None
    """The output where it is not messages (embeddings, images, audio): text or JSON."""
    attributes: dict[str, Any] = {}


class Reader(Protocol):
    """Collects the chunks of one stream. Called once a chunk, on the caller's thread: ≤ 2 µs."""

    @property
    def finished(self) -> bool:
        """The model's answer is whole, whatever else the server still sends."""
        ...

    def __call__(self, chunk: Any, /) -> None:
        """Take in one chunk; raising is contained."""

    def answer(self) -> Answer:
        """What has arrived so far."""
        ...
