"""The calls that are measured: real clients over a transport that answers from memory.

Imported in every peer's environment: the standard library, openai and anthropic only.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterator
from typing import Any

Json = dict[str, Any]

_SENTENCE = "The parcel of order 4711 left the warehouse on Tuesday and is held at the depot. "
_TEXT = "Your order is on its way. It should arrive tomorrow before noon; shall I send a reminder?"
_WALKING = (
    "openai.resources.chat.completions.completions",
    "openai.resources.responses.responses",
    "anthropic.resources.messages.messages",
)
_CHUNKS = 50
_LONG_CHAT = 50
_LONG_CHAT_BYTES = 20_000


def calls() -> dict[str, Callable[[], None]]:
    """Give each case by name as a function that makes one call.

    The SDKs' walk over a request by its type annotations is cut short: it costs 8 ms for 50
    messages, with or without a tracer, and its noise would hide what a tracer adds.
    """
    for module in _WALKING:
        vars(importlib.import_module(module))["maybe_transform"] = _given
    return {**_openai_calls(), **_anthropic_calls()}


def _given(data: Json, _expected_type: object) -> Json:
    return {k: v for k, v in data.items() if type(v).__name__ not in ("Omit", "NotGiven")}


def _openai_calls() -> dict[str, Callable[[], None]]:
    openai = importlib.import_module("openai")
    answer, stream = _body(_completion()), _sse(_chunks())
    transport = {
        "/v1/chat/completions": lambda asked: stream if asked.get("stream") else answer,
        "/v1/responses": lambda _: _body(_response()),
    }
    client = openai.OpenAI(
        api_key="none",
        base_url="http://provider.test/v1",
        http_client=_http_client(openai.DefaultHttpxClient, transport),
    )
    short, long = chat(3), chat(_LONG_CHAT, _LONG_CHAT_BYTES)

    def create(messages: list[Json]) -> None:
        client.chat.completions.create(model="gpt-5-mini", messages=messages, temperature=0.2)

    def chat_stream() -> None:
        for _ in client.chat.completions.create(
            model="gpt-5-mini",
            messages=short,
            stream=True,
            stream_options={"include_usage": True},
        ):
            pass

    def responses() -> None:
        client.responses.create(model="gpt-5-mini", instructions=_SENTENCE, input=short[1:])

    return {
        "openai chat, 3 messages": lambda: create(short),
        "openai chat, 50 messages (20 KB)": lambda: create(long),
        "openai chat, 50-chunk stream": chat_stream,
        "openai responses": responses,
    }


def _anthropic_calls() -> dict[str, Callable[[], None]]:
    anthropic = importlib.import_module("anthropic")
    client = anthropic.Anthropic(
        api_key="none",
        base_url="http://provider.test",
        http_client=_http_client(
            anthropic.DefaultHttpxClient, {"/v1/messages": lambda _: _body(_message())}
        ),
    )
    messages = chat(4)[1:]

    def create() -> None:
        client.messages.create(
            model="claude-sonnet-4-5", max_tokens=500, system=_SENTENCE, messages=messages
        )

    return {"anthropic messages": create}


def _http_client(factory: Any, answers: dict[str, Callable[[Json], tuple[str, bytes]]]) -> Any:
    # httpx or httpx2: whichever this version of the SDK was built on.
    httpx = importlib.import_module(factory.__mro__[1].__module__.partition(".")[0])

    def handle(request: Any) -> Any:
        asked = json.loads(request.content) if b'"stream"' in request.content else {}
        kind, body = answers[request.url.path](asked)
        return httpx.Response(200, headers={"content-type": kind}, content=body)

    return factory(transport=httpx.MockTransport(handle))


def chat(count: int, size: int = 0) -> list[Json]:
    """Give a conversation of *count* messages and about *size* bytes."""
    roles = ["system"] + ["user", "assistant"] * count
    each = (_SENTENCE * (size // count // len(_SENTENCE) + 1))[: size // count or len(_SENTENCE)]
    return [{"role": role, "content": each} for role in roles[:count]]


def _body(value: Json) -> tuple[str, bytes]:
    return "application/json", json.dumps(value).encode()


def _sse(events: Iterator[Json]) -> tuple[str, bytes]:
    lines = [f"data: {json.dumps(event)}\n\n" for event in events]
    return "text/event-stream", "".join([*lines, "data: [DONE]\n\n"]).encode()


_USAGE: Json = {
    "prompt_tokens": 61,
    "completion_tokens": 21,
    "total_tokens": 82,
    "prompt_tokens_details": {"cached_tokens": 12, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 5, "audio_tokens": 0},
}


def _completion() -> Json:
    message = {"role": "assistant", "content": _TEXT, "refusal": None}
    choice = {"index": 0, "finish_reason": "stop", "logprobs": None, "message": message}
    return {**_head("chat.completion"), "choices": [choice], "usage": _USAGE}


def _chunks() -> Iterator[Json]:
    words = [*(word + " " for word in _TEXT.split()), *["again "] * _CHUNKS][: _CHUNKS - 2]
    deltas: list[Json] = [{"content": word} for word in words]
    deltas[0]["role"] = "assistant"
    for delta in deltas:
        yield _chunk([{"index": 0, "delta": delta, "finish_reason": None, "logprobs": None}])
    yield _chunk([{"index": 0, "delta": {}, "finish_reason": "stop", "logprobs": None}])
    yield {**_chunk([]), "usage": _USAGE}


def _chunk(choices: list[Json]) -> Json:
    return {**_head("chat.completion.chunk"), "choices": choices}


def _head(kind: str) -> Json:
    return {"id": "chatcmpl-1", "object": kind, "created": 1700000000, "model": "gpt-5-mini"}


def _response() -> Json:
    part: Json = {"type": "output_text", "text": _TEXT, "annotations": [], "logprobs": []}
    item = {
        "type": "message",
        "id": "msg_1",
        "status": "completed",
        "role": "assistant",
        "content": [part],
    }
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1700000000,
        "status": "completed",
        "model": "gpt-5-mini",
        "output": [item],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "error": None,
        "incomplete_details": None,
        "usage": {
            "input_tokens": 61,
            "output_tokens": 21,
            "total_tokens": 82,
            "input_tokens_details": {"cached_tokens": 12, "cache_write_tokens": 0},
            "output_tokens_details": {"reasoning_tokens": 5},
        },
    }


def _message() -> Json:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-5",
        "content": [{"type": "text", "text": _TEXT, "citations": None}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 61,
            "output_tokens": 21,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 12,
        },
    }
