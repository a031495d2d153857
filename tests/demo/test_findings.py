"""What Halo finds in the demo's traces, against what was planted, session by session."""

from __future__ import annotations

import pytest

from catalyst_sdk import halo
from catalyst_sdk.demo import FLAWS
from catalyst_sdk.spans import facts, read_spans

SHOWN_BY = {
    "carrier_timeout": {"timeout", "retry-storm"},
    "silent_refund_failure": {"soft-error"},
    "lookup_loop": {"alternating-loop"},
    "tool_never_offered": {"unknown-tool"},
    "arguments_break_schema": {"bad-arguments"},
    "oversized_history": {"oversized-output"},
    "slow_policy_search": {"slow-tail"},
    "policy_missing": {"empty-retrieval"},
    "answer_cut": {"cut-output"},
    "step_limit": {"step-limit", "no-answer"},
    "customer_repeats": {"user-repeats"},
    "rate_limited": {"rate-limit"},
    "decision_not_json": {"invalid-json"},
    "prompt_never_cached": {"uncached-prompt"},
}
"""Flaw to the detectors that are about it. Halo knows nothing of the left side."""


class Analysis:
    """A run, its report, and the sessions each finding names."""

    def __init__(self, run) -> None:
        self.planted = {flaw: set(sessions) for flaw, sessions in run.planted.items()}
        self.report = halo.run(run.path)
        self.spans = {(f.trace_id, f.span_id): f for f in map(facts, read_spans(run.path))}
        sessions = {trace_id: span.session_id for (trace_id, _), span in self.spans.items()}
        self.named = [
            (finding, {sessions[trace_id] for trace_id in finding.trace_ids})
            for finding in self.report.findings
        ]


@pytest.fixture(scope="module")
def flawed(demo_run) -> Analysis:
    return Analysis(demo_run("all"))


@pytest.mark.parametrize("flaw", FLAWS)
def test_a_flaw_is_found_in_each_session_that_met_it(flawed: Analysis, flaw: str):
    found = [named for finding, named in flawed.named if finding.detector in SHOWN_BY[flaw]]
    assert any(flawed.planted[flaw] <= named for named in found)


@pytest.mark.parametrize("flaw", FLAWS)
def test_what_shows_a_flaw_names_only_sessions_that_met_it(flawed: Analysis, flaw: str):
    found = [named for finding, named in flawed.named if finding.detector in SHOWN_BY[flaw]]
    assert [named - flawed.planted[flaw] for named in found] == [set()] * len(found)


def test_no_finding_above_low_names_a_session_that_met_no_flaw(flawed: Analysis):
    met = set().union(*flawed.planted.values())
    strayed = {
        finding.title: named - met
        for finding, named in flawed.named
        if finding.severity not in ("low", "info") and not named <= met
    }
    assert strayed == {}


def test_every_citation_names_a_span_of_the_file_and_was_checked(flawed: Analysis):
    evidence = [e for finding, _ in flawed.named for e in finding.evidence]
    assert evidence
    assert [e for e in evidence if (e.trace_id, e.span_id) not in flawed.spans] == []
    assert [e for e in evidence if not e.verified] == []


def test_every_finding_says_what_to_change(flawed: Analysis):
    assert [f.title for f, _ in flawed.named if not (f.fix.summary and f.fix.steps)] == []


def test_mended_agents_give_nothing_above_low(demo_run):
    report = halo.run(demo_run(None).path)
    assert [f.title for f in report.findings if f.severity not in ("low", "info")] == []
