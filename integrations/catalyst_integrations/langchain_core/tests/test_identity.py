"""Who a run belongs to: agent, session, user, on every span below."""

from __future__ import annotations

import json
from typing import Any

from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_core.runnables import RunnableLambda

from catalyst_sdk import agent_span, attributes, semconv
from catalyst_sdk.instrumentation.testing import SpanCollector, attributes_of


def _chain() -> Any:
    model = GenericFakeChatModel(messages=iter([AIMessage("four")] * 9))
    return RunnableLambda(lambda question: question) | model


def _values(spans: SpanCollector, name: str) -> set[Any]:
    return {attributes_of(span).get(name) for span in spans.settled()}


def test_an_agent_span_around_it_is_whose_runs_they_are(way: Any, spans: SpanCollector) -> None:
    with agent_span("Refund agent", session_id="s1", user_id="u1"):
        way.invoke(_chain(), "2 + 2?")
    assert len(spans.settled()) == 3
    assert _values(spans, semconv.AGENT_ID) == {"refund-agent"}
    assert _values(spans, semconv.SESSION_ID) == {"s1"}
    assert _values(spans, semconv.USER_ID) == {"u1"}


def test_attributes_around_it_reach_every_span(way: Any, spans: SpanCollector) -> None:
    with attributes(session_id="s2", metadata={"tenant": "acme"}, tags=["beta"]):
        way.stream(_chain(), "2 + 2?")
    assert _values(spans, semconv.SESSION_ID) == {"s2"}
    assert _values(spans, semconv.METADATA) == {'{"tenant":"acme"}'}
    assert _values(spans, semconv.TAGS) == {("beta",)}


def test_the_config_names_session_user_metadata_and_tags(way: Any, spans: SpanCollector) -> None:
    config = {
        "metadata": {"session_id": "s3", "user_id": 42, "tenant": "acme"},
        "tags": ["beta"],
    }
    way.invoke(_chain(), "2 + 2?", config)
    assert len(spans.settled()) == 3
    assert _values(spans, semconv.SESSION_ID) == {"s3"}
    assert _values(spans, semconv.USER_ID) == {"42"}
    assert {json.loads(told)["tenant"] for told in _values(spans, semconv.METADATA)} == {"acme"}
    assert _values(spans, semconv.TAGS) == {("beta",)}


def test_the_program_is_believed_before_the_config(way: Any, spans: SpanCollector) -> None:
    with attributes(session_id="mine"):
        way.invoke(_chain(), "2 + 2?", {"metadata": {"thread_id": "theirs"}})
    assert _values(spans, semconv.SESSION_ID) == {"mine"}


def test_without_any_of_it_nothing_is_said(way: Any, spans: SpanCollector) -> None:
    way.invoke(_chain(), "2 + 2?")
    for name in (semconv.AGENT_ID, semconv.SESSION_ID, semconv.METADATA, semconv.TAGS):
        assert _values(spans, name) == {None}
