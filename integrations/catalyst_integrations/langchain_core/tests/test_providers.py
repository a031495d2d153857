"""Other clients below a chat model: the Responses API, and Anthropic's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from inline_snapshot import snapshot

from catalyst_sdk.instrumentation.testing import (
    ProviderServer,
    SpanCollector,
    json_reply,
    span_tree,
    sse_reply,
)
from catalyst_sdk.instrumentation.testing.openai_wire import (
    output_text,
    response,
    response_events,
)


def test_the_responses_api_is_counted_once(
    way: Any, chat: Any, server: ProviderServer, both: SpanCollector
) -> None:
    server.script(json_reply(response(output_text("Sunny."))))
    way.invoke(chat(use_responses_api=True), "Weather?")
    server.script(sse_reply(response_events(response(output_text("Sunny.")))))
    way.stream(chat(use_responses_api=True), "Weather?")
    assert span_tree(both.settled()) == snapshot("""\
ChatOpenAI [CHAIN]
  responses gpt-test [LLM] 20+8
ChatOpenAI [CHAIN]
  responses gpt-test [LLM] 20+8\
""")


MESSAGE: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-test-2026",
    "content": [{"type": "text", "text": "Sunny."}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 8, "output_tokens": 8, "cache_read_input_tokens": 12},
}
EVENTS: list[dict[str, Any]] = [
    {"type": "message_start", "message": {**MESSAGE, "content": [], "stop_reason": None}},
    {
        "type": "content_block_start",
        "index": 0,
        "content_block": {"type": "text", "text": ""},
    },
    {
        "type": "content_block_delta",
        "index": 0,
        "delta": {"type": "text_delta", "text": "Sunny."},
    },
    {"type": "content_block_stop", "index": 0},
    {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn", "stop_sequence": None},
        "usage": {"output_tokens": 8},
    },
    {"type": "message_stop"},
]


@pytest.fixture
def claude(server: ProviderServer) -> Any:
    anthropic = pytest.importorskip("langchain_anthropic")
    return anthropic.ChatAnthropic(
        model="claude-test",
        api_key="k",
        base_url=server.url,
        max_retries=0,
        default_headers={"connection": "close"},
    )


@pytest.fixture
def with_anthropic(spans: SpanCollector) -> Iterator[SpanCollector]:
    anthropic = pytest.importorskip("catalyst_integrations.anthropic").AnthropicInstrumentor()
    anthropic.instrument(tracer_provider=spans.provider)
    yield spans
    anthropic.uninstrument()


def test_anthropics_client_is_counted_once(
    way: Any, claude: Any, server: ProviderServer, with_anthropic: SpanCollector
) -> None:
    server.script(json_reply(MESSAGE))
    way.invoke(claude, "Weather?")
    server.script(sse_reply(EVENTS, named=True, done=False))
    way.stream(claude, "Weather?")
    tree = span_tree(with_anthropic.settled())
    assert tree == snapshot("""\
ChatAnthropic [CHAIN]
  chat claude-test [LLM] 20+8
ChatAnthropic [CHAIN]
  chat claude-test [LLM] 20+8\
""")


def test_anthropics_client_untraced_is_counted_once_too(
    way: Any, claude: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    server.script(json_reply(MESSAGE))
    way.invoke(claude, "Weather?")
    assert span_tree(spans.settled()) == snapshot("ChatAnthropic [LLM] 20+8")
