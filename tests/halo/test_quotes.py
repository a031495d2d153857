"""A quote is cut out of its span verbatim; what does not stand there is not verified."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalyst_sdk.halo._candidate import Cite
from catalyst_sdk.halo._quote import holds, quote_from
from catalyst_sdk.spans import Event, Span

HISTORY = [
    {"role": "system", "content": 'Be kind.\nNow: 09:00 "sharp".'},
    {"role": "user", "content": "Where is\nmy order \\ 42?"},
]
ANSWER = {
    "role": "assistant",
    "content": "",
    "tool_calls": [{"id": "c1", "function": {"name": "get_order", "arguments": '{"id": "42"}'}}],
}
LLM = Span(
    trace_id="a" * 32,
    span_id="b" * 16,
    name="chat",
    attributes={
        "openinference.span.kind": "LLM",
        "llm.input_messages": json.dumps(HISTORY),
        "llm.output_messages": json.dumps([ANSWER]),
        "llm.token_count.prompt": 812,
    },
)
TOOL = Span(
    trace_id="a" * 32,
    span_id="c" * 16,
    name="get_order",
    status_code="ERROR",
    status_message="failed",
    attributes={
        "openinference.span.kind": "TOOL",
        "tool.name": "get_order",
        "input.value": '{"id": "42"}',
        "output.value": "Error: order 42 not found in the archive",
    },
    events=(Event(name="exception", time_ns=1, attributes={"exception.message": "KeyError: 42"}),),
)


@pytest.mark.parametrize(
    ("span", "kind", "cite", "quote"),
    [
        (LLM, "LLM", Cite("input"), "Where is"),
        (LLM, "LLM", Cite("input", anchor="order"), "my order \\ 42?"),
        (LLM, "LLM", Cite("system", anchor="Now:"), 'Now: 09:00 "sharp".'),
        (LLM, "LLM", Cite("call", anchor="get_order"), '{"id": "42"}'),
        (LLM, "LLM", Cite("fact", anchor="prompt"), "llm.token_count.prompt: 812"),
        (LLM, "LLM", Cite("fact", anchor="name"), "chat"),
        (TOOL, "TOOL", Cite("input"), '{"id": "42"}'),
        (TOOL, "TOOL", Cite("output"), "Error: order 42 not found in the archive"),
        (TOOL, "TOOL", Cite("error"), "KeyError: 42"),
    ],
)
def test_a_quote_is_what_the_span_says(span, kind, cite, quote):
    assert quote_from(span, cite, kind) == quote
    assert holds(span, quote)


@pytest.mark.parametrize("invented", ["order 43 not found", "", "   ", "Be  kind.", "be kind."])
def test_words_that_do_not_stand_in_the_span_are_not_verified(invented):
    assert not holds(LLM, invented)
    assert not holds(TOOL, invented)


@given(st.text(min_size=1), st.sampled_from(["input", "output", "error"]))
def test_whatever_is_quoted_is_found_again(text, part):
    span = Span(
        trace_id="a" * 32,
        span_id="b" * 16,
        name="step",
        status_code="ERROR",
        status_message=text,
        attributes={"openinference.span.kind": "TOOL", "input.value": text, "output.value": text},
    )
    quote = quote_from(span, Cite(part), "TOOL")
    assert holds(span, quote)
    assert len(quote) <= 200
    assert "\n" not in quote
