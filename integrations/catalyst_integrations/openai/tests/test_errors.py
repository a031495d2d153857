from __future__ import annotations

import asyncio
import threading
from typing import Any

import openai
import pytest

from catalyst_sdk import semconv
from catalyst_sdk.hooks import StopAgent, request_stop
from catalyst_sdk.instrumentation.testing import (
    Hold,
    ProviderServer,
    Reply,
    SpanCollector,
    attributes_of,
    error_reply,
    json_reply,
)
from catalyst_sdk.instrumentation.testing.openai_wire import chat_completion

ASKED: Any = {"model": "gpt-test", "messages": [{"role": "user", "content": "Hi"}]}


def test_a_refused_request_is_an_error_span(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    server.script(error_reply(400, "no such model"))
    with pytest.raises(openai.BadRequestError):
        api.run(lambda c: c.chat.completions.create(**ASKED))
    span = spans.only()
    attributes = attributes_of(span)
    assert attributes["http.response.status_code"] == 400
    assert attributes["error.type"] == "BadRequestError"
    assert attributes[semconv.LLM_INPUT_MESSAGES] == ASKED["messages"]
    assert span.status.description is not None
    assert span.status.description.startswith("BadRequestError: Error code: 400")
    assert [event.name for event in span.events] == ["exception"]


def test_a_retried_request_is_one_span_that_counts_the_retries(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    server.script(
        error_reply(429, "slow down", retry_after_ms="1"),
        error_reply(500, "oops", retry_after_ms="1"),
        json_reply(chat_completion()),
    )
    api.run(lambda c: c.with_options(max_retries=2).chat.completions.create(**ASKED))
    attributes = attributes_of(spans.only())
    assert len(server.received) == 3
    assert attributes[semconv.LLM_RETRIES] == 2
    assert attributes[semconv.LLM_TOKENS_TOTAL] == 28
    assert spans.only().status.is_ok


def test_retries_in_vain_are_one_error_span(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    refused = error_reply(429, "slow down", retry_after_ms="1")
    server.script(refused, refused)
    with pytest.raises(openai.RateLimitError):
        api.run(lambda c: c.with_options(max_retries=1).chat.completions.create(**ASKED))
    attributes = attributes_of(spans.only())
    assert attributes[semconv.LLM_RETRIES] == 1
    assert attributes["http.response.status_code"] == 429


def test_a_timeout_is_an_error_span(api: Any, server: ProviderServer, spans: SpanCollector) -> None:
    answered = threading.Event()
    server.script(Reply(pieces=[Hold(answered), b"{}"]))
    with pytest.raises(openai.APITimeoutError):
        api.run(lambda c: c.with_options(timeout=0.05).chat.completions.create(**ASKED))
    answered.set()
    assert attributes_of(spans.only())["error.type"] == "APITimeoutError"


def test_an_unreachable_server_is_an_error_span(spans: SpanCollector) -> None:
    with (
        openai.OpenAI(api_key="test", base_url="http://127.0.0.1:9/v1", max_retries=0) as client,
        pytest.raises(openai.APIConnectionError),
    ):
        client.chat.completions.create(**ASKED)
    assert attributes_of(spans.only())["error.type"] == "APIConnectionError"


def test_a_cancelled_call_is_an_error_span(server: ProviderServer, spans: SpanCollector) -> None:
    answered = threading.Event()
    server.script(Reply(pieces=[Hold(answered), b"{}"]))

    async def main() -> None:
        async with openai.AsyncOpenAI(api_key="test", base_url=f"{server.url}/v1") as client:
            task = asyncio.ensure_future(client.chat.completions.create(**ASKED))
            while not server.received:
                await asyncio.sleep(0.001)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(main())
    answered.set()
    span = spans.only()
    assert span.status.description == "CancelledError"
    assert attributes_of(span)["error.type"] == "CancelledError"


def test_an_argument_the_sdk_refuses_gives_no_span(api: Any, spans: SpanCollector) -> None:
    with pytest.raises(TypeError):
        api.run(lambda c: c.chat.completions.create(model="gpt-test"))
    assert spans.settled() == []


def test_an_agent_that_is_to_stop_does_so_before_its_next_call(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    tracer = spans.provider.get_tracer("user")
    with tracer.start_as_current_span("agent") as agent:
        request_stop(agent.get_span_context().trace_id, "budget exceeded")
        with pytest.raises(StopAgent, match="budget exceeded"):
            api.run(lambda c: c.chat.completions.create(**ASKED))
    assert server.received == []
    assert [span.name for span in spans.settled()] == ["agent"]
