"""Counts tokens and remembers prompt prefixes, as providers do to bill and to cache."""

from __future__ import annotations

import hashlib
import threading

import msgspec

from catalyst_sdk.demo.provider._protocol import ChatRequest, Reply, Usage

CHARACTERS_PER_TOKEN = 4
"""English text, roughly: OpenAI's help centre, "What are tokens and how to count them"."""

_BLOCK_TOKENS = 128
_LEAST_CACHED_TOKENS = 1024
"""OpenAI caches prefixes from 1,024 tokens on, in steps of 128 (guide "Prompt caching")."""


def tokens(text: str) -> int:
    """Estimate how many tokens *text* has."""
    return -(-len(text) // CHARACTERS_PER_TOKEN)


class Meter:
    """Bills requests; a prefix sent before is reported as cached."""

    def __init__(self) -> None:
        self._seen: set[bytes] = set()
        self._lock = threading.Lock()

    def bill(self, request: ChatRequest, reply: Reply) -> Usage:
        """Count what a request and its answer cost."""
        prompt = _rendered(request)
        written = reply.text + "".join(
            name + msgspec.json.encode(arguments).decode() for name, arguments in reply.calls
        )
        return Usage(
            prompt=tokens(prompt), cached=self._cached(prompt), completion=max(1, tokens(written))
        )

    def _cached(self, prompt: str) -> int:
        size = _BLOCK_TOKENS * CHARACTERS_PER_TOKEN
        digest = hashlib.blake2b(digest_size=12)
        prefixes: list[bytes] = []
        for start in range(0, len(prompt) - size + 1, size):
            digest.update(prompt[start : start + size].encode())
            prefixes.append(digest.digest())
        with self._lock:
            hits = next((i for i, key in enumerate(prefixes) if key not in self._seen), None)
            self._seen.update(prefixes)
        blocks = len(prefixes) if hits is None else hits
        cached = blocks * _BLOCK_TOKENS
        return cached if cached >= _LEAST_CACHED_TOKENS else 0


def cut(reply: Reply, limit: int | None) -> tuple[Reply, str]:
    """Shorten an answer to *limit* tokens; give it with its finish reason."""
    if reply.calls:
        return reply, "tool_calls"
    if limit is None or tokens(reply.text) <= limit:
        return reply, "stop"
    return Reply(text=reply.text[: limit * CHARACTERS_PER_TOKEN]), "length"


def _rendered(request: ChatRequest) -> str:
    """Write a request down as the model would see it: tools, then messages in order."""
    return "\n".join(
        msgspec.json.encode(part).decode() for part in [*request.tools, *request.messages]
    )
