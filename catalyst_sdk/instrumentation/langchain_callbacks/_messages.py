"""LangChain's messages as the SDK's: role, content, tool calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from catalyst_sdk.instrumentation.llm import (
    as_list,
    as_object,
    digest_base64,
    digest_data_url,
    to_json,
)

_ROLES = {
    "human": "user",
    "HumanMessageChunk": "user",
    "ai": "assistant",
    "AIMessageChunk": "assistant",
    "system": "system",
    "SystemMessageChunk": "system",
    "tool": "tool",
    "ToolMessageChunk": "tool",
    "function": "function",
    "FunctionMessageChunk": "function",
}
_REASONING = ("reasoning_content", "reasoning")
_CALLS = frozenset(
    {"tool_use", "tool_call", "tool_call_chunk", "function_call", "input_json_delta"}
)
"""Blocks that say again what `tool_calls` says."""
_DATA = ("data", "base64", "file_data", "bytes")
_LEAST_DATA = 64
_MOST_DEPTH = 4


def message_object(message: Any) -> dict[str, Any]:
    """Read one message (a `BaseMessage`)."""
    held: dict[str, Any] = message.__dict__  # asking pydantic for what is not there is slow
    kind: str = held["type"]
    fields: dict[str, Any] = {
        "role": _ROLES.get(kind) or held.get("role") or kind,
        "content": _content(held),
    }
    if more := held.get("additional_kwargs"):
        if refusal := more.get("refusal"):
            fields["refusal"] = refusal
        _add_reasoning(fields, more)
    if name := held.get("name"):
        fields["name"] = name
    if calls := _tool_calls(held):
        fields["tool_calls"] = calls
    if call_id := held.get("tool_call_id"):
        fields["tool_call_id"] = call_id
    return fields


def without_data(block: Any, depth: int = 0) -> Any:
    """Describe the binary data in a content block; the rest of it stays as it is."""
    if not isinstance(block, Mapping) or depth > _MOST_DEPTH:
        return cast("Any", block)
    fields = as_object(cast("Any", block))
    mime = fields.get("mime_type") or fields.get("media_type") or fields.get("format")
    return {
        key: _without_data(key, value, str(mime) if mime else None, depth)
        for key, value in fields.items()
    }


def _without_data(key: str, value: Any, mime: str | None, depth: int) -> Any:
    if not isinstance(value, str):
        return without_data(value, depth + 1)
    if len(value) < _LEAST_DATA:
        return value
    if value.startswith("data:"):
        return digest_data_url(value)
    return digest_base64(value, mime) if key in _DATA else value


def _content(held: Mapping[str, Any]) -> Any:
    content = held["content"]
    if isinstance(content, str):
        return content
    called = bool(held.get("tool_calls"))
    return [
        without_data(block)
        for block in as_list(content)
        if not (called and as_object(block).get("type") in _CALLS)
    ]


def _add_reasoning(fields: dict[str, Any], more: Mapping[str, Any]) -> None:
    for name in _REASONING:
        if isinstance(text := more.get(name), str) and text:
            content = fields["content"]
            said = [{"type": "text", "text": content}] if isinstance(content, str) else content
            reasoning = {"type": "reasoning", "text": text}
            fields["content"] = [reasoning, *(said if content else ())]
            return


def _tool_calls(held: Mapping[str, Any]) -> list[dict[str, Any]]:
    calls: list[dict[str, Any]] = []
    for name in ("tool_calls", "invalid_tool_calls"):
        if told := held.get(name):
            calls += map(_call, told)
    more = held.get("additional_kwargs")
    if more and (legacy := as_object(more.get("function_call"))):
        calls.append({"function": {key: legacy.get(key) for key in ("name", "arguments")}})
    return calls


def _call(call: Any) -> dict[str, Any]:
    arguments = call.get("args")
    if not isinstance(arguments, str):
        arguments = to_json(arguments)
    return {
        "id": call.get("id"),
        "function": {"name": call.get("name"), "arguments": arguments},
    }
