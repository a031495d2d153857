from __future__ import annotations

from typing import Any

import openai
import pytest
from pydantic import BaseModel

from catalyst_sdk import semconv
from catalyst_sdk.instrumentation.testing import (
    ProviderServer,
    SpanCollector,
    attributes_of,
    json_reply,
    sse_reply,
)
from catalyst_sdk.instrumentation.testing.openai_wire import (
    USAGE,
    chat_chunks,
    chat_completion,
    tool_call,
)

ASKED: Any = {
    "model": "gpt-test",
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Weather in Paris?"},
    ],
}
TOOLS = [
    {
        "type": "function",
        "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}},
    }
]
TOKENS = {
    semconv.LLM_TOKENS_PROMPT: 20,
    semconv.LLM_TOKENS_COMPLETION: 8,
    semconv.LLM_TOKENS_TOTAL: 28,
    semconv.LLM_TOKENS_CACHE_READ: 12,
    semconv.LLM_TOKENS_REASONING: 5,
}


def _has(attributes: dict[str, Any], expected: dict[str, Any]) -> bool:
    assert {name: attributes.get(name) for name in expected} == expected
    return True


def test_a_completion_is_one_span_with_everything(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    call = tool_call("weather", '{"city":"Paris"}')
    server.script(json_reply(chat_completion(None, tool_calls=[call])))
    completion = api.run(lambda c: c.chat.completions.create(**ASKED, tools=TOOLS, temperature=0.5))
    assert completion.choices[0].message.tool_calls[0].function.name == "weather"

    span = spans.only()
    assert span.name == "chat gpt-test"
    assert span.kind.name == "CLIENT"
    assert span.status.status_code.name == "OK"
    host = "127.0.0.1"
    assert attributes_of(span) == {
        semconv.SPAN_KIND: "LLM",
        semconv.LLM_MODEL_NAME: "gpt-test-2026",
        semconv.LLM_REQUEST_MODEL_NAME: "gpt-test",
        semconv.LLM_PROVIDER: host,
        semconv.LLM_SYSTEM: "openai",
        semconv.LLM_INVOCATION_PARAMETERS: {"temperature": 0.5},
        semconv.LLM_INPUT_MESSAGES: ASKED["messages"],
        semconv.LLM_TOOLS: TOOLS,
        semconv.LLM_OUTPUT_MESSAGES: [
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {
                        "id": "call_1",
                        "function": {"name": "weather", "arguments": '{"city":"Paris"}'},
                    }
                ],
            }
        ],
        semconv.LLM_FINISH_REASON: "tool_calls",
        semconv.LLM_RESPONSE_ID: "chatcmpl-1",
        semconv.LLM_STREAMING: False,
        semconv.LLM_TOKENS_PROMPT_AUDIO: 0,
        semconv.LLM_TOKENS_COMPLETION_AUDIO: 0,
        **TOKENS,
    }


