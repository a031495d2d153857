"""Streams of events by `stream_events(version="v3")`, of langchain-core since 1.2 or so."""

from __future__ import annotations

import asyncio
import gc
import warnings
from typing import Any

import pytest
from inline_snapshot import snapshot
from langchain_core.language_models import BaseChatModel

from catalyst_sdk import semconv
from catalyst_sdk.instrumentation.testing import (
    ProviderServer,
    SpanCollector,
    attributes_of,
    span_tree,
    sse_reply,
)
from catalyst_sdk.instrumentation.testing.openai_wire import chat_chunks

pytestmark = pytest.mark.skipif(
    not hasattr(BaseChatModel, "_iter_v2_events"), reason="langchain-core before it"
)


def test_a_stream_of_events_is_one_trace(
    chat: Any, server: ProviderServer, both: SpanCollector
) -> None:
    server.script(sse_reply(chat_chunks(["Sun", "ny."])))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stream = chat(stream_usage=True).stream_events("Weather?", version="v3")
        assert "".join(stream.text) == "Sunny."
    assert span_tree(both.settled()) == snapshot("""\
ChatOpenAI [CHAIN]
  chat gpt-test [LLM] 20+8\
""")


def test_an_asynchronous_stream_of_events_is_one_trace(
    chat: Any, server: ProviderServer, both: SpanCollector
) -> None:
    async def read() -> str:
        stream = await chat(stream_usage=True).astream_events("Weather?", version="v3")
        return "".join([piece async for piece in stream.text])

    server.script(sse_reply(chat_chunks(["Sun", "ny."])))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert asyncio.run(read()) == "Sunny."
    assert span_tree(both.settled()) == snapshot("""\
ChatOpenAI [CHAIN]
  chat gpt-test [LLM] 20+8\
""")


def test_without_the_providers_own_tracing_it_is_the_llm_span(
    chat: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    server.script(sse_reply(chat_chunks(["Sun", "ny."])))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stream = chat(stream_usage=True).stream_events("Weather?", version="v3")
        assert "".join(stream.text) == "Sunny."
    attributes = attributes_of(spans.only())
    assert attributes[semconv.LLM_TOKENS_TOTAL] == 28
    assert attributes[semconv.LLM_STREAMING] is True
    assert attributes[semconv.LLM_TIME_TO_FIRST_TOKEN_MS] > 0
    (message,) = attributes[semconv.LLM_OUTPUT_MESSAGES]
    assert "Sunny." in str(message["content"])


def test_a_stream_of_events_let_go_is_aborted(
    chat: Any, server: ProviderServer, both: SpanCollector
) -> None:
    server.script(sse_reply(chat_chunks(["Sun", "ny."])))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stream = chat().stream_events("Weather?", version="v3")
        next(iter(stream.text))
        del stream
        gc.collect()
    assert span_tree(both.settled(), semconv.LLM_STREAM_OUTCOME) == snapshot("""\
ChatOpenAI [CHAIN]
  chat gpt-test [LLM] outcome=aborted\
""")
