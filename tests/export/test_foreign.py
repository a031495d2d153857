"""Spans of other instrumentations leave with our names beside their own."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from catalyst_sdk import semconv
from catalyst_sdk.export._foreign import our_names
from catalyst_sdk.spans import Span, facts

NATIVE = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "anthropic",
    "gen_ai.request.model": "claude-test",
    "gen_ai.response.model": "claude-test-20260101",
    "gen_ai.usage.input_tokens": 2310,
    "gen_ai.usage.cache_read.input_tokens": 2000,
    "gen_ai.usage.output_tokens": 25,
    "gen_ai.response.finish_reasons": ["tool_use"],
    "gen_ai.input.messages": json.dumps(
        [
            {"role": "user", "parts": [{"type": "text", "content": "Where is it?"}]},
            {
                "role": "tool",
                "parts": [{"type": "tool_call_response", "id": "t0", "response": "shipped"}],
            },
        ]
    ),
    "gen_ai.output.messages": json.dumps(
        [
            {
                "role": "assistant",
                "parts": [
                    {"type": "text", "content": "One moment."},
                    {"type": "tool_call", "id": "t1", "name": "look_up", "arguments": {"n": 7}},
                ],
                "finish_reason": "tool_call",
            }
        ]
    ),
}


def test_a_genai_span_is_named_as_ours_are() -> None:
    named = our_names(NATIVE)
    assert named[semconv.SPAN_KIND] == "LLM"
    assert named[semconv.LLM_MODEL_NAME] == "claude-test-20260101"
    assert named[semconv.LLM_TOKENS_PROMPT] == 2310
    assert named[semconv.LLM_TOKENS_CACHE_READ] == 2000
    assert named[semconv.LLM_TOKENS_COMPLETION] == 25
    assert json.loads(named[semconv.LLM_INPUT_MESSAGES]) == [
        {"role": "user", "content": "Where is it?"},
        {"role": "tool", "tool_call_id": "t0", "content": "shipped"},
    ]
    (answer,) = json.loads(named[semconv.LLM_OUTPUT_MESSAGES])
    assert answer["content"] == "One moment."
    assert answer["tool_calls"][0]["function"]["name"] == "look_up"


def test_naming_changes_no_fact_of_the_span() -> None:
    def of(attributes: dict[str, object]) -> object:
        return facts(Span(trace_id="a", span_id="b", attributes=attributes, start_ns=1, end_ns=2))

    before, after = of(NATIVE), of({**NATIVE, **our_names(NATIVE)})
    for name in ("kind", "model", "provider", "prompt_tokens", "total_tokens", "tools_called"):
        assert getattr(before, name) == getattr(after, name), name


def test_other_spans_and_ours_are_left_alone() -> None:
    assert our_names({"http.method": "GET"}) == {}
    assert our_names({**NATIVE, semconv.SPAN_KIND: "LLM"}) == {}


@given(
    st.dictionaries(
        st.sampled_from([*NATIVE, "gen_ai.tool.definitions", "gen_ai.system_instructions"]),
        st.one_of(st.text(), st.integers(), st.booleans(), st.floats(), st.lists(st.text())),
    )
)
def test_no_attribute_makes_it_raise(attributes: dict[str, object]) -> None:
    assert isinstance(our_names({"gen_ai.operation.name": "chat", **attributes}), dict)
