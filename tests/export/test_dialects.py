from __future__ import annotations

import json
from typing import Any

import pytest
from inline_snapshot import snapshot
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan

from catalyst_sdk import semconv, spans
from catalyst_sdk.export import DIALECTS

TOOL = {
    "type": "function",
    "function": {
        "name": "find_order",
        "description": "Looks an order up.",
        "parameters": {"type": "object", "properties": {"id": {"type": "string"}}},
    },
}
ASKED = [
    {"role": "system", "content": "Be kind."},
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "What is this?"},
            {"type": "image_url", "image_url": {"url": "https://x.example/a.png"}},
        ],
    },
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": "c1", "function": {"name": "find_order", "arguments": '{"id":"A-1"}'}}
        ],
    },
    {"role": "tool", "tool_call_id": "c1", "content": '{"state":"sent"}'},
]
ANSWERED = [
    {
        "role": "assistant",
        "content": [
            {"type": "reasoning", "text": "It was sent."},
            {"type": "text", "text": "It is on its way."},
        ],
    }
]
LLM = {
    semconv.SPAN_KIND: "LLM",
    semconv.AGENT_ID: "refund",
    semconv.AGENT_NAME: "Refund",
    semconv.SESSION_ID: "s-1",
    semconv.LLM_PROVIDER: "openai",
    semconv.LLM_REQUEST_MODEL_NAME: "gpt-5",
    semconv.LLM_MODEL_NAME: "gpt-5-2025",
    semconv.LLM_INVOCATION_PARAMETERS: '{"temperature":0.5,"max_completion_tokens":90,"stop":"x"}',
    semconv.LLM_INPUT_MESSAGES: json.dumps(ASKED),
    semconv.LLM_OUTPUT_MESSAGES: json.dumps(ANSWERED),
    semconv.LLM_TOOLS: json.dumps([TOOL]),
    semconv.LLM_FINISH_REASON: "stop",
    semconv.LLM_RESPONSE_ID: "r-1",
    semconv.LLM_TIME_TO_FIRST_TOKEN_MS: 250.0,
    semconv.LLM_TOKENS_PROMPT: 30,
    semconv.LLM_TOKENS_COMPLETION: 9,
    semconv.LLM_TOKENS_TOTAL: 39,
    semconv.LLM_TOKENS_CACHE_READ: 10,
    semconv.LLM_TOKENS_CACHE_WRITE: 2,
    semconv.LLM_TOKENS_REASONING: 4,
    semconv.LLM_COST_TOTAL: 0.01,
}


# All but what measures the text of the JSON itself.
COMPARED = sorted(
    {*spans.SpanFacts.__struct_fields__}
    - {"input_hash", "output_hash", "input_size", "output_size"}
)


def put(dialect: str, attributes: dict[str, Any]) -> dict[str, Any]:
    span = ReadableSpan(name="s", resource=Resource({}), attributes=attributes)
    reshaped = DIALECTS[dialect](span)
    assert span.attributes == attributes  # the original is left alone
    return dict(reshaped.attributes or {})


def decoded(attributes: dict[str, Any]) -> dict[str, Any]:
    """The same with the JSON in it parsed, to be read by people."""
    return {
        key: json.loads(value) if isinstance(value, str) and value[:1] in ("[", "{") else value
        for key, value in attributes.items()
    }


def as_read(attributes: dict[str, Any]) -> spans.Span:
    return spans.Span(trace_id="1" * 32, span_id="1" * 16, attributes=attributes)


def test_compact_is_the_span_itself() -> None:
    assert put("compact", LLM) == LLM


def test_a_model_call_in_openinference() -> None:
    flat = put("openinference", LLM)
    new = {key: value for key, value in flat.items() if LLM.get(key) != value}
    assert decoded(new) == snapshot(
        {
            "input.value": [
                {"role": "system", "content": "Be kind."},
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "What is this?"},
                        {"type": "image_url", "image_url": {"url": "https://x.example/a.png"}},
                    ],
                },
                {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [
                        {
                            "id": "c1",
                            "function": {"name": "find_order", "arguments": '{"id":"A-1"}'},
                        }
                    ],
                },
                {"role": "tool", "tool_call_id": "c1", "content": '{"state":"sent"}'},
            ],
            "input.mime_type": "application/json",
            "output.value": [
                {
                    "role": "assistant",
                    "content": [
                        {"type": "reasoning", "text": "It was sent."},
                        {"type": "text", "text": "It is on its way."},
                    ],
                }
            ],
            "output.mime_type": "application/json",
            "llm.input_messages.0.message.role": "system",
            "llm.input_messages.0.message.content": "Be kind.",
            "llm.input_messages.1.message.role": "user",
            "llm.input_messages.1.message.contents.0.message_content.type": "text",
            "llm.input_messages.1.message.contents.0.message_content.text": "What is this?",
            "llm.input_messages.1.message.contents.1.message_content.type": "image",
            "llm.input_messages.1.message.contents.1.message_content.image.image.url": "https://x.example/a.png",
            "llm.input_messages.2.message.role": "assistant",
            "llm.input_messages.2.message.tool_calls.0.tool_call.id": "c1",
            "llm.input_messages.2.message.tool_calls.0.tool_call.function.name": "find_order",
            "llm.input_messages.2.message.tool_calls.0.tool_call.function.arguments": {"id": "A-1"},
            "llm.input_messages.3.message.role": "tool",
            "llm.input_messages.3.message.content": {"state": "sent"},
            "llm.input_messages.3.message.tool_call_id": "c1",
            "llm.output_messages.0.message.role": "assistant",
            "llm.output_messages.0.message.contents.0.message_content.type": "reasoning",
            "llm.output_messages.0.message.contents.0.message_content.text": "It was sent.",
            "llm.output_messages.0.message.contents.1.message_content.type": "text",
            "llm.output_messages.0.message.contents.1.message_content.text": "It is on its way.",
            "llm.tools.0.tool.json_schema": {
                "type": "function",
                "function": {
                    "name": "find_order",
                    "description": "Looks an order up.",
                    "parameters": {"type": "object", "properties": {"id": {"type": "string"}}},
                },
            },
        }
    )


