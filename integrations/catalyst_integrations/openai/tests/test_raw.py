from __future__ import annotations

import gzip
import json
from typing import Any

import openai
import pytest

from catalyst_sdk import semconv
from catalyst_sdk.instrumentation.testing import (
    ProviderServer,
    Reply,
    SpanCollector,
    attributes_of,
    json_reply,
    sse_reply,
)
from catalyst_sdk.instrumentation.testing.openai_wire import chat_chunks, chat_completion

ASKED: Any = {"model": "gpt-test", "messages": [{"role": "user", "content": "Hi"}]}
STREAMED: Any = {**ASKED, "stream": True}


def _check(spans: SpanCollector, outcome: str | None = None, tokens: int = 28) -> None:
    attributes = attributes_of(spans.only())
    assert attributes[semconv.LLM_OUTPUT_MESSAGES][0]["content"] == "Hello."
    assert attributes[semconv.LLM_TOKENS_TOTAL] == tokens
    assert attributes[semconv.LLM_MODEL_NAME] == "gpt-test-2026"
    assert attributes.get(semconv.LLM_STREAM_OUTCOME) == outcome


def test_a_raw_response_parses_as_without(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    server.script(json_reply(chat_completion()))
    raw = api.run(lambda c: c.chat.completions.with_raw_response.create(**ASKED))
    assert type(raw).__name__ == "LegacyAPIResponse"
    assert api.finish(raw.parse()).choices[0].message.content == "Hello."
    _check(spans)


def test_a_raw_response_never_parsed_is_recorded_all_the_same(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    server.script(json_reply(chat_completion()))
    raw = api.run(lambda c: c.chat.completions.with_raw_response.create(**ASKED))
    assert raw.headers["content-type"] == "application/json"
    _check(spans)


def test_a_raw_stream_is_observed(api: Any, server: ProviderServer, spans: SpanCollector) -> None:
    server.script(sse_reply(chat_chunks()))
    raw = api.run(lambda c: c.chat.completions.with_raw_response.create(**STREAMED))
    stream = api.finish(raw.parse())
    assert type(stream) is api.stream_type
    assert len(api.take(stream)) == len(list(chat_chunks()))
    _check(spans, "complete")
    assert attributes_of(spans.only())[semconv.LLM_TIME_TO_FIRST_TOKEN_MS] > 0


def test_a_streaming_response_read_as_a_whole(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    server.script(json_reply(chat_completion()))
    manager = api.client.chat.completions.with_streaming_response.create(**ASKED)
    parsed = api.within(manager, lambda response: api.finish(response.parse()))
    assert parsed.choices[0].message.content == "Hello."
    _check(spans)


def test_a_streaming_response_read_line_by_line(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    server.script(sse_reply(chat_chunks()))
    manager = api.client.chat.completions.with_streaming_response.create(**STREAMED)
    lines = api.within(manager, lambda response: api.take(response.iter_lines()))
    assert lines[-2:] == ["data: [DONE]", ""]
    _check(spans, "complete")


def test_a_streaming_response_parsed_into_a_stream(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    server.script(sse_reply(chat_chunks()))
    manager = api.client.chat.completions.with_streaming_response.create(**STREAMED)
    chunks = api.within(manager, lambda response: api.take(api.finish(response.parse())))
    assert len(chunks) == len(list(chat_chunks()))
    _check(spans, "complete")


def test_a_compressed_body_read_raw_is_understood(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    body = gzip.compress(json.dumps(chat_completion()).encode())
    server.script(Reply(pieces=[body], headers={"content-encoding": "gzip"}))
    manager = api.client.chat.completions.with_streaming_response.create(**ASKED)
    text = api.within(manager, lambda response: api.finish(response.text()))
    assert json.loads(text)["id"] == "chatcmpl-1"
    _check(spans)


def test_a_streaming_response_not_read_is_one_span(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    server.script(sse_reply(chat_chunks()))
    manager = api.client.chat.completions.with_streaming_response.create(**STREAMED)
    api.within(manager, lambda response: None)
    assert attributes_of(spans.only())[semconv.LLM_STREAM_OUTCOME] == "aborted"


def test_a_call_of_the_low_level_client_is_traced(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    server.script(json_reply(chat_completion()))
    answer = api.run(lambda c: c.post("/chat/completions", body=ASKED, cast_to=object))
    assert answer["choices"][0]["message"]["content"] == "Hello."
    _check(spans)


def test_an_http_response_asked_for_itself_is_given(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    response_type = openai._base_client.__dict__.get("httpx2") or openai._base_client.httpx
    server.script(json_reply(chat_completion()))
    response = api.run(
        lambda c: c.post("/chat/completions", body=ASKED, cast_to=response_type.Response)
    )
    assert type(response) is response_type.Response
    assert response.json()["id"] == "chatcmpl-1"
    _check(spans)


def test_other_calls_are_left_alone(api: Any, server: ProviderServer, spans: SpanCollector) -> None:
    server.script(json_reply({"object": "list", "data": []}), json_reply({"results": []}))
    api.run(lambda c: c.get("/models", cast_to=object))
    api.run(lambda c: c.post("/moderations", body={"input": "x"}, cast_to=object))
    assert spans.settled() == []


@pytest.mark.parametrize("read", ["iter_bytes", "read"])
def test_a_body_read_in_bytes_is_understood(
    api: Any, server: ProviderServer, spans: SpanCollector, read: str
) -> None:
    server.script(json_reply(chat_completion()))
    manager = api.client.chat.completions.with_streaming_response.create(**ASKED)

    def use(response: Any) -> bytes:
        if read == "read":
            return api.finish(response.read())
        return b"".join(api.take(response.iter_bytes()))

    assert json.loads(api.within(manager, use))["id"] == "chatcmpl-1"
    _check(spans)
