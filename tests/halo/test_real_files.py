"""Real runs of public agents: what is claimed of them holds, and was read by a person once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from catalyst_sdk import halo
from catalyst_sdk.halo import recount
from catalyst_sdk.store import open_files

SHARED = Path(os.environ.get("CATALYST_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))
FILES = (
    "tau_airline_50.jsonl.gz",
    "openai_agents_realistic.jsonl.gz",
    "openai_agents_code_helper.jsonl.gz",
)


@pytest.fixture(scope="module", params=FILES)
def analysed(request):
    path = SHARED / "traces" / request.param
    if not path.exists():
        pytest.skip(f"{path} is not there; set CATALYST_SHARED_DATA")
    with open_files([path]) as store:
        yield request.param, store, halo.run(store)


def test_every_cited_span_exists_and_holds_its_quote(analysed):
    _, store, report = analysed
    assert report.citations_total == report.citations_verified > 0
    for finding in report.findings:
        for evidence in finding.evidence:
            assert store.span(evidence.trace_id, evidence.span_id).trace_id == evidence.trace_id


def test_every_count_can_be_recounted(analysed):
    _, store, report = analysed
    for finding in report.findings:
        assert recount(store, finding.matcher) == sorted(finding.trace_ids)


def test_the_findings_are_those_a_person_confirmed(analysed):
    name, _, report = analysed
    found = {(f.detector, f.severity, f.impact.traces_affected) for f in report.findings}
    assert [line for line in report.not_looked_at if "failed" in line] == []
    if name == FILES[0]:
        assert found == {
            ("one-by-one", "medium", 10),
            ("user-repeats", "medium", 9),
            ("failing-tool", "medium", 4),
            ("failing-tool", "medium", 3),
        }
    elif name == FILES[1]:
        assert found == {
            ("failing-tool", "medium", 2),
            ("missing-content", "low", 3),
            ("missing-usage", "low", 3),
        }
    else:
        assert found == {
            ("oversized-output", "medium", 1),
            ("missing-content", "low", 1),
            ("missing-usage", "low", 1),
        }


def test_the_prompt_that_forbids_parallel_calls_is_quoted(analysed):
    name, _, report = analysed
    if name != FILES[0]:
        pytest.skip("only in the airline runs")
    lookup = next(f for f in report.findings if f.detector == "one-by-one")
    assert "only make one tool call at a time" in lookup.root_cause
    assert any("only make one tool call at a time" in e.quote for e in lookup.evidence)
