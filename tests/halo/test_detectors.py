"""Each detector finds what was planted for it, in the right runs, and is silent on good ones."""

from __future__ import annotations

import pytest

from catalyst_sdk import halo
from catalyst_sdk.halo import recount
from halo.plants import PLANTS

NAMES = sorted(detector.name for detector in halo.installed())


def test_every_detector_has_a_plant():
    assert sorted(PLANTS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_planted_flaw_is_found_in_the_runs_it_was_planted_in(name, planted, findings_of):
    _, spoilt = planted(name)
    found = set().union(*(finding.trace_ids for finding in findings_of(name)))
    assert found == spoilt


@pytest.mark.parametrize("name", NAMES)
def test_a_matcher_recounts_exactly_the_affected_traces(name, planted, findings_of):
    store, _ = planted(name)
    for finding in findings_of(name):
        assert recount(store, finding.matcher) == sorted(finding.trace_ids)
        assert finding.impact.traces_affected == len(finding.trace_ids)


@pytest.mark.parametrize("name", NAMES)
def test_a_finding_is_cited_and_its_quotes_are_verified(name, findings_of):
    for finding in findings_of(name):
        assert 3 <= len(finding.evidence) <= 5
        assert all(evidence.verified and evidence.quote for evidence in finding.evidence)
        assert {evidence.trace_id for evidence in finding.evidence} <= set(finding.trace_ids)


@pytest.mark.parametrize("name", NAMES)
def test_a_finding_reads_as_whole_sentences(name, findings_of):
    for finding in findings_of(name):
        assert finding.detector == name
        assert 30 < len(finding.title) < 200
        assert finding.title[-1] not in ".!"
        assert finding.summary.endswith(".")
        assert finding.root_cause.endswith((".", "”."))
        assert finding.fix.steps
        assert all(step.endswith((".", "”.", "?")) for step in finding.fix.steps)
        for text in (finding.title, finding.summary, finding.root_cause, finding.fix.summary):
            assert "  " not in text
            assert text.count("`") % 2 == 0
            assert "None" not in text.replace("NoneType", "")
            assert " 1 runs" not in text
            assert "``" not in text


@pytest.mark.parametrize("name", NAMES)
def test_a_detector_states_its_limits_with_reasons(name):
    (detector,) = halo.select([name])
    assert detector.looks_for.endswith(".")
    assert detector.thresholds
    assert all(len(threshold.reason) > 15 for threshold in detector.thresholds.values())


def test_all_detectors_are_silent_on_healthy_runs(healthy_store):
    report = halo.run(healthy_store)
    assert [f.title for f in report.findings] == []
    assert [line for line in report.not_looked_at if "failed" in line] == []


@pytest.mark.parametrize("runs", [1, 3, 8])
def test_a_handful_of_healthy_runs_gives_nothing_above_low(runs, tmp_path):
    from halo.planted import healthy

    report = halo.run(healthy(seed=runs, runs=runs).write(tmp_path / "few.jsonl"))
    assert [f.title for f in report.findings if f.severity not in ("low", "info")] == []