def test_a_streamed_completion_is_added_up(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    call = tool_call("weather", '{"city":"Paris"}')
    server.script(sse_reply(chat_chunks(["I look ", "it up."], tool_calls=[call])))
    stream = api.run(
        lambda c: c.chat.completions.create(
            **ASKED, stream=True, stream_options={"include_usage": True}
        )
    )
    assert type(stream) is api.stream_type
    assert len(api.take(stream)) == 7

    span = spans.only()
    attributes = attributes_of(span)
    assert attributes[semconv.LLM_TIME_TO_FIRST_TOKEN_MS] > 0
    assert _has(
        attributes,
        {
            semconv.LLM_STREAMING: True,
            semconv.LLM_STREAM_OUTCOME: "complete",
            semconv.LLM_FINISH_REASON: "tool_calls",
            semconv.LLM_MODEL_NAME: "gpt-test-2026",
            semconv.LLM_OUTPUT_MESSAGES: [
                {
                    "role": "assistant",
                    "content": "I look it up.",
                    "tool_calls": [
                        {
                            "id": "call_1",
                            "function": {"name": "weather", "arguments": '{"city":"Paris"}'},
                        }
                    ],
                }
            ],
            **TOKENS,
        },
    )


def test_usage_is_not_asked_for_on_the_users_behalf(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    server.script(sse_reply(chat_chunks(usage=None)))
    api.take(api.run(lambda c: c.chat.completions.create(**ASKED, stream=True)))
    assert server.received[0].json == {**ASKED, "stream": True}
    assert semconv.LLM_TOKENS_TOTAL not in attributes_of(spans.only())


def test_several_choices_are_several_messages(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    def chunk(index: int, text: str | None, reason: str | None = None) -> dict[str, Any]:
        choice = {"index": index, "delta": {"content": text}, "finish_reason": reason}
        return {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "m"} | {
            "choices": [choice]
        }

    chunks = [chunk(0, "a"), chunk(1, "x"), chunk(0, "b"), chunk(1, "y")]
    server.script(sse_reply([*chunks, chunk(0, None, "stop"), chunk(1, None, "length")]))
    api.take(api.run(lambda c: c.chat.completions.create(**ASKED, n=2, stream=True)))
    messages = attributes_of(spans.only())[semconv.LLM_OUTPUT_MESSAGES]
    assert [message["content"] for message in messages] == ["ab", "xy"]


def test_streamed_audio_is_described(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    def chunk(**audio: Any) -> dict[str, Any]:
        whole = next(chat_chunks())
        whole["choices"][0]["delta"] = {"audio": audio}
        return whole

    pieces = [chunk(id="audio_1", transcript="Hel"), chunk(data="AAEC", transcript="lo.")]
    server.script(sse_reply([*pieces, chunk(data="AAEC", expires_at=1)]))
    api.take(api.run(lambda c: c.chat.completions.create(**ASKED, stream=True)))
    audio = attributes_of(spans.only())[semconv.LLM_OUTPUT_MESSAGES][0]["audio"]
    assert (audio["id"], audio["transcript"], audio["bytes"]) == ("audio_1", "Hello.", 6)


class Weather(BaseModel):
    city: str
    celsius: int


def _parse(client: Any, **asked: Any) -> Any:
    """`parse` left beta after 1.66."""
    completions = client.chat.completions
    if not hasattr(completions, "parse"):
        completions = client.beta.chat.completions
    return completions.parse(**asked, response_format=Weather)


def test_a_parsed_completion_is_one_span(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    server.script(json_reply(chat_completion('{"city":"Paris","celsius":21}')))
    parsed = api.run(lambda c: _parse(c, **ASKED))
    assert parsed.choices[0].message.parsed == Weather(city="Paris", celsius=21)
    assert _has(attributes_of(spans.only()), TOKENS)


def test_an_answer_the_users_schema_rejects_is_billed_all_the_same(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    server.script(json_reply(chat_completion('{"city":"Paris"}')))
    with pytest.raises(ValueError, match="celsius"):
        api.run(lambda c: _parse(c, **ASKED))
    span = spans.only()
    assert span.status.status_code.name == "ERROR"
    assert _has(attributes_of(span), TOKENS)
    assert attributes_of(span)[semconv.LLM_OUTPUT_MESSAGES][0]["content"] == '{"city":"Paris"}'


def test_the_stream_helper_is_one_span(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    server.script(sse_reply(chat_chunks(["Hel", "lo."])))

    def use(stream: Any) -> str:
        api.take(stream)
        return api.finish(stream.get_final_completion()).choices[0].message.content

    completions = api.client.chat.completions
    if not hasattr(completions, "stream"):
        completions = api.client.beta.chat.completions
    assert api.within(completions.stream(**ASKED), use) == "Hello."
    span = spans.only()
    assert _has(attributes_of(span), {semconv.LLM_STREAM_OUTCOME: "complete", **TOKENS})


def test_a_broken_off_stream_helper_is_one_aborted_span(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    server.script(sse_reply(chat_chunks(["Hel", "lo."])))
    completions = api.client.chat.completions
    if not hasattr(completions, "stream"):
        completions = api.client.beta.chat.completions
    api.within(completions.stream(**ASKED), lambda stream: api.take(stream, 2))
    outcome = attributes_of(spans.only())[semconv.LLM_STREAM_OUTCOME]
    assert outcome == "aborted"


def test_reasoning_of_compatible_servers_is_kept_apart(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    server.script(json_reply(chat_completion("4", reasoning_content="2+2")))
    api.run(lambda c: c.chat.completions.create(**ASKED))
    parts = attributes_of(spans.only())[semconv.LLM_OUTPUT_MESSAGES][0]["content"]
    assert parts == [{"type": "reasoning", "text": "2+2"}, {"type": "text", "text": "4"}]


def test_a_refusal_is_in_the_message(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    server.script(json_reply(chat_completion(None, refusal="I will not.")))
    api.run(lambda c: c.chat.completions.create(**ASKED))
    message = attributes_of(spans.only())[semconv.LLM_OUTPUT_MESSAGES][0]
    assert message["refusal"] == "I will not."


def test_binary_content_is_described_not_copied(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    content = [
        {"type": "text", "text": "What is it?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAEC", "detail": "low"}},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
        {"type": "input_audio", "input_audio": {"data": "AAEC", "format": "wav"}},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": "AAEC"}},
    ]
    server.script(json_reply(chat_completion()))
    asked: Any = {"model": "gpt-test", "messages": [{"role": "user", "content": content}]}
    api.run(lambda c: c.chat.completions.create(**asked))
    sha256 = "ae4b3280e56e2faf83f414a6e3dabe9d5fbe18976544c05fed121accb85b53fc"
    described = {"bytes": 3, "sha256": sha256}
    message = attributes_of(spans.only())[semconv.LLM_INPUT_MESSAGES][0]
    assert message["content"] == [
        content[0],
        {
            "type": "image_url",
            "image_url": {"detail": "low", "mime": "image/png", **described},
        },
        content[2],
        {"type": "input_audio", "input_audio": {"format": "wav", "mime": "audio/wav"} | described},
        {
            "type": "file",
            "file": {
                "filename": "a.pdf",
                "file_data": {"mime": "application/octet-stream", **described},
            },
        },
    ]
    assert server.received[0].json == asked


def test_two_hundred_messages_keep_kind_model_and_tokens(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    server.script(json_reply(chat_completion()))
    messages = [{"role": "user", "content": f"message {number}"} for number in range(200)]
    api.run(lambda c: c.chat.completions.create(model="gpt-test", messages=messages))
    attributes = attributes_of(spans.only())
    assert attributes[semconv.LLM_INPUT_MESSAGES] == messages
    assert _has(attributes, {semconv.SPAN_KIND: "LLM", **TOKENS})


def test_an_attribute_limit_takes_the_details_first(
    server: ProviderServer, spans: SpanCollector
) -> None:
    from opentelemetry.sdk.trace import SpanLimits, TracerProvider

    from catalyst_integrations.openai import OpenAIInstrumentor

    limited = TracerProvider(span_limits=SpanLimits(max_span_attributes=10), shutdown_on_exit=False)
    limited.add_span_processor(spans)
    OpenAIInstrumentor().uninstrument()
    OpenAIInstrumentor().instrument(tracer_provider=limited)
    server.script(json_reply(chat_completion()))
    with openai.OpenAI(api_key="test", base_url=f"{server.url}/v1") as client:
        client.chat.completions.create(**ASKED)
    attributes = attributes_of(spans.ended[0])
    kept = {semconv.SPAN_KIND, semconv.LLM_MODEL_NAME, semconv.LLM_TOKENS_PROMPT}
    assert kept <= set(attributes)
    assert semconv.LLM_INPUT_MESSAGES not in attributes


def test_content_is_left_out_when_it_is_not_to_be_captured(
    server: ProviderServer, spans: SpanCollector
) -> None:
    from catalyst_integrations.openai import OpenAIInstrumentor

    OpenAIInstrumentor().uninstrument()
    OpenAIInstrumentor().instrument(tracer_provider=spans.provider, capture_content=False)
    server.script(json_reply(chat_completion()))
    with openai.OpenAI(api_key="test", base_url=f"{server.url}/v1") as client:
        client.chat.completions.create(**ASKED, tools=TOOLS)
    attributes = attributes_of(spans.only())
    assert not set(attributes) & {
        semconv.LLM_INPUT_MESSAGES,
        semconv.LLM_OUTPUT_MESSAGES,
        semconv.LLM_TOOLS,
    }
    assert _has(attributes, TOKENS)


def test_members_without_a_name_are_recorded_for_debugging_only(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    from catalyst_integrations.openai import OpenAIInstrumentor

    answered = {**chat_completion(), "system_fingerprint": "fp_1", "new_member": 7}
    server.script(json_reply(answered), json_reply(answered), json_reply(answered))
    api.run(lambda c: c.chat.completions.create(**ASKED))
    assert "llm.response.system_fingerprint" not in attributes_of(spans.only())
    OpenAIInstrumentor().uninstrument()
    OpenAIInstrumentor().instrument(tracer_provider=spans.provider, debug=True)
    api.run(lambda c: c.chat.completions.create(**ASKED))
    api.run(lambda c: c.chat.completions.with_raw_response.create(**ASKED))
    unnamed = {
        "llm.response.system_fingerprint": "fp_1",
        "llm.response.new_member": 7,
        "llm.response.created": 1700000000,
    }
    for span in spans.settled()[1:]:
        assert _has(attributes_of(span), unnamed)


def test_usage_of_a_compatible_server_may_lack_details(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    usage = {"prompt_tokens": USAGE["prompt_tokens"], "completion_tokens": 8}
    server.script(json_reply(chat_completion(usage=usage)))
    api.run(lambda c: c.chat.completions.create(**ASKED))
    attributes = attributes_of(spans.only())
    assert attributes[semconv.LLM_TOKENS_TOTAL] == 28
    assert semconv.LLM_TOKENS_CACHE_READ not in attributes
