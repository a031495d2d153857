"""The span a person works with: what it takes, and that nothing makes it raise."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode

from catalyst_sdk import TracedSpan, current_span, trace_span
from catalyst_sdk.tracing._usage import usage_attributes


def test_it_is_an_opentelemetry_span(traced):
    with trace_span("work") as span:
        assert isinstance(span, trace.Span)
        assert span.get_span_context() == trace.get_current_span().get_span_context()
        assert (len(span.trace_id), len(span.span_id)) == (32, 16)
        span.update_name("renamed")
        span.set_status(StatusCode.OK)
        assert span.is_recording()
    exported = traced.one("renamed")
    assert exported.status.status_code is StatusCode.OK
    assert exported.kind is SpanKind.INTERNAL


def test_attributes_are_made_what_opentelemetry_takes(traced):
    with trace_span("work") as span:
        span.set_attributes(
            {
                "none": None,
                "text": "a",
                "flag": True,
                "number": 1,
                "huge": 2**80,
                "texts": ["a", "b"],
                "numbers": (1, 2),
                "empty": [],
                "mixed": [1, "a"],
                "nested": {"a": [1, {"b": None}]},
                "objects": [{"a": 1}],
                "odd": object,
                "broken\ud800": "x",
            }
        )
        span.set_attribute("surrogate", "a\ud800b")
    attributes = dict(traced.one().attributes)
    del attributes["openinference.span.kind"]
    assert attributes == {
        "text": "a",
        "flag": True,
        "number": 1,
        "huge": str(2**80),
        "texts": ("a", "b"),
        "numbers": (1, 2),
        "empty": (),
        "mixed": '[1,"a"]',
        "nested": '{"a":[1,{"b":null}]}',
        "objects": '[{"a":1}]',
        "odd": '"builtins.object"',
        "broken?": "x",
        "surrogate": "a?b",
    }


def test_events_links_and_exceptions(traced):
    with trace_span("first") as first:
        pass
    with trace_span("second") as span:
        span.add_event("retry", {"attempt": 2, "detail": {"a": 1}, "none": None})
        span.link(first)
        span.link(first.get_span_context(), {"why": "again"})
        span.record_exception(KeyError("k"), {"handled": True})
    second = traced.one("second")
    retry, exception = second.events
    assert dict(retry.attributes) == {"attempt": 2, "detail": '{"a":1}'}
    assert exception.attributes["exception.type"] == "KeyError"
    assert exception.attributes["exception.escaped"] == "False"
    assert exception.attributes["handled"] is True
    assert second.status.status_code is StatusCode.ERROR
    assert [link.context.span_id for link in second.links] == [first.get_span_context().span_id] * 2


def test_nothing_it_is_given_makes_it_raise(traced, caplog):
    class Hostile:
        def __getattr__(self, name: str) -> Any:
            raise RuntimeError("no")

        def __repr__(self) -> str:
            raise RuntimeError("no")

        __str__ = __repr__

    hostile: Any = Hostile()
    with trace_span("work") as span:
        span.set_input(hostile)
        span.set_output(hostile)
        span.set_attributes(hostile)
        span.set_attribute(hostile, hostile)
        span.record_usage(hostile)
        span.record_exception(hostile)
        span.add_event(hostile, hostile)
        span.link(hostile)
        span.update_name(hostile)
        span.set_status(hostile)
    assert len(traced.spans) <= 1
    assert 1 <= len(caplog.records) <= 10


def test_after_its_end_it_takes_nothing_and_says_nothing(traced, caplog):
    with trace_span("work") as span:
        span.end()
        span.end()
    span.set_output("late")
    span.set_attribute("late", 1)
    span.add_event("late")
    span.record_exception(ValueError("late"))
    assert not span.is_recording()
    assert "output.value" not in traced.one().attributes
    assert caplog.records == []


def test_the_current_span_is_there_for_code_further_in(traced):
    def deep_inside() -> None:
        current_span().set_attribute("depth", 3)

    assert not current_span().is_recording()
    current_span().set_output("nowhere")
    with trace_span("work"):
        deep_inside()
    assert traced.one().attributes["depth"] == 3
    assert isinstance(current_span(), TracedSpan)


PROMPT = "llm.token_count.prompt"
COMPLETION = "llm.token_count.completion"
TOTAL = "llm.token_count.total"
READ = "llm.token_count.prompt_details.cache_read"
WRITE = "llm.token_count.prompt_details.cache_write"
REASONING = "llm.token_count.completion_details.reasoning"


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"prompt": 3, "completion": 4}, {PROMPT: 3, COMPLETION: 4, TOTAL: 7}),
        (
            {
                "prompt_tokens": 10,
                "completion_tokens": 5,
                "total_tokens": 15,
                "prompt_tokens_details": {"cached_tokens": 4},
                "completion_tokens_details": {"reasoning_tokens": 2, "audio_tokens": None},
            },
            {PROMPT: 10, COMPLETION: 5, TOTAL: 15, READ: 4, REASONING: 2},
        ),
        (  # OpenAI Responses: cached tokens are inside
            {
                "input_tokens": 10,
                "output_tokens": 5,
                "total_tokens": 15,
                "input_tokens_details": {"cached_tokens": 4},
                "output_tokens_details": {"reasoning_tokens": 0},
            },
            {PROMPT: 10, COMPLETION: 5, TOTAL: 15, READ: 4, REASONING: 0},
        ),
        (  # Anthropic: cached tokens are beside
            {
                "input_tokens": 10,
                "output_tokens": 5,
                "cache_read_input_tokens": 100,
                "cache_creation_input_tokens": 20,
            },
            {PROMPT: 130, COMPLETION: 5, TOTAL: 135, READ: 100, WRITE: 20},
        ),
        (  # LangChain: inside
            {
                "input_tokens": 10,
                "output_tokens": 5,
                "total_tokens": 15,
                "input_token_details": {"cache_read": 4, "cache_creation": 1},
            },
            {PROMPT: 10, COMPLETION: 5, TOTAL: 15, READ: 4, WRITE: 1},
        ),
        (
            {"usage": {"prompt_tokens": 1, "completion_tokens": 1}},
            {PROMPT: 1, COMPLETION: 1, TOTAL: 2},
        ),
        ({"total_tokens": 9}, {TOTAL: 9}),
        ({"prompt_tokens": "many", "completion_tokens": -1}, {}),
        ({"completion_tokens": 4}, {COMPLETION: 4, TOTAL: 4}),
        ({}, {}),
        (None, {}),
        ("text", {}),
    ],
)
def test_usage_is_counted_alike_whoever_tells_it(usage, expected):
    assert usage_attributes(usage) == expected


def test_usage_objects_of_the_openai_client(traced):
    types = pytest.importorskip("openai.types")
    usage = types.CompletionUsage(prompt_tokens=7, completion_tokens=3, total_tokens=10)
    with trace_span("llm", kind="LLM") as span:
        span.record_usage(SimpleNamespace(usage=usage))
    attributes = traced.one().attributes
    assert (attributes[PROMPT], attributes[COMPLETION], attributes[TOTAL]) == (7, 3, 10)
