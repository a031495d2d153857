"""Items of the Responses API, as sent and as answered, folded into messages.

Neighbouring items of the assistant (reasoning, text, calls) become one message, as in a chat.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from catalyst_integrations.openai._content import parts_without_data
from catalyst_sdk.instrumentation.llm import as_list, as_object, digest_base64
from catalyst_sdk.instrumentation.stainless import member

Item = Mapping[str, Any]
Message = dict[str, Any]

_TEXT = frozenset({"input_text", "output_text", "summary_text", "reasoning_text"})


def messages_of(items: Iterable[Any]) -> list[Message]:
    """Fold *items*, each a JSON object or the SDK's, into messages."""
    messages: list[Message] = []
    for item in items:
        message = _message(as_object(item) or _read(item))
        if messages and message["role"] == messages[-1]["role"] == "assistant":
            _join(messages[-1], message)
        else:
            messages.append(message)
    return messages


def _read(item: Any) -> Item:
    """The JSON of one answered item."""
    read = _READ.get(item.type)
    return read(item) if read else item.model_dump(exclude_none=True, mode="json")


_READ: dict[str, Callable[[Any], Item]] = {
    "message": lambda item: {
        "type": "message",
        "role": item.role,
        "content": [_read_part(part) for part in member(item, "content") or ()],
    },
    "function_call": lambda item: {
        "type": "function_call",
        "call_id": item.call_id,
        "name": item.name,
        "arguments": item.arguments,
    },
    "reasoning": lambda item: {
        "type": "reasoning",
        "summary": [{"text": part.text} for part in member(item, "summary") or ()],
        "content": [{"text": part.text} for part in member(item, "content") or ()],
    },
}


def _read_part(part: Any) -> Item:
    if part.type == "output_text":
        return {"type": "text", "text": part.text}
    if part.type == "refusal":
        return {"type": "refusal", "refusal": part.refusal}
    return part.model_dump(exclude_none=True, mode="json")


def _message(item: Item) -> Message:
    kind = item.get("type") or "message"
    fold = _FOLD.get(kind)
    if fold is not None:
        return fold(item)
    if kind.endswith(("_output", "_response")):
        call = item.get("call_id") or item.get("approval_request_id")
        return {"role": "tool", "tool_call_id": call, "content": [dict(item)]}
    return {"role": "assistant", "content": [dict(item)]}


def _plain_message(item: Item) -> Message:
    content = item.get("content")
    if isinstance(content, list):
        content = _parts(as_list(content))
    return {"role": item.get("role") or "user", "content": content}


def _parts(parts: Iterable[Any]) -> list[Any]:
    described = parts_without_data([*parts])
    return [_text_part(as_object(part)) or part for part in described]


def _text_part(part: Item) -> Item | None:
    return {"type": "text", "text": part.get("text")} if part.get("type") in _TEXT else None


def _call(item: Item) -> Message:
    arguments = item.get("arguments", item.get("input"))
    function = {"name": item.get("name"), "arguments": arguments}
    call = {"id": item.get("call_id"), "function": function}
    return {"role": "assistant", "content": None, "tool_calls": [call]}


def _call_output(item: Item) -> Message:
    output = item.get("output")
    if isinstance(output, list):
        output = _parts(as_list(output))
    return {"role": "tool", "tool_call_id": item.get("call_id"), "content": output}


def _reasoning(item: Item) -> Message:
    texts = [*as_list(item.get("content")), *as_list(item.get("summary"))]
    parts = [{"type": "reasoning", "text": as_object(text).get("text")} for text in texts]
    return {"role": "assistant", "content": parts or None}


def _image(item: Item) -> Message:
    result = item.get("result")
    described = digest_base64(result, "image/*") if isinstance(result, str) else result
    return {"role": "assistant", "content": [{**item, "result": described}]}


_FOLD: dict[str, Callable[[Item], Message]] = {
    "message": _plain_message,
    "function_call": _call,
    "custom_tool_call": _call,
    "function_call_output": _call_output,
    "custom_tool_call_output": _call_output,
    "reasoning": _reasoning,
    "image_generation_call": _image,
}


def _join(message: Message, more: Message) -> None:
    if calls := more.get("tool_calls"):
        message.setdefault("tool_calls", []).extend(calls)
    content = more.get("content")
    if content is not None:
        parts = _as_parts(message.get("content")) + _as_parts(content)
        message["content"] = parts


def _as_parts(content: Any) -> list[Any]:
    if content is None:
        return []
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)
