"""What a run of the demo leaves behind, and how it leaves the process."""

from __future__ import annotations

import itertools
import os
from collections import Counter
from pathlib import Path

import openai
import pytest
from opentelemetry import trace

from catalyst_sdk.demo import FLAWS, run_demo
from catalyst_sdk.errors import ConfigError
from catalyst_sdk.spans import SpanFacts, facts, read_spans


def _facts(path: Path) -> list[SpanFacts]:
    return [facts(span) for span in read_spans(path)]


@pytest.fixture(scope="module")
def flawed(demo_run):
    return demo_run("all")


def test_each_turn_is_one_trace_under_an_agent(flawed):
    roots = [span for span in _facts(flawed.path) if not span.parent_span_id]
    assert len(roots) == flawed.traces
    assert {root.agent_id for root in roots} == {"aurora-support"}
    assert len({root.session_id for root in roots}) == flawed.sessions == 40


def test_every_span_knows_its_agent_session_and_user(flawed):
    missing = [s for s in _facts(flawed.path) if not (s.agent_id and s.session_id and s.user_id)]
    assert missing == []


def test_the_hand_off_nests_the_second_agent(flawed):
    spans = {span.span_id: span for span in _facts(flawed.path)}
    triage = [s for s in spans.values() if s.kind == "AGENT" and s.agent_id == "returns-triage"]
    assert triage
    assert {spans[s.parent_span_id].tool_name for s in triage} == {"hand_off_to_returns"}


def test_every_model_call_that_succeeded_has_tokens(flawed):
    calls = [s for s in _facts(flawed.path) if s.kind == "LLM" and s.status != "ERROR"]
    assert calls
    assert [s for s in calls if not s.has_usage] == []


def test_half_of_the_customers_are_answered_in_streams(flawed):
    outcomes = Counter(s.stream_outcome for s in _facts(flawed.path) if s.kind == "LLM")
    assert outcomes["complete"] > 100
    assert outcomes["error"] == outcomes["aborted"] == 0


def test_every_flaw_is_met_by_several_sessions_and_most_meet_none(flawed):
    assert flawed.planted.keys() == FLAWS.keys()
    assert min(len(sessions) for sessions in flawed.planted.values()) >= 3
    met = {session for sessions in flawed.planted.values() for session in sessions}
    assert len(met) < flawed.sessions / 2


def test_no_flaw_hides_behind_another(flawed):
    met = {flaw: set(sessions) for flaw, sessions in flawed.planted.items()}
    del met["prompt_never_cached"]  # planted in every hand-over, so also where its JSON is bad
    assert [(a, b) for a, b in itertools.permutations(met, 2) if met[a] <= met[b]] == []


def test_mended_agents_fail_nowhere(demo_run):
    mended = demo_run(None)
    assert mended.planted == {}
    assert [s.error_message for s in _facts(mended.path) if s.status == "ERROR"] == []


def test_the_same_seed_brings_the_same_customers_whatever_is_planted(tmp_path):
    cut = run_demo(tmp_path / "cut", sessions=6, flaws=["answer_cut", "silent_refund_failure"])
    none = run_demo(tmp_path / "none", sessions=6, flaws=None)
    other = run_demo(tmp_path / "other", sessions=6, seed=8, flaws=None)
    sessions = [{s.session_id for s in _facts(run.path)} for run in (cut, none, other)]
    assert sessions[0] == sessions[1]
    assert not sessions[0] & sessions[2]
    assert cut.planted.keys() == {"answer_cut", "silent_refund_failure"}


def test_an_unknown_flaw_is_refused_with_the_known_ones(tmp_path):
    with pytest.raises(ConfigError, match="tool_timout") as caught:
        run_demo(tmp_path, flaws=["tool_timout"])
    assert "carrier_timeout" in caught.value.hint


def test_the_process_is_left_as_it_was(tmp_path, monkeypatch):
    monkeypatch.setenv("CATALYST_ENDPOINT", "http://127.0.0.1:9/never-called")
    monkeypatch.setenv("CATALYST_DISABLED", "true")
    request = openai.OpenAI.request
    provider = trace.get_tracer_provider()
    assert run_demo(tmp_path, sessions=1, flaws=None).path.stat().st_size > 0
    assert openai.OpenAI.request is request
    assert trace.get_tracer_provider() is provider
    assert os.environ["CATALYST_ENDPOINT"] == "http://127.0.0.1:9/never-called"


def test_a_second_run_replaces_the_first(tmp_path):
    first = run_demo(tmp_path, sessions=2, flaws=None)
    lines = len(first.path.read_bytes().splitlines())
    second = run_demo(tmp_path, sessions=2, flaws=None)
    assert second.path == first.path
    assert len(second.path.read_bytes().splitlines()) == lines
