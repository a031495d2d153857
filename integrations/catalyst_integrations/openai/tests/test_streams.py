from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from catalyst_integrations.openai import OpenAIInstrumentor
from catalyst_integrations.openai._endpoints import ENDPOINTS
from catalyst_integrations.openai._provider import provider_and_system
from catalyst_sdk import semconv
from catalyst_sdk.instrumentation._patch import Patch
from catalyst_sdk.instrumentation.llm import end_open_calls
from catalyst_sdk.instrumentation.stainless import StainlessTracing
from catalyst_sdk.instrumentation.testing import (
    Drop,
    Hold,
    ProviderServer,
    SpanCollector,
    attributes_of,
    sse_reply,
)
from catalyst_sdk.instrumentation.testing.openai_wire import chat_chunks

ASKED: Any = {
    "model": "gpt-test",
    "messages": [{"role": "user", "content": "Hi"}],
    "stream": True,
}


def _start(api: Any) -> Any:
    return api.run(lambda c: c.chat.completions.create(**ASKED))


def _outcome_and_text(spans: SpanCollector) -> tuple[str, str | None]:
    attributes = attributes_of(spans.only())
    messages = attributes.get(semconv.LLM_OUTPUT_MESSAGES) or [{"content": None}]
    return attributes[semconv.LLM_STREAM_OUTCOME], messages[0]["content"]


@pytest.fixture
def held(server: ProviderServer) -> Iterator[threading.Event]:
    """The server sends two pieces and waits."""
    go_on = threading.Event()
    server.script(sse_reply([*_some_chunks(3), Hold(go_on), *chat_chunks()]))
    yield go_on
    go_on.set()


def _some_chunks(number: int) -> list[Any]:
    """The role, "Hel" and "lo." of a completion, as many as asked."""
    return list(chat_chunks())[:number]


def test_a_stream_broken_out_of_and_dropped_is_aborted(
    api: Any, held: threading.Event, spans: SpanCollector
) -> None:
    stream = _start(api)
    api.take(stream, 2)
    del stream
    api.collect()
    assert _outcome_and_text(spans) == ("aborted", "Hel")


def test_a_dropped_stream_ended_with_its_last_chunk(
    server: ProviderServer, held: threading.Event, spans: SpanCollector
) -> None:
    with openai.OpenAI(api_key="test", base_url=f"{server.url}/v1") as client:
        stream = client.chat.completions.create(**ASKED)
        next(stream)
        before = time.time_ns()
        del stream
        gc.collect()
        end = spans.only().end_time
    assert end is not None
    assert end <= before


def test_a_stream_never_iterated_is_aborted(
    api: Any, held: threading.Event, spans: SpanCollector
) -> None:
    _start(api)
    api.collect()
    assert _outcome_and_text(spans) == ("aborted", None)


def test_a_closed_stream_is_aborted_at_once(
    api: Any, held: threading.Event, spans: SpanCollector
) -> None:
    stream = _start(api)
    api.take(stream, 2)
    api.finish(stream.close())
    assert len(spans.ended) == 1
    assert _outcome_and_text(spans) == ("aborted", "Hel")


def test_leaving_the_with_block_ends_the_span(
    api: Any, held: threading.Event, spans: SpanCollector
) -> None:
    api.within(_start(api), lambda stream: api.take(stream, 3))
    assert len(spans.ended) == 1
    assert _outcome_and_text(spans) == ("aborted", "Hello.")


