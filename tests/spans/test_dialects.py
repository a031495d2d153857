"""One model call, told by every dialect: the facts and the messages must come out alike."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from catalyst_sdk.spans import Event, Span, facts, messages

QUESTION = "What is the weather in Paris?"
SYSTEM = "You answer questions about the weather."
ARGUMENTS = '{"city":"Paris"}'
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
}
OPENAI_TOOL = {
    "type": "function",
    "function": {"name": "get_weather", "description": "Look it up", "parameters": SCHEMA},
}
CHAT_INPUT = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": QUESTION}]
CHAT_OUTPUT = {
    "role": "assistant",
    "content": None,
    "tool_calls": [
        {
            "id": "call_1",
            "type": "function",
            "function": {"name": "get_weather", "arguments": ARGUMENTS},
        }
    ],
}
GENAI_INPUT = [{"role": "user", "parts": [{"type": "text", "content": QUESTION}]}]
GENAI_OUTPUT = [
    {
        "role": "assistant",
        "parts": [
            {
                "type": "tool_call",
                "id": "call_1",
                "name": "get_weather",
                "arguments": {"city": "Paris"},
            }
        ],
        "finish_reason": "tool_call",
    }
]

OPENINFERENCE = {
    "openinference.span.kind": "LLM",
    "llm.model_name": "gpt-5-mini",
    "llm.provider": "openai",
    "llm.token_count.prompt": 120,
    "llm.token_count.completion": 20,
    "llm.token_count.total": 140,
    "llm.token_count.prompt_details.cache_read": 64,
    "session.id": "s-1",
    "user.id": "u-1",
    "agent.name": "weather-agent",
}

CALLS: dict[str, Any] = {
    "openinference compact": {
        **OPENINFERENCE,
        "llm.input_messages": json.dumps(CHAT_INPUT),
        "llm.output_messages": json.dumps([CHAT_OUTPUT]),
        "llm.tools": json.dumps([OPENAI_TOOL]),
        "llm.finish_reason": "tool_calls",
    },
    "openinference flat": {
        **OPENINFERENCE,
        "llm.input_messages.0.message.role": "system",
        "llm.input_messages.0.message.content": SYSTEM,
        "llm.input_messages.1.message.role": "user",
        "llm.input_messages.1.message.contents.0.message_content.type": "text",
        "llm.input_messages.1.message.contents.0.message_content.text": QUESTION,
        "llm.output_messages.0.message.role": "assistant",
        "llm.output_messages.0.message.tool_calls.0.tool_call.id": "call_1",
        "llm.output_messages.0.message.tool_calls.0.tool_call.function.name": "get_weather",
        "llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments": ARGUMENTS,
        "llm.tools.0.tool.json_schema": json.dumps(OPENAI_TOOL),
        "llm.finish_reason": "tool_calls",
        "input.value": json.dumps({"messages": CHAT_INPUT, "model": "gpt-5-mini"}),
        "input.mime_type": "application/json",
    },
    "openinference value": {
        **OPENINFERENCE,
        "input.value": json.dumps({"messages": CHAT_INPUT, "tools": [OPENAI_TOOL]}),
        "output.value": json.dumps(
            {"choices": [{"message": CHAT_OUTPUT, "finish_reason": "tool_calls"}]}
        ),
    },
    "gen_ai text": {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-5-mini",
        "gen_ai.response.model": "gpt-5-mini",
        "gen_ai.provider.name": "openai",
        "gen_ai.system_instructions": json.dumps([{"type": "text", "content": SYSTEM}]),
        "gen_ai.input.messages": json.dumps(GENAI_INPUT),
        "gen_ai.output.messages": json.dumps(GENAI_OUTPUT),
        "gen_ai.tool.definitions": json.dumps(
            [{"type": "function", "name": "get_weather", "parameters": SCHEMA}]
        ),
        "gen_ai.usage.input_tokens": 120,
        "gen_ai.usage.output_tokens": 20,
        "gen_ai.usage.cache_read.input_tokens": 64,
        "gen_ai.response.finish_reasons": ["tool_calls"],
        "gen_ai.conversation.id": "s-1",
        "enduser.id": "u-1",
        "gen_ai.agent.name": "weather-agent",
    },
    "openllmetry": {
        "llm.request.type": "chat",
        "gen_ai.system": "OpenAI",
        "gen_ai.request.model": "gpt-5-mini",
        "gen_ai.response.model": "gpt-5-mini",
        "gen_ai.prompt.0.role": "system",
        "gen_ai.prompt.0.content": SYSTEM,
        "gen_ai.prompt.1.role": "user",
        "gen_ai.prompt.1.content": json.dumps([{"type": "text", "text": QUESTION}]),
        "gen_ai.completion.0.role": "assistant",
        "gen_ai.completion.0.finish_reason": "tool_calls",
        "gen_ai.completion.0.tool_calls.0.id": "call_1",
        "gen_ai.completion.0.tool_calls.0.name": "get_weather",
        "gen_ai.completion.0.tool_calls.0.arguments": ARGUMENTS,
        "llm.request.functions.0.name": "get_weather",
        "llm.request.functions.0.parameters": json.dumps(SCHEMA),
        "gen_ai.usage.prompt_tokens": 120,
        "gen_ai.usage.completion_tokens": 20,
        "llm.usage.total_tokens": 140,
        "gen_ai.usage.cache_read_input_tokens": 64,
        "traceloop.association.properties.session_id": "s-1",
        "traceloop.association.properties.user_id": "u-1",
        "traceloop.association.properties.agent_name": "weather-agent",
    },
    "langfuse": {
        "langfuse.observation.type": "generation",
        "langfuse.observation.model.name": "gpt-5-mini",
        "langfuse.observation.input": json.dumps({"messages": CHAT_INPUT, "tools": [OPENAI_TOOL]}),
        "langfuse.observation.output": json.dumps(CHAT_OUTPUT),
        "langfuse.observation.usage_details": json.dumps(
            {"input": 56, "input_cached_tokens": 64, "output": 20, "total": 140}
        ),
        "session.id": "s-1",
        "user.id": "u-1",
        "agent.name": "weather-agent",
    },
    "pydantic-ai": {
        "gen_ai.operation.name": "chat",
        "gen_ai.system": "openai",
        "gen_ai.request.model": "gpt-5-mini",
        "gen_ai.response.model": "gpt-5-mini",
        "gen_ai.input.messages": json.dumps(
            [
                {"role": "system", "parts": [{"type": "text", "content": SYSTEM}]},
                {"role": "user", "parts": [{"type": "text", "content": QUESTION}]},
            ]
        ),
        "gen_ai.output.messages": json.dumps(GENAI_OUTPUT),
        "model_request_parameters": json.dumps(
            {"function_tools": [{"name": "get_weather", "parameters_json_schema": SCHEMA}]}
        ),
        "gen_ai.response.finish_reasons": '["tool_call"]',
        "gen_ai.usage.input_tokens": 120,
        "gen_ai.usage.output_tokens": 20,
        "gen_ai.usage.details.cache_read_tokens": 64,
        "gen_ai.conversation.id": "s-1",
        "user.id": "u-1",
        "gen_ai.agent.name": "weather-agent",
        "operation.cost": 0.01,
    },
    "logfire events": {
        "gen_ai.operation.name": "chat",
        "gen_ai.system": "openai",
        "gen_ai.request.model": "gpt-5-mini",
        "events": json.dumps(
            [
                {"event.name": "gen_ai.system.message", "content": SYSTEM, "role": "system"},
                {"event.name": "gen_ai.user.message", "content": QUESTION, "role": "user"},
                {
                    "event.name": "gen_ai.choice",
                    "index": 0,
                    "message": CHAT_OUTPUT,
                    "finish_reason": "tool_calls",
                },
            ]
        ),
        "gen_ai.tool.definitions": json.dumps([OPENAI_TOOL]),
        "gen_ai.usage.input_tokens": 120,
        "gen_ai.usage.output_tokens": 20,
        "gen_ai.usage.details.cache_read_tokens": 64,
        "session.id": "s-1",
        "user.id": "u-1",
        "agent_name": "weather-agent",
    },
    "vercel": {
        "ai.operationId": "ai.streamText.doStream",
        "ai.model.id": "gpt-5-mini",
        "ai.model.provider": "openai.chat",
        "ai.prompt.messages": json.dumps(
            [
                {"role": "system", "content": SYSTEM},
                {"role": "user", "content": [{"type": "text", "text": QUESTION}]},
            ]
        ),
        "ai.prompt.tools": [
            json.dumps({"type": "function", "name": "get_weather", "inputSchema": SCHEMA})
        ],
        "ai.response.finishReason": "tool-calls",
        "ai.response.toolCalls": json.dumps(
            [{"toolCallId": "call_1", "toolName": "get_weather", "input": {"city": "Paris"}}]
        ),
        "ai.usage.promptTokens": 120,
        "ai.usage.completionTokens": 20,
        "ai.usage.cachedInputTokens": 64,
        "ai.response.msToFirstChunk": 250.5,
        "ai.telemetry.metadata.sessionId": "s-1",
        "ai.telemetry.metadata.userId": "u-1",
        "agent.name": "weather-agent",
    },
    "langsmith": {
        "langsmith.span.kind": "llm",
        "langsmith.metadata.ls_model_name": "gpt-5-mini",
        "langsmith.metadata.ls_provider": "openai",
        "gen_ai.prompt": json.dumps(
            {
                "messages": [
                    [
                        {
                            "lc": 1,
                            "type": "constructor",
                            "id": ["langchain", "schema", "messages", "SystemMessage"],
                            "kwargs": {"content": SYSTEM, "type": "system"},
                        },
                        {
                            "lc": 1,
                            "type": "constructor",
                            "id": ["langchain", "schema", "messages", "HumanMessage"],
                            "kwargs": {"content": QUESTION, "type": "human"},
                        },
                    ]
                ]
            }
        ),
        "gen_ai.completion": json.dumps(
            {
                "generations": [
                    [
                        {
                            "text": "",
                            "generation_info": {"finish_reason": "tool_calls"},
                            "message": {
                                "lc": 1,
                                "id": ["langchain", "schema", "messages", "AIMessage"],
                                "kwargs": {
                                    "content": "",
                                    "tool_calls": [
                                        {
                                            "name": "get_weather",
                                            "args": {"city": "Paris"},
                                            "id": "call_1",
                                        }
                                    ],
                                },
                            },
                        }
                    ]
                ]
            }
        ),
        "llm.tools": json.dumps([OPENAI_TOOL]),
        "gen_ai.usage.input_tokens": 120,
        "gen_ai.usage.output_tokens": 20,
        "gen_ai.usage.total_tokens": 140,
        "gen_ai.usage.cache_read_input_tokens": 64,
        "langsmith.trace.session_id": "s-1",
        "langsmith.metadata.user_id": "u-1",
        "agent.name": "weather-agent",
    },
    "halo-engine": {
        "openinference.span.kind": "LLM",
        "llm.input_messages": json.dumps(CHAT_INPUT),
        "llm.output_messages": json.dumps([CHAT_OUTPUT]),
        "llm.tools": json.dumps([OPENAI_TOOL]),
        "inference.llm.provider": "openai",
        "inference.llm.model_name": "gpt-5-mini",
        "inference.llm.input_tokens": 120,
        "inference.llm.output_tokens": 20,
        "inference.llm.cached_input_tokens": 64,
        "inference.session_id": "s-1",
        "inference.user_id": "u-1",
        "inference.agent_name": "weather-agent",
    },
    "halo desktop": {
        "openinference.span.kind": "LLM",
        "llm.model_name": "gpt-5-mini",
        "llm.input_messages": json.dumps(CHAT_INPUT),
        "llm.output_messages": json.dumps([CHAT_OUTPUT]),
        "llm.tools": json.dumps([OPENAI_TOOL]),
        "int.llm.token_count.prompt": 120,
        "int.llm.token_count.completion": 20,
        "int.llm.token_count.prompt_details.cache_read": 64,
        "session.id": "s-1",
        "user.id": "u-1",
        "agent.name": "weather-agent",
    },
}


@pytest.fixture(params=CALLS, ids=lambda name: name.replace(" ", "-"))
def call(request: pytest.FixtureRequest, make_span: Callable[..., Span]) -> Span:
    return make_span(CALLS[request.param], name="chat")


def test_a_model_call_has_the_same_facts_in_every_dialect(call: Span) -> None:
    row = facts(call)
    assert row.kind == "LLM"
    assert row.model == "gpt-5-mini"
    assert (row.prompt_tokens, row.completion_tokens, row.total_tokens) == (120, 20, 140)
    assert row.cache_read_tokens == 64
    assert row.has_usage
    assert (row.session_id, row.user_id, row.agent_name) == ("s-1", "u-1", "weather-agent")
    assert row.message_count == 2
    assert row.system_hash == facts_of_plain_call().system_hash != 0
    assert row.input_preview == QUESTION
    assert row.output_preview == f"get_weather({ARGUMENTS})"
    assert row.tools_offered == ["get_weather"]
    assert row.tools_called == ["get_weather"]
    assert row.bad_call == ""
    assert not row.output_empty
    assert row.input_hash
    assert row.output_hash
    assert row.input_size > len(QUESTION)


def test_a_model_call_has_the_same_messages_in_every_dialect(call: Span) -> None:
    said = messages(call)
    assert [message.role for message in said.input_messages] == ["system", "user"]
    assert [message.text for message in said.input_messages] == [SYSTEM, QUESTION]
    (answer,) = said.output_messages
    (made,) = answer.tool_calls
    assert (made.id, made.name, json.loads(made.arguments)) == (
        "call_1",
        "get_weather",
        {"city": "Paris"},
    )
    (tool,) = said.tools
    assert (tool.name, tool.schema) == ("get_weather", SCHEMA)


def facts_of_plain_call() -> Any:
    span = Span(trace_id="a", span_id="b", attributes=CALLS["openinference compact"])
    return facts(span)


def test_finish_reasons_are_told_in_one_vocabulary(make_span: Callable[..., Span]) -> None:
    told = {
        "end_turn": "stop",
        "STOP": "stop",
        "max_tokens": "length",
        "FinishReason.MAX_TOKENS": "length",
        "tool_use": "tool_calls",
        "tool-calls": "tool_calls",
        "SAFETY": "content_filter",
        "refusal": "content_filter",
        "length": "length",
        "something_new": "something_new",
    }
    for written, meant in told.items():
        row = facts(make_span({"openinference.span.kind": "LLM", "llm.finish_reason": written}))
        assert row.finish_reason == meant


def test_messages_recorded_as_span_events_are_found(make_span: Callable[..., Span]) -> None:
    span = make_span(
        {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"},
        events=(
            Event(name="gen_ai.system.message", time_ns=1, attributes={"content": SYSTEM}),
            Event(name="gen_ai.user.message", time_ns=2, attributes={"content": QUESTION}),
            Event(
                name="gen_ai.choice",
                time_ns=3,
                attributes={
                    "finish_reason": "stop",
                    "message": '{"role":"assistant","content":"Sunny."}',
                },
            ),
        ),
    )
    row = facts(span)
    assert (row.input_preview, row.output_preview) == (QUESTION, "Sunny.")
    assert (row.message_count, row.finish_reason) == (2, "stop")
    assert [m.text for m in messages(span).output_messages] == ["Sunny."]


def test_openllmetry_content_events_are_found(make_span: Callable[..., Span]) -> None:
    prompt = json.dumps(CHAT_INPUT)
    span = make_span(
        {"gen_ai.operation.name": "chat"},
        events=(
            Event(name="gen_ai.content.prompt", time_ns=1, attributes={"gen_ai.prompt": prompt}),
            Event(
                name="gen_ai.content.completion",
                time_ns=1,
                attributes={"gen_ai.completion": '[{"role":"assistant","content":"Sunny."}]'},
            ),
        ),
    )
    row = facts(span)
    assert (row.input_preview, row.output_preview) == (QUESTION, "Sunny.")


def test_anthropics_own_spans_are_read(make_span: Callable[..., Span]) -> None:
    row = facts(
        make_span(
            {
                "gen_ai.operation.name": "chat",
                "gen_ai.provider.name": "anthropic",
                "gen_ai.request.model": "claude-sonnet-4-5",
                "gen_ai.usage.input_tokens": 10,
                "gen_ai.usage.output_tokens": 5,
                "gen_ai.usage.cache_read.input_tokens": 1000,
                "gen_ai.usage.cache_write.input_tokens": 200,
                "anthropic.message.stop_reason": "max_tokens",
                "gen_ai.agent.id": "a-1",
                "gen_ai.response.time_to_first_chunk": 0.75,
            },
            scope_name="com.anthropic.sdk.python",
        )
    )
    assert row.prompt_tokens == 1210, "cached tokens belong to the prompt"
    assert (row.cache_read_tokens, row.cache_write_tokens) == (1000, 200)
    assert (row.finish_reason, row.agent_id, row.ttft_ms) == ("length", "a-1", 750)


TOOLS: dict[str, Any] = {
    "openinference": {
        "openinference.span.kind": "TOOL",
        "tool.name": "get_weather",
        "tool_call.id": "call_1",
        "input.value": ARGUMENTS,
        "output.value": '{"temperature": 21}',
    },
    "gen_ai": {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "get_weather",
        "gen_ai.tool.call.id": "call_1",
        "gen_ai.tool.call.arguments": ARGUMENTS,
        "gen_ai.tool.call.result": '{"temperature": 21}',
    },
    "openllmetry": {
        "traceloop.span.kind": "tool",
        "traceloop.entity.name": "get_weather",
        "traceloop.entity.input": ARGUMENTS,
        "traceloop.entity.output": '{"temperature": 21}',
        "tool.id": "call_1",
    },
    "langfuse": {
        "langfuse.observation.type": "tool",
        "langfuse.observation.input": ARGUMENTS,
        "langfuse.observation.output": '{"temperature": 21}',
        "tool_call.id": "call_1",
    },
    "logfire": {
        "gen_ai.tool.name": "get_weather",
        "gen_ai.tool.call.id": "call_1",
        "tool_arguments": ARGUMENTS,
        "tool_response": '{"temperature": 21}',
    },
    "vercel": {
        "ai.operationId": "ai.toolCall",
        "ai.toolCall.name": "get_weather",
        "ai.toolCall.id": "call_1",
        "ai.toolCall.args": ARGUMENTS,
        "ai.toolCall.result": '{"temperature": 21}',
    },
    "langsmith": {
        "langsmith.span.kind": "tool",
        "gen_ai.prompt": ARGUMENTS,
        "gen_ai.completion": '{"temperature": 21}',
        "tool_call.id": "call_1",
    },
    "livekit": {
        "lk.function_tool.name": "get_weather",
        "lk.function_tool.id": "call_1",
        "lk.function_tool.arguments": ARGUMENTS,
        "lk.function_tool.output": '{"temperature": 21}',
    },
}


@pytest.mark.parametrize("dialect", TOOLS)
def test_a_tool_call_has_the_same_facts_in_every_dialect(
    dialect: str, make_span: Callable[..., Span]
) -> None:
    row = facts(make_span(TOOLS[dialect], name="get_weather"))
    assert (row.kind, row.tool_name, row.tool_call_id) == ("TOOL", "get_weather", "call_1")
    assert (row.input_preview, row.output_preview) == (ARGUMENTS, '{"temperature": 21}')
    assert row.input_hash == facts(make_span(TOOLS["openinference"])).input_hash != 0
    assert (row.soft_error, row.output_empty) == ("", False)


AGENTS: dict[str, Any] = {
    "openinference": {"openinference.span.kind": "AGENT", "agent.name": "planner"},
    "gen_ai": {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "planner"},
    "openllmetry": {"traceloop.span.kind": "agent", "traceloop.entity.name": "planner"},
    "halo-engine": {"openinference.span.kind": "AGENT", "inference.agent_name": "planner"},
    "by span name": {"gen_ai.operation.name": "invoke_agent"},
}


@pytest.mark.parametrize("dialect", AGENTS)
def test_an_agent_is_named_in_every_dialect(dialect: str, make_span: Callable[..., Span]) -> None:
    row = facts(make_span(AGENTS[dialect], name="invoke_agent planner"))
    assert (row.kind, row.agent_name) == ("AGENT", "planner")


def test_usage_summed_up_on_agents_and_chains_is_not_counted_again(
    make_span: Callable[..., Span],
) -> None:
    usage = {"gen_ai.usage.input_tokens": 500, "gen_ai.usage.output_tokens": 20}
    for kind in ("AGENT", "CHAIN"):
        row = facts(make_span({"openinference.span.kind": kind, **usage}))
        assert (row.prompt_tokens, row.has_usage) == (0, False)
    vercel = facts(make_span({"ai.operationId": "ai.generateText", "ai.usage.promptTokens": 500}))
    assert (vercel.kind, vercel.prompt_tokens) == ("CHAIN", 0)
