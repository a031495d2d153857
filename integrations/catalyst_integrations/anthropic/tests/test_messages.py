from __future__ import annotations

import asyncio
import base64
import gc
import importlib.util
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anthropic
import pytest
from opentelemetry.sdk.trace import TracerProvider

from catalyst_integrations.anthropic import AnthropicInstrumentor
from catalyst_sdk import semconv
from catalyst_sdk.instrumentation.testing import (
    Drop,
    Hold,
    ProviderServer,
    SpanCollector,
    attributes_of,
    error_reply,
    json_reply,
    sse_reply,
)

_spec = importlib.util.spec_from_file_location(
    "anthropic_wire", Path(__file__).with_name("anthropic_wire.py")
)
assert _spec is not None
assert _spec.loader is not None
wire = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(wire)

ASKED: Any = {
    "model": "claude-test",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Hi"}],
}
STREAMED_TEXT = [
    {"type": "reasoning", "text": "Let me see."},
    {"type": "text", "text": "Hello."},
]


def _stream(**changes: Any) -> Any:
    return sse_reply(wire.events(**changes), named=True, done=False)


def _output(span: Any) -> Any:
    return attributes_of(span)[semconv.LLM_OUTPUT_MESSAGES][0]


def test_a_message_with_tools_system_and_cache_is_one_whole_span(
    client: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    tools = [{"name": "look_up", "description": "d", "input_schema": {"type": "object"}}]
    server.script(
        json_reply(wire.message(wire.text("One moment."), wire.tool_use("look_up", {"n": 7})))
    )
    reply = client.messages.create(**ASKED, system="Be brief.", tools=tools, stop_sequences=["END"])
    assert isinstance(reply, anthropic.types.Message)

    attributes = attributes_of(spans.only())

    assert spans.only().name == "chat claude-test"
    assert attributes[semconv.SPAN_KIND] == "LLM"
    assert attributes[semconv.LLM_PROVIDER] == "127.0.0.1"
    assert attributes[semconv.LLM_SYSTEM] == "anthropic"
    assert attributes[semconv.LLM_MODEL_NAME] == "claude-test-20260101"
    assert attributes[semconv.LLM_REQUEST_MODEL_NAME] == "claude-test"
    assert attributes[semconv.LLM_INPUT_MESSAGES] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
    ]
    assert attributes[semconv.LLM_TOOLS] == tools
    assert attributes[semconv.LLM_INVOCATION_PARAMETERS] == {
        "max_tokens": 100,
        "stop_sequences": ["END"],
    }
    assert attributes[semconv.LLM_OUTPUT_MESSAGES] == [
        {
            "role": "assistant",
            "content": "One moment.",
            "tool_calls": [
                {"id": "toolu_1", "function": {"name": "look_up", "arguments": '{"n":7}'}}
            ],
        }
    ]
    assert attributes[semconv.LLM_TOKENS_PROMPT] == 2310
    assert attributes[semconv.LLM_TOKENS_CACHE_READ] == 2000
    assert attributes[semconv.LLM_TOKENS_CACHE_WRITE] == 300
    assert attributes[semconv.LLM_TOKENS_COMPLETION] == 25
    assert attributes[semconv.LLM_TOKENS_TOTAL] == 2335
    assert attributes[semconv.LLM_FINISH_REASON] == "end_turn"
    assert attributes[semconv.LLM_RESPONSE_ID] == "msg_1"


def test_tool_results_and_images_in_the_history_are_messages_without_their_data(
    client: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    server.script(json_reply(wire.message(wire.tool_use("look_up", {}))))
    first = client.messages.create(**ASKED)
    spans.clear()
    data = base64.b64encode(b"png" * 100).decode()
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "shipped"}
    server.script(json_reply(wire.message()))
    messages = [
        *ASKED["messages"],
        {"role": "assistant", "content": first.content},
        {"role": "user", "content": [result, image, {"type": "text", "text": "and this?"}]},
    ]
    client.messages.create(**{**ASKED, "messages": messages})

    sent = attributes_of(spans.only())[semconv.LLM_INPUT_MESSAGES]

    assert [message["role"] for message in sent] == ["user", "assistant", "tool", "user"]
    assert sent[1]["tool_calls"][0]["function"]["name"] == "look_up"
    assert sent[2] == {"role": "tool", "tool_call_id": "toolu_1", "content": "shipped"}
    assert sent[3]["content"][0]["source"]["bytes"] == 300
    assert data not in str(spans.only().attributes)