def test_a_stream_resumed_after_a_break_is_complete(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    server.script(sse_reply(chat_chunks()))
    stream = _start(api)
    first = api.take(stream, 2)
    assert spans.settled() == []
    assert len(first) + len(api.take(stream)) == len(list(chat_chunks()))
    assert _outcome_and_text(spans) == ("complete", "Hello.")


def test_a_stream_left_after_the_finish_reason_is_complete(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    go_on = threading.Event()
    server.script(sse_reply([*chat_chunks(usage=None), Hold(go_on)]))
    stream = _start(api)
    api.take(stream, 4)
    api.finish(stream.close())
    go_on.set()
    assert _outcome_and_text(spans) == ("complete", "Hello.")


def test_an_error_in_mid_stream_is_the_users_and_the_spans(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    error = {"error": {"message": "overloaded", "type": "server_error", "code": None}}
    server.script(sse_reply([*_some_chunks(2), error]))
    stream = _start(api)
    with pytest.raises(openai.APIError, match="overloaded"):
        api.take(stream)
    assert _outcome_and_text(spans) == ("error", "Hel")
    span = spans.only()
    assert span.status.description == "APIError: overloaded"
    assert [event.name for event in span.events] == ["exception"]


def test_a_dropped_connection_is_an_error(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    server.script(sse_reply([*_some_chunks(2), Drop()]))
    stream = _start(api)
    with pytest.raises(Exception, match=r"(?i)closed|connection|read"):
        api.take(stream)
    assert _outcome_and_text(spans) == ("error", "Hel")


def test_a_cancelled_stream_is_aborted(
    server: ProviderServer, held: threading.Event, spans: SpanCollector
) -> None:
    async def main() -> None:
        async with openai.AsyncOpenAI(api_key="test", base_url=f"{server.url}/v1") as client:
            stream = await client.chat.completions.create(**ASKED)
            waiting = asyncio.Event()

            async def read() -> None:
                async for chunk in stream:
                    if chunk.choices[0].delta.content == "lo.":
                        waiting.set()

            task = asyncio.create_task(read())
            await waiting.wait()
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await stream.close()

    asyncio.run(main())
    assert _outcome_and_text(spans) == ("aborted", "Hello.")


def test_streams_still_open_at_shutdown_are_ended(
    api: Any, held: threading.Event, spans: SpanCollector
) -> None:
    stream = _start(api)
    api.take(stream, 2)
    end_open_calls()
    assert _outcome_and_text(spans) == ("aborted", "Hel")
    held.set()
    api.take(stream)
    assert len(spans.ended) == 1


def test_a_stream_is_read_by_several_threads_one_after_the_other(
    server: ProviderServer, spans: SpanCollector
) -> None:
    server.script(sse_reply(chat_chunks()))
    with openai.OpenAI(api_key="test", base_url=f"{server.url}/v1") as client:
        stream = client.chat.completions.create(**ASKED)
        next(stream)
        thread = threading.Thread(target=list, args=(stream,))
        thread.start()
        thread.join()
    assert _outcome_and_text(spans) == ("complete", "Hello.")


def test_spans_of_the_reader_are_not_below_the_stream(
    server: ProviderServer, spans: SpanCollector
) -> None:
    server.script(sse_reply(chat_chunks()))
    tracer = spans.provider.get_tracer("user")
    with (
        openai.OpenAI(api_key="test", base_url=f"{server.url}/v1") as client,
        tracer.start_as_current_span("agent") as agent,
    ):
        for _ in client.chat.completions.create(**ASKED):
            tracer.start_span("step").end()
    parents = {span.name: span.parent for span in spans.settled()}
    assert parents["step"] == parents["chat gpt-test"] == agent.get_span_context()


def test_a_stream_the_sdk_rebuilds_is_observed_by_its_bytes(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    """As helpers of other SDKs of this kind do; openai's own do not."""
    OpenAIInstrumentor().uninstrument()
    tracer = spans.provider.get_tracer("catalyst_integrations.test")
    tracing = StainlessTracing(
        "openai", tracer, ENDPOINTS, provider_and_system, rebuilds_streams=True
    )
    patches = [Patch(*place, wrapper) for place, wrapper in tracing.wrappers().items()]
    try:
        server.script(sse_reply(chat_chunks()))
        first = _start(api)
        again = api.stream_type(cast_to=first._cast_to, response=first.response, client=api.client)
        del first
        api.collect()
        assert len(api.take(again)) == len(list(chat_chunks()))
    finally:
        for patch in patches:
            patch.undo()
    assert _outcome_and_text(spans) == ("complete", "Hello.")
