"""Messages and tools of every provider and framework, in one shape."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from catalyst_sdk.spans import Part, Span, messages
from catalyst_sdk.spans._messages import messages_of
from catalyst_sdk.spans._tools import toolset


def shape(value: Any, role: str = "user") -> list[tuple[str, list[tuple[str, str]]]]:
    """Roles, and of each part its type and what it says or calls."""
    return [
        (message.role, [(part.type, part.text or part.name) for part in message.parts])
        for message in messages_of(value, role)
    ]


CALL = ("tool_call", "get")
RESULT = ("tool_result", "21°")
CONVERSATION = [
    ("user", [("text", "Weather?")]),
    ("assistant", [("text", "Looking."), CALL]),
    ("tool", [RESULT]),
]

FORMS: dict[str, Any] = {
    "openai chat": [
        {"role": "user", "content": "Weather?"},
        {
            "role": "assistant",
            "content": "Looking.",
            "tool_calls": [{"id": "1", "function": {"name": "get", "arguments": "{}"}}],
        },
        {"role": "tool", "tool_call_id": "1", "content": "21°"},
    ],
    "openai responses": [
        {"role": "user", "content": [{"type": "input_text", "text": "Weather?"}]},
        {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "Looking."}],
        },
        {"type": "function_call", "call_id": "1", "name": "get", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "1", "output": "21°"},
    ],
    "genai parts": [
        {"role": "user", "parts": [{"type": "text", "content": "Weather?"}]},
        {
            "role": "assistant",
            "parts": [
                {"type": "text", "content": "Looking."},
                {"type": "tool_call", "id": "1", "name": "get", "arguments": {}},
            ],
        },
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "1", "response": "21°"}]},
    ],
    "gemini": {
        "contents": [
            {"role": "user", "parts": [{"text": "Weather?"}]},
            {
                "role": "model",
                "parts": [{"text": "Looking."}, {"functionCall": {"name": "get", "args": {}}}],
            },
            {
                "role": "function",
                "parts": [{"functionResponse": {"name": "get", "response": {"result": "21°"}}}],
            },
        ]
    },
    "langchain": [
        {"type": "human", "content": "Weather?"},
        {
            "type": "ai",
            "content": [
                {"type": "text", "text": "Looking."},
                {"type": "tool_use", "id": "1", "name": "get", "input": {}},
            ],
            "tool_calls": [{"name": "get", "args": {}, "id": "1"}],
        },
        {"type": "tool", "content": "21°", "tool_call_id": "1"},
    ],
    "pydantic-ai": [
        {"kind": "request", "parts": [{"part_kind": "user-prompt", "content": "Weather?"}]},
        {
            "kind": "response",
            "parts": [
                {"part_kind": "text", "content": "Looking."},
                {"part_kind": "tool-call", "tool_name": "get", "args": "{}", "tool_call_id": "1"},
            ],
        },
        {
            "kind": "request",
            "parts": [
                {
                    "part_kind": "tool-return",
                    "tool_name": "get",
                    "content": "21°",
                    "tool_call_id": "1",
                }
            ],
        },
    ],
    "vercel": [
        {"role": "user", "content": [{"type": "text", "text": "Weather?"}]},
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "Looking."},
                {"type": "tool-call", "toolCallId": "1", "toolName": "get", "args": {}},
            ],
        },
        {
            "role": "tool",
            "content": [
                {"type": "tool-result", "toolCallId": "1", "toolName": "get", "result": "21°"}
            ],
        },
    ],
    "openinference": [
        {"message": {"role": "user", "content": "Weather?"}},
        {
            "message": {
                "role": "assistant",
                "content": "Looking.",
                "tool_calls": [
                    {"tool_call": {"id": "1", "function": {"name": "get", "arguments": "{}"}}}
                ],
            }
        },
        {"message": {"role": "tool", "content": "21°", "tool_call_id": "1"}},
    ],
    "openinference dotted": [
        {"message.role": "user", "message.content": "Weather?"},
        {
            "message.role": "assistant",
            "message.content": "Looking.",
            "message.tool_calls": [
                {"tool_call.function.name": "get", "tool_call.function.arguments": "{}"}
            ],
        },
        {"message.role": "tool", "message.content": "21°"},
    ],
}


@pytest.mark.parametrize("form", FORMS)
def test_a_conversation_is_the_same_in_every_form(form: str) -> None:
    found = shape(FORMS[form])
    if form == "openai responses":
        assert found == [
            CONVERSATION[0],
            ("assistant", [("text", "Looking.")]),
            ("assistant", [CALL]),
            CONVERSATION[2],
        ]
    else:
        assert found == CONVERSATION
    assert shape(json.dumps(FORMS[form])) == found


def test_bedrock_and_anthropic_results_are_told_apart_from_words() -> None:
    bedrock = [
        {"role": "assistant", "content": [{"toolUse": {"toolUseId": "1", "name": "get"}}]},
        {
            "role": "user",
            "content": [{"toolResult": {"toolUseId": "1", "content": [{"text": "21°"}]}}],
        },
    ]
    assert shape(bedrock) == [("assistant", [CALL]), ("user", [RESULT])]
    anthropic = {
        "system": [{"type": "text", "text": "Be brief."}],
        "messages": [
            {"role": "user", "content": [{"type": "tool_result", "content": "21°"}]},
        ],
    }
    assert shape(anthropic) == [("system", [("text", "Be brief.")]), ("user", [RESULT])]


ANSWERS: dict[str, tuple[Any, list[tuple[str, str]], str]] = {
    "text": ("Sunny.", [("text", "Sunny.")], ""),
    "openai": (
        {"choices": [{"message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}]},
        [("text", "Hi")],
        "stop",
    ),
    "openai responses": (
        {
            "object": "response",
            "output": [
                {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm"}]},
                {
                    "type": "message",
                    "role": "assistant",
                    "content": [{"type": "output_text", "text": "Hi"}],
                },
            ],
            "incomplete_details": {"reason": "max_output_tokens"},
        },
        [("reasoning", "Hm"), ("text", "Hi")],
        "max_output_tokens",
    ),
    "anthropic": (
        {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "thinking", "thinking": "Hm"}, {"type": "text", "text": "Hi"}],
            "stop_reason": "end_turn",
        },
        [("reasoning", "Hm"), ("text", "Hi")],
        "end_turn",
    ),
    "gemini": (
        {"candidates": [{"content": {"parts": [{"text": "Hi"}]}, "finishReason": "STOP"}]},
        [("text", "Hi")],
        "STOP",
    ),
    "deepseek": (
        {"role": "assistant", "content": "Hi", "reasoning_content": "Hm"},
        [("reasoning", "Hm"), ("text", "Hi")],
        "",
    ),
    "refusal": ({"role": "assistant", "refusal": "No."}, [("refusal", "No.")], ""),
    "legacy function": (
        {"role": "assistant", "function_call": {"name": "get", "arguments": "{}"}},
        [CALL],
        "",
    ),
    "some object": ({"answer": "Hi"}, [("text", "Hi")], ""),
    "other object": ({"a": 1, "b": 2}, [("text", '{"a":1,"b":2}')], ""),
}


@pytest.mark.parametrize("form", ANSWERS)
def test_an_answer_is_read_in_every_form(form: str) -> None:
    value, parts, finish = ANSWERS[form]
    found = messages_of(value, "assistant")
    assert [(p.type, p.text or p.name) for m in found for p in m.parts] == parts
    assert {message.role for message in found} == {"assistant"}
    assert found[-1].finish_reason == finish


MEDIA: dict[str, tuple[Any, Part]] = {
    "openai image": (
        {"type": "image_url", "image_url": {"url": "https://x/cat.png"}},
        Part(type="image", text="https://x/cat.png"),
    ),
    "inline image": (
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
        Part(type="image", mime="image/png"),
    ),
    "anthropic image": (
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA"}},
        Part(type="image", mime="image/png"),
    ),
    "openinference image": (
        {
            "message_content": {
                "type": "image",
                "image": {"image": {"url": "https://x/cat.png"}},
            }
        },
        Part(type="image", text="https://x/cat.png"),
    ),
    "audio": (
        {"type": "input_audio", "input_audio": {"data": "AA", "format": "wav"}},
        Part(type="audio", mime="wav"),
    ),
    "genai blob": (
        {"type": "blob", "modality": "image", "mime_type": "image/png", "content": "AA"},
        Part(type="image", mime="image/png"),
    ),
    "genai uri": (
        {"type": "uri", "modality": "video", "uri": "gs://x/film.mp4"},
        Part(type="video", text="gs://x/film.mp4"),
    ),
    "gemini inline": (
        {"inlineData": {"mimeType": "audio/mp3", "data": "AA"}},
        Part(type="audio", mime="audio/mp3"),
    ),
    "file": (
        {"type": "file", "file": {"filename": "a.pdf", "file_data": "AA"}},
        Part(type="file", text="a.pdf"),
    ),
    "unknown": ({"type": "hologram", "x": 1}, Part(type="data", text='{"type":"hologram","x":1}')),
}


@pytest.mark.parametrize("form", MEDIA)
def test_media_are_told_by_kind_and_place_never_by_their_bytes(form: str) -> None:
    block, part = MEDIA[form]
    (message,) = messages_of([{"role": "user", "content": [block]}])
    assert message.parts == [part]


TOOLS: dict[str, Any] = {
    "openai": [{"type": "function", "function": {"name": "get", "parameters": {"a": 1}}}],
    "responses": [{"type": "function", "name": "get", "parameters": {"a": 1}}],
    "anthropic": [{"name": "get", "input_schema": {"a": 1}}],
    "gemini": [{"functionDeclarations": [{"name": "get", "parameters": {"a": 1}}]}],
    "bedrock": {"tools": [{"toolSpec": {"name": "get", "inputSchema": {"json": {"a": 1}}}}]},
    "openinference": [{"tool": {"json_schema": '{"name": "get", "input_schema": {"a": 1}}'}}],
    "dotted": [{"tool.json_schema": '{"name": "get", "parameters": {"a": 1}}'}],
    "vercel": ['{"type": "function", "name": "get", "inputSchema": {"a": 1}}'],
    "pydantic-ai": {"function_tools": [{"name": "get", "parameters_json_schema": {"a": 1}}]},
}


@pytest.mark.parametrize("form", TOOLS)
def test_tools_are_read_in_every_form(form: str) -> None:
    for value in (TOOLS[form], json.dumps(TOOLS[form])):
        (tool,) = toolset(value).definitions
        assert (tool.name, tool.schema) == ("get", {"a": 1})


def test_tools_may_be_names_alone_or_nonsense() -> None:
    assert toolset(["get", "put"]).names == ["get", "put"]
    assert toolset("not json").names == []
    assert toolset(None).names == []
    assert toolset([{"x": 1}, 3, None]).names == []
    assert toolset([{"type": "web_search_preview"}]).names == ["web_search_preview"]


def test_tools_inside_the_request_are_offered_too(make_span: Callable[..., Span]) -> None:
    span = make_span(
        {
            "openinference.span.kind": "LLM",
            "input.value": json.dumps({"messages": [], "tools": TOOLS["openai"]}),
        }
    )
    assert [tool.name for tool in messages(span).tools] == ["get"]
    by_parameters = {"llm.invocation_parameters": json.dumps({"tools": TOOLS["anthropic"]})}
    assert [tool.name for tool in messages(make_span(by_parameters)).tools] == ["get"]