@pytest.mark.parametrize("helper", [False, True], ids=["create", "helper"])
def test_a_stream_read_to_its_end_has_all_of_it(
    client: Any, server: ProviderServer, spans: SpanCollector, helper: bool
) -> None:
    server.script(_stream())
    if helper:
        with client.messages.stream(**ASKED) as stream:
            assert "".join(stream.text_stream) == "Hello."
            assert stream.get_final_message().usage.output_tokens == 25
    else:
        stream = client.messages.create(**ASKED, stream=True)
        assert isinstance(stream, anthropic.Stream)
        assert next(iter(stream)).type == "message_start"
        list(stream)

    span = spans.only()
    attributes = attributes_of(span)
    assert _output(span)["content"] == STREAMED_TEXT
    assert _output(span)["tool_calls"][0]["function"] == {
        "name": "look_up",
        "arguments": '{"order":7}',
    }
    assert attributes[semconv.LLM_TOKENS_PROMPT] == 2310
    assert attributes[semconv.LLM_TOKENS_COMPLETION] == 25
    assert attributes[semconv.LLM_STREAM_OUTCOME] == "complete"
    assert attributes[semconv.LLM_FINISH_REASON] == "end_turn"
    assert attributes[semconv.LLM_TIME_TO_FIRST_TOKEN_MS] > 0


@pytest.mark.parametrize("way", ["close", "drop", "with", "never"])
def test_a_stream_left_early_is_one_aborted_span_with_what_had_come(
    client: Any, server: ProviderServer, spans: SpanCollector, way: str
) -> None:
    go_on = threading.Event()
    head = list(wire.events())[:9]
    server.script(sse_reply([*head, Hold(go_on)], named=True, done=False))
    stream = client.messages.create(**ASKED, stream=True)
    if way == "with":
        with stream:
            _until_text(stream)
    elif way != "never":
        _until_text(stream)
    if way == "close":
        stream.close()
    del stream
    gc.collect()
    span = spans.only()
    go_on.set()
    attributes = attributes_of(span)
    assert attributes[semconv.LLM_STREAM_OUTCOME] == "aborted"
    if way != "never":
        assert _output(span)["content"][-1] == {"type": "text", "text": "Hel"}
        assert attributes[semconv.LLM_TOKENS_PROMPT] == 2310


def _until_text(stream: Any) -> None:
    for event in stream:
        if event.type == "content_block_delta" and event.delta.type == "text_delta":
            return


