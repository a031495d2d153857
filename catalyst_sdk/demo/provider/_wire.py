"""Writes answers as a provider's JSON documents and server-sent events."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from typing import Any

import msgspec

from catalyst_sdk.demo.provider._protocol import Refusal, Reply, Usage

_PIECE = 24
"""Characters in one streamed chunk."""


class Answer(msgspec.Struct, frozen=True):
    """A reply with all a provider writes around it."""

    number: int
    model: str
    reply: Reply
    finish_reason: str
    usage: Usage

    def document(self) -> bytes:
        """Give the body of a response that is not streamed."""
        message: dict[str, Any] = {
            "role": "assistant",
            "content": self.reply.text or None,
            "refusal": None,
        }
        if self.reply.calls:
            message["tool_calls"] = self._tool_calls()
        choice = {
            "index": 0,
            "message": message,
            "logprobs": None,
            "finish_reason": self.finish_reason,
        }
        envelope = self._envelope("chat.completion", [choice])
        return msgspec.json.encode({**envelope, "usage": self.usage.body()})

    def events(self, *, include_usage: bool) -> Iterator[bytes]:
        """Give the server-sent events of a streamed response, the closing one included."""
        yield self._chunk({"role": "assistant", "content": "", "refusal": None})
        for start in range(0, len(self.reply.text), _PIECE):
            yield self._chunk({"content": self.reply.text[start : start + _PIECE]})
        for index, call in enumerate(self._tool_calls()):
            arguments = call["function"]["arguments"]
            opened = {**call, "function": {**call["function"], "arguments": ""}}
            yield self._chunk({"tool_calls": [{"index": index, **opened}]})
            for start in range(0, len(arguments), _PIECE):
                piece = {"arguments": arguments[start : start + _PIECE]}
                yield self._chunk({"tool_calls": [{"index": index, "function": piece}]})
        yield self._chunk({}, self.finish_reason)
        if include_usage:
            envelope = self._envelope("chat.completion.chunk", [])
            yield _event(msgspec.json.encode({**envelope, "usage": self.usage.body()}))
        yield _event(b"[DONE]")

    def _tool_calls(self) -> list[dict[str, Any]]:
        return [
            {
                "id": f"call_{self.number:06d}{index:02d}",
                "type": "function",
                "function": {"name": name, "arguments": msgspec.json.encode(arguments).decode()},
            }
            for index, (name, arguments) in enumerate(self.reply.calls)
        ]

    def _chunk(self, delta: dict[str, Any], finish_reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return _event(msgspec.json.encode(self._envelope("chat.completion.chunk", [choice])))

    def _envelope(self, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": f"chatcmpl-scripted{self.number:06d}",
            "object": kind,
            "created": int(time.time()),
            "model": self.model,
            "choices": choices,
        }


class Numbering:
    """Hands out response numbers; safe to use from several threads."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def next(self) -> int:
        """Give the next number."""
        return next(self._numbers)


def refusal_document(refusal: Refusal) -> bytes:
    """Give the body of an error response."""
    return msgspec.json.encode(
        {
            "error": {
                "message": refusal.message,
                "type": refusal.type,
                "param": None,
                "code": refusal.code,
            }
        }
    )


def _event(data: bytes) -> bytes:
    return b"data: " + data + b"\n\n"
