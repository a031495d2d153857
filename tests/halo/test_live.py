"""Hooks that watch a running agent: what they find, once a run, and stopping it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import catalyst_sdk
from catalyst_sdk import hooks, semconv
from catalyst_sdk.errors import ConfigError
from catalyst_sdk.halo import live

Start = Callable[..., list[Any]]


@pytest.fixture
def watch() -> Iterator[Start]:
    handles: list[Any] = []
    undo: list[Callable[[], None]] = []

    def start(*given: Any) -> list[Any]:
        found: list[Any] = []
        undo.append(hooks.on_finding(found.append))
        provider = TracerProvider(shutdown_on_exit=False)
        exporters = [InMemorySpanExporter()]
        handles.append(
            catalyst_sdk.init(
                "live", exporters=exporters, hooks=given, provider=provider, instrument=False
            )
        )
        return found

    yield start
    for one in undo:
        one()
    for handle in handles:
        handle.shutdown()


def _tool(**given: Any) -> None:
    with catalyst_sdk.trace_span("look_up", kind="TOOL") as span:
        span.set_attributes({semconv.TOOL_NAME: "look_up"})
        span.set_input(given)


def _model(tokens: int = 10, **attributes: Any) -> None:
    with catalyst_sdk.trace_span("chat", kind="LLM") as span:
        usage = {
            semconv.LLM_TOKENS_PROMPT: tokens,
            semconv.LLM_TOKENS_COMPLETION: 0,
            semconv.LLM_TOKENS_TOTAL: tokens,
        }
        span.set_attributes({**usage, **attributes})


def test_an_identical_call_is_found_once_a_run(watch: Start) -> None:
    found = watch(live.RepeatedToolCall(3))
    for _ in range(2):
        with catalyst_sdk.agent_span("A"):
            for order in (1, 2, 1, 1, 1):
                _tool(order=order)
    assert [finding.title for finding in found] == [
        "look_up was called 3 times with the same input"
    ] * 2
    assert found[0].evidence[0].quote == '{"order":1}'
    assert found[0].trace_ids != found[1].trace_ids


def test_errors_in_quick_succession_are_a_storm(watch: Start) -> None:
    found = watch(live.ErrorStorm(3, 60))
    with catalyst_sdk.agent_span("A"):
        for _ in range(4):
            with pytest.raises(ValueError, match="no"), catalyst_sdk.trace_span("step"):
                raise ValueError("no")
    assert [finding.impact.occurrences for finding in found] == [3]


def test_a_run_over_its_tokens_is_found_and_one_below_is_not(watch: Start) -> None:
    found = watch(live.Budget(tokens=25))
    for calls in (2, 3):
        with catalyst_sdk.agent_span("A"):
            for _ in range(calls):
                _model()
    assert ["budget of 25 tokens" in finding.title for finding in found] == [True]


def test_a_session_adds_up_over_its_runs(watch: Start) -> None:
    found = watch(live.Budget(tokens=25, per_session=True))
    for _ in range(3):
        with catalyst_sdk.agent_span("A", session_id="s-1"):
            _model()
    assert [finding.title[:11] for finding in found] == ["session s-1"]


def test_a_budget_in_dollars_counts_by_known_prices(watch: Start) -> None:
    pytest.importorskip("genai_prices")
    found = watch(live.Budget(usd=0.001))
    with catalyst_sdk.agent_span("A"):
        _model(100_000, **{semconv.LLM_MODEL_NAME: "no-such-model"})
        assert found == []
        _model(100_000, **{semconv.LLM_MODEL_NAME: "gpt-4o"})
    assert len(found) == 1


def test_a_run_near_its_turns_is_found(watch: Start) -> None:
    found = watch(live.TurnLimit(5, near=0.8))
    with catalyst_sdk.agent_span("A"):
        for _ in range(5):
            _model()
    assert [finding.title for finding in found] == ["A run has made 4 of its 5 model calls"]


def test_a_tool_that_was_not_offered_is_found(watch: Start) -> None:
    found = watch(live.UnofferedTool())
    tools = json.dumps([{"type": "function", "function": {"name": "search"}}, {"name": "book"}])
    calls = [{"id": "1", "function": {"name": name, "arguments": "{}"}} for name in ("book", "fly")]
    answer = json.dumps([{"role": "assistant", "tool_calls": calls}])
    with catalyst_sdk.agent_span("A"):
        _model(**{semconv.LLM_TOOLS: tools, semconv.LLM_OUTPUT_MESSAGES: answer})
    assert [finding.title for finding in found] == [
        "The model called fly, which it was not offered"
    ]


def test_a_hook_that_may_stop_does_so_at_the_next_call(watch: Start) -> None:
    watch(live.RepeatedToolCall(2, stop=True))
    with catalyst_sdk.agent_span("A"):
        _tool(order=1)
        hooks.check_stop()
        _tool(order=1)
        with pytest.raises(hooks.StopAgent, match="2 times") as stopped:
            hooks.check_stop()
    assert stopped.value.finding is not None


def test_rubbish_on_a_span_is_no_finding_and_state_does_not_grow(watch: Start) -> None:
    hook = live.UnofferedTool()
    counting = live.RepeatedToolCall()
    found = watch(hook, counting)
    for _ in range(20):
        with catalyst_sdk.agent_span("A"):
            _tool(order=1)
            _model(
                **{semconv.LLM_TOOLS: "{", semconv.LLM_OUTPUT_MESSAGES: '[1, {"tool_calls": 3}]'}
            )
    assert found == []
    assert counting._states == {}


def test_limits_that_mean_nothing_are_refused() -> None:
    with pytest.raises(ConfigError, match="above 0"):
        live.RepeatedToolCall(0)
    with pytest.raises(ConfigError, match="tokens= or usd="):
        live.Budget()