def test_an_error_in_mid_stream_is_the_users_and_the_spans(
    client: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    server.script(sse_reply([*list(wire.events())[:9], error], named=True, done=False))
    with pytest.raises(anthropic.APIError, match="Overloaded"):
        list(client.messages.create(**ASKED, stream=True))
    gc.collect()  # version 0.40 leaves the stream in a cycle with the exception
    attributes = attributes_of(spans.only())
    assert attributes[semconv.LLM_STREAM_OUTCOME] == "error"
    assert spans.only().status.status_code.name == "ERROR"


def test_a_cut_connection_is_an_error(
    client: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    server.script(sse_reply([*list(wire.events())[:9], Drop()], named=True, done=False))
    with pytest.raises(Exception, match=r"(?i)closed|connection|read|peer"):
        list(client.messages.create(**ASKED, stream=True))
    assert attributes_of(spans.only())[semconv.LLM_STREAM_OUTCOME] == "error"


def test_a_refused_request_is_an_error_span_and_the_same_exception(
    client: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    server.script(error_reply(400, "max_tokens: too many"))
    with pytest.raises(anthropic.BadRequestError, match="too many"):
        client.messages.create(**ASKED)
    attributes = attributes_of(spans.only())
    assert attributes["http.response.status_code"] == 400
    assert spans.only().status.status_code.name == "ERROR"


def test_retries_are_one_span_that_counts_them(
    server: ProviderServer, spans: SpanCollector
) -> None:
    server.script(error_reply(429, "slow", retry_after="0"), json_reply(wire.message()))
    with anthropic.Anthropic(api_key="test", base_url=server.url, max_retries=2) as client:
        client.messages.create(**ASKED)
    assert attributes_of(spans.only())[semconv.LLM_RETRIES] == 1


def test_raw_responses_parse_and_stay_what_they_are(
    client: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    server.script(json_reply(wire.message()))
    raw = client.messages.with_raw_response.create(**ASKED)
    assert raw.parse().content[0].text == "Hello."
    assert _output(spans.only())["content"] == "Hello."
    spans.clear()
    server.script(json_reply(wire.message()))
    with client.messages.with_streaming_response.create(**ASKED) as response:
        body = response.read()
    assert b"Hello." in body
    assert _output(spans.only())["content"] == "Hello."


def test_beta_messages_are_one_span(
    client: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    server.script(json_reply(wire.message()))
    client.beta.messages.create(**ASKED, betas=["test-2026-01-01"])
    assert _output(spans.only())["content"] == "Hello."


def test_a_batch_is_one_span_without_tokens(
    client: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    if not hasattr(client.messages, "batches"):
        pytest.skip("this version has no batches outside beta")
    counts = {"processing": 1, "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0}
    moment = "2026-01-01T00:00:00Z"
    batch = {
        "id": "msgbatch_1",
        "type": "message_batch",
        "processing_status": "in_progress",
        "request_counts": counts,
        "created_at": moment,
        "expires_at": moment,
        "archived_at": None,
        "cancel_initiated_at": None,
        "ended_at": None,
        "results_url": None,
    }
    server.script(json_reply(batch))
    client.messages.batches.create(requests=[{"custom_id": "a", "params": ASKED}])
    attributes = attributes_of(spans.only())
    assert attributes[semconv.SPAN_KIND] == "CHAIN"
    assert "msgbatch_1" in attributes[semconv.OUTPUT_VALUE]
    assert semconv.LLM_TOKENS_PROMPT not in attributes


def test_counting_tokens_is_no_model_call(
    client: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    if not hasattr(client.messages, "count_tokens"):
        pytest.skip("this version counts tokens in beta only")
    server.script(json_reply({"input_tokens": 3}))
    messages = ASKED["messages"]
    assert client.messages.count_tokens(model="m", messages=messages).input_tokens == 3
    assert spans.settled() == []


def test_the_asynchronous_client_is_traced_alike(
    server: ProviderServer, spans: SpanCollector
) -> None:
    server.script(json_reply(wire.message()), _stream(), _stream())

    async def main() -> None:
        async with anthropic.AsyncAnthropic(api_key="t", base_url=server.url) as client:
            await client.messages.create(**ASKED)
            stream = await client.messages.create(**ASKED, stream=True)
            assert isinstance(stream, anthropic.AsyncStream)
            async for _ in stream:
                pass
            async with client.messages.stream(**ASKED) as helper:
                assert (await helper.get_final_message()).stop_reason == "end_turn"

    asyncio.run(main())
    settled = spans.settled()
    assert len(settled) == 3
    assert _output(settled[0])["content"] == "Hello."
    assert [_output(span)["content"] for span in settled[1:]] == [STREAMED_TEXT, STREAMED_TEXT]


def test_a_cancelled_call_is_one_aborted_span(server: ProviderServer, spans: SpanCollector) -> None:
    go_on = threading.Event()
    server.script(sse_reply([*list(wire.events())[:9], Hold(go_on)], named=True, done=False))

    async def main() -> None:
        async with anthropic.AsyncAnthropic(api_key="t", base_url=server.url) as client:
            stream = await client.messages.create(**ASKED, stream=True)
            seen = asyncio.Event()

            async def read() -> None:
                async for event in stream:
                    if event.type == "content_block_delta":
                        seen.set()

            task = asyncio.create_task(read())
            await seen.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await stream.close()

    asyncio.run(main())
    go_on.set()
    assert attributes_of(spans.only())[semconv.LLM_STREAM_OUTCOME] == "aborted"


@pytest.fixture
def with_global_provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[SpanCollector]:
    """The library's own spans go to the global provider, if there is one."""
    from opentelemetry import trace

    collector = SpanCollector()
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", collector.provider)
    yield collector
    collector.provider.shutdown()


def test_the_librarys_own_span_is_off_for_a_call_traced_here(
    client: Any, server: ProviderServer, with_global_provider: SpanCollector
) -> None:
    instrumentor = AnthropicInstrumentor()
    instrumentor.instrument(tracer_provider=with_global_provider.provider)
    try:
        server.script(json_reply(wire.message()), _stream())
        client.messages.create(**ASKED)
        list(client.messages.create(**ASKED, stream=True))
    finally:
        instrumentor.uninstrument()
    names = [span.instrumentation_scope.name for span in with_global_provider.settled()]
    assert names == ["catalyst_integrations.anthropic"] * 2


def test_the_librarys_own_spans_can_be_kept_instead(
    client: Any, server: ProviderServer, with_global_provider: SpanCollector
) -> None:
    instrumentor = AnthropicInstrumentor()
    instrumentor.instrument(tracer_provider=with_global_provider.provider, native_spans=True)
    try:
        server.script(json_reply(wire.message()))
        client.messages.create(**ASKED)
    finally:
        instrumentor.uninstrument()
    assert len(with_global_provider.settled()) == 1


def test_bedrock_and_vertex_say_so(spans: SpanCollector, server: ProviderServer) -> None:
    pytest.importorskip("botocore")
    client = anthropic.AnthropicBedrock(
        aws_access_key="k",
        aws_secret_key="s",
        aws_region="eu-west-1",
        base_url=server.url,
        max_retries=0,
    )
    server.script(json_reply(wire.message()))
    client.messages.create(**ASKED)
    client.close()
    assert attributes_of(spans.only())[semconv.LLM_PROVIDER] == "aws"


def test_content_can_be_left_out(server: ProviderServer, client: Any) -> None:
    collector = SpanCollector()
    AnthropicInstrumentor().instrument(tracer_provider=collector.provider, capture_content=False)
    try:
        server.script(json_reply(wire.message(wire.text("secret"))))
        client.messages.create(**ASKED)
    finally:
        AnthropicInstrumentor().uninstrument()
    attributes = collector.only().attributes or {}
    assert semconv.LLM_INPUT_MESSAGES not in attributes
    assert "secret" not in str(attributes)
    assert attributes[semconv.LLM_TOKENS_COMPLETION] == 25


def test_uninstrumenting_leaves_the_client_as_it_was(
    server: ProviderServer, client: Any, spans: SpanCollector
) -> None:
    AnthropicInstrumentor().uninstrument()
    server.script(json_reply(wire.message()))
    client.messages.create(**ASKED)
    assert spans.settled() == []


def test_no_httpx_is_imported_by_the_integration() -> None:
    assert isinstance(TracerProvider(shutdown_on_exit=False), TracerProvider)
    import subprocess

    code = (
        "import sys; from catalyst_integrations.anthropic import AnthropicInstrumentor as A;"
        "A().instrument(skip_dep_check=True); import catalyst_integrations.anthropic._endpoints;"
        "assert not [m for m in sys.modules if m.startswith('httpx')]"
    )
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OTEL_")}
    assert (
        subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0
    )