def test_a_model_call_in_gen_ai() -> None:
    assert decoded(put("gen_ai", LLM)) == snapshot(
        {
            "openinference.span.kind": "LLM",
            "session.id": "s-1",
            "llm.invocation_parameters": {
                "temperature": 0.5,
                "max_completion_tokens": 90,
                "stop": "x",
            },
            "llm.token_count.total": 39,
            "llm.cost.total": 0.01,
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.response.model": "gpt-5-2025",
            "gen_ai.response.finish_reasons": ["stop"],
            "gen_ai.response.time_to_first_chunk": 0.25,
            "gen_ai.request.temperature": 0.5,
            "gen_ai.request.max_tokens": 90,
            "gen_ai.request.stop_sequences": ["x"],
            "gen_ai.input.messages": [
                {"role": "system", "parts": [{"type": "text", "content": "Be kind."}]},
                {
                    "role": "user",
                    "parts": [
                        {"type": "text", "content": "What is this?"},
                        {
                            "type": "uri",
                            "modality": "image",
                            "mime_type": None,
                            "uri": "https://x.example/a.png",
                        },
                    ],
                },
                {
                    "role": "assistant",
                    "parts": [
                        {
                            "type": "tool_call",
                            "id": "c1",
                            "name": "find_order",
                            "arguments": {"id": "A-1"},
                        }
                    ],
                },
                {
                    "role": "tool",
                    "parts": [
                        {"type": "tool_call_response", "id": "c1", "response": {"state": "sent"}}
                    ],
                },
            ],
            "gen_ai.output.messages": [
                {
                    "role": "assistant",
                    "parts": [
                        {"type": "reasoning", "content": "It was sent."},
                        {"type": "text", "content": "It is on its way."},
                    ],
                    "finish_reason": "stop",
                }
            ],
            "gen_ai.tool.definitions": [
                {
                    "type": "function",
                    "name": "find_order",
                    "description": "Looks an order up.",
                    "parameters": {"type": "object", "properties": {"id": {"type": "string"}}},
                }
            ],
            "gen_ai.conversation.id": "s-1",
            "gen_ai.request.model": "gpt-5",
            "gen_ai.response.id": "r-1",
            "gen_ai.usage.input_tokens": 30,
            "gen_ai.usage.output_tokens": 9,
            "gen_ai.usage.cache_read.input_tokens": 10,
            "gen_ai.usage.cache_creation.input_tokens": 2,
            "gen_ai.usage.reasoning.output_tokens": 4,
            "gen_ai.agent.name": "Refund",
            "gen_ai.agent.id": "refund",
        }
    )


def test_a_tool_call_in_gen_ai() -> None:
    tool = {
        semconv.SPAN_KIND: "TOOL",
        semconv.TOOL_NAME: "find_order",
        semconv.TOOL_DESCRIPTION: "Looks an order up.",
        semconv.TOOL_CALL_ID: "c1",
        semconv.INPUT_VALUE: '{"id":"A-1"}',
        semconv.INPUT_MIME_TYPE: "application/json",
        semconv.OUTPUT_VALUE: '{"state":"sent"}',
    }
    assert decoded(put("gen_ai", tool)) == snapshot(
        {
            "openinference.span.kind": "TOOL",
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.type": "function",
            "gen_ai.tool.call.arguments": {"id": "A-1"},
            "gen_ai.tool.call.result": {"state": "sent"},
            "gen_ai.tool.name": "find_order",
            "gen_ai.tool.description": "Looks an order up.",
            "gen_ai.tool.call.id": "c1",
        }
    )


