"""JSON bodies as the OpenAI API sends them, for scripted servers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Json = dict[str, Any]

USAGE: Json = {
    "prompt_tokens": 20,
    "completion_tokens": 8,
    "total_tokens": 28,
    "prompt_tokens_details": {"cached_tokens": 12, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 5, "audio_tokens": 0},
}
RESPONSE_USAGE: Json = {
    "input_tokens": 20,
    "output_tokens": 8,
    "total_tokens": 28,
    "input_tokens_details": {"cached_tokens": 12, "cache_write_tokens": 3},
    "output_tokens_details": {"reasoning_tokens": 5},
}


def tool_call(name: str, arguments: str, call_id: str = "call_1") -> Json:
    """A call of a function."""
    return {
        "id": call_id,
        "type": "function",
        "function": {"name": name, "arguments": arguments},
    }


def chat_completion(
    text: str | None = "Hello.",
    *,
    tool_calls: Sequence[Json] = (),
    finish_reason: str | None = None,
    model: str = "gpt-test-2026",
    usage: Json | None = USAGE,
    **message: Any,
) -> Json:
    """A `chat.completion` with one choice; *message* adds members to its message."""
    reason = finish_reason or ("tool_calls" if tool_calls else "stop")
    body = {"role": "assistant", "content": text, **message}
    if tool_calls:
        body["tool_calls"] = list(tool_calls)
    choice = {"index": 0, "finish_reason": reason, "logprobs": None, "message": body}
    return _with_usage(_head("chat.completion", model), usage, choices=[choice])


def chat_chunks(
    pieces: Sequence[str] = ("Hel", "lo."),
    *,
    tool_calls: Sequence[Json] = (),
    finish_reason: str | None = None,
    model: str = "gpt-test-2026",
    usage: Json | None = USAGE,
) -> Iterator[Json]:
    """The chunks of a streamed completion; each call's arguments come in two pieces."""
    yield _chunk({"role": "assistant", "content": ""}, model)
    for piece in pieces:
        yield _chunk({"content": piece}, model)
    for index, call in enumerate(tool_calls):
        yield from _call_chunks(index, call, model)
    reason = finish_reason or ("tool_calls" if tool_calls else "stop")
    yield _chunk({}, model, reason)
    if usage is not None:
        yield {**_head("chat.completion.chunk", model), "choices": [], "usage": usage}


def completion(text: str = "four", *, usage: Json | None = USAGE) -> Json:
    """A legacy `text_completion`."""
    choice = {"index": 0, "finish_reason": "stop", "logprobs": None, "text": text}
    return _with_usage(_head("text_completion", "gpt-test-2026"), usage, choices=[choice])


def response(*items: Json, usage: Json | None = RESPONSE_USAGE, **members: Any) -> Json:
    """A `response` of the Responses API with these output items; *members* override its own."""
    body: Json = {
        "id": "resp_1",
        "object": "response",
        "created_at": 1700000000,
        "status": "completed",
        "model": "gpt-test-2026",
        "output": list(items or [output_text("Hello.")]),
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "error": None,
        "incomplete_details": None,
        "usage": usage,
    }
    return {**body, **members}


def output_text(text: str) -> Json:
    """A message item."""
    part: Json = {"type": "output_text", "text": text, "annotations": []}
    return {
        "type": "message",
        "id": "msg_1",
        "status": "completed",
        "role": "assistant",
        "content": [part],
    }


def function_call(name: str, arguments: str, call_id: str = "call_1") -> Json:
    """A function call item."""
    return {
        "type": "function_call",
        "id": "fc_1",
        "call_id": call_id,
        "name": name,
        "arguments": arguments,
        "status": "completed",
    }


def reasoning(text: str) -> Json:
    """A reasoning item with a summary."""
    return {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": text}]}


def response_events(
    whole: Json | None = None, *, last: str = "response.completed"
) -> Iterator[Json]:
    """The events that stream *whole*, text and arguments in two pieces each."""
    whole = whole or response()
    started: Json = {**whole, "status": "in_progress", "output": [], "usage": None}
    events: list[Json] = [
        {"type": "response.created", "response": started},
        {"type": "response.in_progress", "response": started},
    ]
    for index, item in enumerate(whole["output"]):
        events += _item_events(index, item)
    events.append({"type": last, "response": whole})
    for number, event in enumerate(events):
        yield {**event, "sequence_number": number}


def _item_events(index: int, item: Json) -> Iterator[Json]:
    at: Json = {"output_index": index, "item_id": item["id"]}
    empty: Json = {"content": []} if item["type"] == "message" else {"arguments": ""}
    yield {
        "type": "response.output_item.added",
        "output_index": index,
        "item": {**item, **empty, "status": "in_progress"},
    }
    if item["type"] == "message":
        part = item["content"][0]
        yield {
            "type": "response.content_part.added",
            **at,
            "content_index": 0,
            "part": {**part, "text": ""},
        }
        for piece in _halves(part["text"]):
            yield {
                "type": "response.output_text.delta",
                **at,
                "content_index": 0,
                "delta": piece,
                "logprobs": [],
            }
    if item["type"] == "function_call":
        for piece in _halves(item["arguments"]):
            yield {"type": "response.function_call_arguments.delta", **at, "delta": piece}
    yield {"type": "response.output_item.done", "output_index": index, "item": item}


def _call_chunks(index: int, call: Json, model: str) -> Iterator[Json]:
    first, second = _halves(call["function"]["arguments"])
    opened = {**call, "index": index, "function": {**call["function"], "arguments": first}}
    yield _chunk({"tool_calls": [opened]}, model)
    yield _chunk({"tool_calls": [{"index": index, "function": {"arguments": second}}]}, model)


def _chunk(delta: Mapping[str, Any], model: str, finish_reason: str | None = None) -> Json:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason, "logprobs": None}
    return {**_head("chat.completion.chunk", model), "choices": [choice]}


def _head(kind: str, model: str) -> Json:
    return {"id": "chatcmpl-1", "object": kind, "created": 1700000000, "model": model}


def _with_usage(head: Json, usage: Json | None, **members: Any) -> Json:
    return {**head, **members, "usage": usage} if usage is not None else {**head, **members}


def _halves(text: str) -> tuple[str, str]:
    middle = len(text) // 2
    return text[:middle], text[middle:]
