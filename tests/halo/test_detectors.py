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
def test_a_planted_flaw_is_found_in_the_runs_it_was_planted_in(name, planted):
    store, spoilt = planted(name)
    findings = halo.detect(store, detectors=[name])
    found = set().union(*(finding.trace_ids for finding in findings))
    assert found == spoilt


@pytest.mark.parametrize("name", NAMES)
def test_a_finding_is_cited_counted_and_worded(name, planted):
    store, _ = planted(name)
    for finding in halo.detect(store, detectors=[name]):
        assert finding.detector == name
        assert 3 <= len(finding.evidence) <= 5
        assert all(evidence.verified and evidence.quote for evidence in finding.evidence)
        assert {evidence.trace_id for evidence in finding.evidence} <= set(finding.trace_ids)
        assert recount(store, finding.matcher) == sorted(finding.trace_ids)
        assert finding.impact.traces_affected == len(finding.trace_ids)
        assert 30 < len(finding.title) < 200
        assert finding.title[-1] not in ".!"
        assert finding.summary.endswith(".")
        assert finding.root_cause.endswith((".", "”."))
        assert finding.fix.steps
        for text in (finding.title, finding.summary, finding.root_cause, finding.fix.summary):
            assert "  " not in text
            assert text.count("`") % 2 == 0
            assert "None" not in text.replace("NoneType", "")


@pytest.mark.parametrize("name", NAMES)
def test_a_detector_is_silent_on_healthy_runs(name, healthy_store):
    assert [f.title for f in halo.detect(healthy_store, detectors=[name])] == []
