"""Answers of the Anthropic API as they go over the wire."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

USAGE = {
    "input_tokens": 10,
    "cache_creation_input_tokens": 300,
    "cache_read_input_tokens": 2000,
    "output_tokens": 25,
}


def text(value: str) -> dict[str, Any]:
    return {"type": "text", "text": value, "citations": None}


def tool_use(name: str, arguments: dict[str, Any], call: str = "toolu_1") -> dict[str, Any]:
    return {"type": "tool_use", "id": call, "name": name, "input": arguments}


def message(*blocks: dict[str, Any], stop: str = "end_turn") -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-test-20260101",
        "content": list(blocks or (text("Hello."),)),
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": dict(USAGE),
    }


def events(*, stop: str = "end_turn") -> Iterator[dict[str, Any]]:
    """Thinking, a text and a tool call, streamed."""
    start = {**message(), "content": [], "stop_reason": None}
    start["usage"] = {**USAGE, "output_tokens": 1}
    yield {"type": "message_start", "message": start}
    thinking = {"type": "thinking", "thinking": "", "signature": ""}
    yield {"type": "content_block_start", "index": 0, "content_block": thinking}
    yield _delta(0, {"type": "thinking_delta", "thinking": "Let me see."})
    yield _delta(0, {"type": "signature_delta", "signature": "abc"})
    yield {"type": "content_block_stop", "index": 0}
    yield {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}}
    yield {"type": "ping"}
    yield _delta(1, {"type": "text_delta", "text": "Hel"})
    yield _delta(1, {"type": "text_delta", "text": "lo."})
    yield {"type": "content_block_stop", "index": 1}
    yield {"type": "content_block_start", "index": 2, "content_block": tool_use("look_up", {})}
    yield _delta(2, {"type": "input_json_delta", "partial_json": '{"order'})
    yield _delta(2, {"type": "input_json_delta", "partial_json": '": 7}'})
    yield {"type": "content_block_stop", "index": 2}
    yield {
        "type": "message_delta",
        "delta": {"stop_reason": stop, "stop_sequence": None},
        "usage": {"output_tokens": 25},
    }
    yield {"type": "message_stop"}


def _delta(index: int, delta: dict[str, Any]) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": delta}