def test_an_agent_in_gen_ai() -> None:
    agent = {
        semconv.SPAN_KIND: "AGENT",
        semconv.AGENT_NAME: "Refund",
        semconv.AGENT_ROLE: "Refunds orders",
        semconv.INPUT_VALUE: "hello",
        semconv.OUTPUT_VALUE: "bye",
    }
    assert decoded(put("gen_ai", agent)) == snapshot(
        {
            "openinference.span.kind": "AGENT",
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.input.messages": [
                {"role": "user", "parts": [{"type": "text", "content": "hello"}]}
            ],
            "gen_ai.output.messages": [
                {
                    "role": "assistant",
                    "finish_reason": "",
                    "parts": [{"type": "text", "content": "bye"}],
                }
            ],
            "gen_ai.agent.name": "Refund",
            "gen_ai.agent.description": "Refunds orders",
        }
    )


def test_documents_are_flattened() -> None:
    documents = [
        {"document.content": "one", "document.score": 0.5, "document.id": 1},
        {"page_content": "two", "metadata": {"page": 2}},
        {"document": {"text": "three", "doc_id": "d3"}},
        "no object",
    ]
    attributes = {
        semconv.SPAN_KIND: "RETRIEVER",
        semconv.RETRIEVAL_DOCUMENTS: json.dumps(documents),
    }
    assert decoded(put("openinference", attributes)) == snapshot(
        {
            "openinference.span.kind": "RETRIEVER",
            "retrieval.documents.0.document.content": "one",
            "retrieval.documents.0.document.score": 0.5,
            "retrieval.documents.0.document.id": 1,
            "retrieval.documents.1.document.content": "two",
            "retrieval.documents.1.document.metadata": {"page": 2},
            "retrieval.documents.2.document.content": "three",
            "retrieval.documents.2.document.id": "d3",
            "retrieval.documents.3.document.content": "no object",
        }
    )


def test_an_answer_that_is_only_text_is_shown_as_text() -> None:
    said = {**LLM, semconv.LLM_OUTPUT_MESSAGES: '[{"role":"assistant","content":"Hi."}]'}
    flat = put("openinference", said)
    assert (flat["output.value"], flat["output.mime_type"]) == ("Hi.", "text/plain")
    own = put("openinference", {**said, "output.value": "mine"})
    assert own["output.value"] == "mine"


@pytest.mark.parametrize("dialect", ["openinference", "gen_ai"])
def test_the_conversation_is_the_same_in_every_dialect(dialect: str) -> None:
    there = spans.messages(as_read(put(dialect, LLM)))
    for message in there.output_messages:  # which the compact form has on the span only
        message.finish_reason = ""
    assert there == spans.messages(as_read(LLM))


@pytest.mark.parametrize("dialect", ["openinference", "gen_ai"])
@pytest.mark.parametrize("kind", ["LLM", "TOOL", "AGENT", "RETRIEVER", "EMBEDDING"])
def test_the_facts_are_the_same_in_every_dialect(dialect: str, kind: str) -> None:
    attributes = {**LLM, semconv.SPAN_KIND: kind}
    if kind != "LLM":
        for key in (semconv.LLM_INPUT_MESSAGES, semconv.LLM_OUTPUT_MESSAGES, semconv.LLM_TOOLS):
            del attributes[key]
        attributes |= {
            semconv.INPUT_VALUE: '{"a":1}',
            semconv.OUTPUT_VALUE: "done",
            semconv.TOOL_NAME: "t",
            semconv.TOOL_CALL_ID: "c9",
        }
    there, here = (
        {name: getattr(spans.facts(as_read(said)), name) for name in COMPARED}
        for said in (put(dialect, attributes), attributes)
    )
    assert there == here


def test_two_hundred_messages_keep_kind_model_and_tokens() -> None:
    many = {**LLM, semconv.LLM_INPUT_MESSAGES: json.dumps(ASKED * 50)}
    flat = put("openinference", many)
    assert flat["llm.input_messages.199.message.role"] == "tool"
    assert len(flat) > 500
    facts = spans.facts(as_read(flat))
    assert (facts.kind, facts.model, facts.prompt_tokens) == ("LLM", "gpt-5-2025", 30)
    assert facts.message_count == 200


@pytest.mark.parametrize("broken", ["", "{", "null", "[1]", '"text"', '[{"role":3}]'])
@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_messages_that_are_none_do_no_harm(dialect: str, broken: str) -> None:
    attributes = {
        **LLM,
        semconv.LLM_INPUT_MESSAGES: broken,
        semconv.LLM_TOOLS: broken,
        semconv.LLM_INVOCATION_PARAMETERS: broken,
        semconv.RETRIEVAL_DOCUMENTS: broken,
    }
    assert put(dialect, attributes)[semconv.SPAN_KIND] == "LLM"


def test_spans_of_others_are_left_as_they_are() -> None:
    other = {"gen_ai.operation.name": "chat", "http.method": "GET"}
    assert put("gen_ai", other) == other
    assert put("openinference", other) == other
