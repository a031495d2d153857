"""A run as a whole: what the report says, what it refuses, and that order does not matter."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalyst_sdk import halo
from catalyst_sdk.errors import BadInput, ConfigError, NotFound
from catalyst_sdk.findings import Report
from catalyst_sdk.halo import Candidate, Fix, recount
from catalyst_sdk.store import open_files
from halo.planted import Traces, healthy, healthy_run


def comparable(report: Report) -> object:
    """Everything but when it ran and how long it took."""
    text = json.loads(report.to_json())
    return {k: v for k, v in text.items() if k not in ("started_ns", "elapsed_s", "sources")}


def test_a_report_names_what_was_read_and_what_was_found(mixed_report):
    assert mixed_report.title == "shop-helper"
    assert mixed_report.method == "detectors only"
    assert mixed_report.totals.traces == 260
    assert mixed_report.citations_verified == mixed_report.citations_total > 15
    assert {f.detector for f in mixed_report.findings} >= {
        "timeout",
        "soft-error",
        "repeated-call",
        "cut-output",
        "oversized-output",
    }
    assert [line for line in mixed_report.not_looked_at if "failed" in line] == []


def test_findings_are_ranked_by_their_score(mixed_report):
    scores = [finding.score for finding in mixed_report.findings]
    assert scores == sorted(scores, reverse=True)
    assert len({finding.id for finding in mixed_report.findings}) == len(scores)


def test_the_summary_speaks_of_the_first_finding(mixed_report):
    first = mixed_report.findings[0]
    assert first.title[1:] in mixed_report.summary
    assert "260 runs" in mixed_report.summary


def test_waste_in_total_counts_each_span_once(mixed_report):
    each = [finding.impact.wasted_tokens for finding in mixed_report.findings]
    assert max(each) <= mixed_report.waste.tokens <= sum(each)
    assert mixed_report.waste.tokens < mixed_report.totals.prompt_tokens


def test_a_report_survives_json(mixed_report):
    assert Report.from_json(mixed_report.to_json()) == mixed_report


@settings(
    max_examples=2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 1_000_000))
def test_the_order_of_lines_changes_nothing(seed, mixed, mixed_report, tmp_path):
    shuffled = halo.run(mixed.write(tmp_path / "shuffled.jsonl", shuffle=seed))
    assert comparable(shuffled) == comparable(mixed_report)


def test_a_fingerprint_outlives_other_numbers_services_and_ids(tmp_path):
    names = []
    for seed, service, limit in ((1, "shop", 30), (2, "shop-v2-eu", 45)):
        traces = Traces(seed)
        for number in range(20):
            run = healthy_run(traces, service=service)
            if number % 2:
                error = f"lookup of {run.number} timed out after {limit}s"
                run.ask("check_refund", {"order_id": run.number}, error=error, seconds=limit)
            run.answer()
        path = traces.write(tmp_path / f"{seed}.jsonl")
        (found,) = halo.detect(path, detectors=["timeout"])
        names.append(found.fingerprint)
    assert names[0] == names[1]


def test_a_tiny_data_set_is_reported_with_little_confidence(tmp_path):
    traces = Traces(3)
    run = healthy_run(traces)
    run.ask("search_products", {"text": "all"}, "boot " * 20_000)
    run.answer()
    (found,) = halo.detect(traces.write(tmp_path / "one.jsonl"), detectors=["oversized-output"])
    assert found.confidence < 0.5
    assert found.severity in ("low", "medium")


def test_what_is_in_order_and_what_was_not_looked_at_is_said(healthy_store):
    report = halo.run(healthy_store)
    said = " ".join(report.healthy)
    assert "no timeouts" in said
    assert "no refusals" in said
    unseen = " ".join(report.not_looked_at)
    assert "abandoned-stream" in unseen
    assert "reasoning-heavy" in unseen
    assert "no span carries a cost" in unseen
    assert report.summary.endswith("no detector found anything to change.")


def test_a_detector_that_raises_costs_only_itself(healthy_store):
    @halo.detector("broken", category="tools", looks_for="Nothing.", needs=("1", "spans"))
    def broken(data):
        raise KeyError("no such column")

    @halo.detector("wrong-sql", category="tools", looks_for="Nothing.", needs=("nope = 1", "x"))
    def wrong_sql(data):
        yield from ()

    report = halo.run(healthy_store, detectors=["timeout", broken, wrong_sql])
    assert any("broken failed" in line and "KeyError" in line for line in report.not_looked_at)
    assert any("no timeouts" in line for line in report.healthy)


def test_a_local_detector_takes_part(healthy_store):
    @halo.detector(
        "all-runs", category="quality", looks_for="Every run.", needs=("kind = 'AGENT'", "runs")
    )
    def all_runs(data):
        yield Candidate(
            key=("all",),
            where="kind = 'AGENT'",
            title="Every run is a run",
            summary="All of them.",
            root_cause="They are.",
            fix=Fix(summary="Nothing.", where="infra"),
            harm="degrades",
        )

    report = halo.run(healthy_store, detectors=["*", all_runs])
    assert [(f.detector, f.severity) for f in report.findings] == [("all-runs", "high")]
    assert report.findings[0].impact.traces_affected == 80


def test_a_detector_can_be_given_other_limits(planted):
    store, _ = planted("oversized-output")
    (detector,) = halo.select(["oversized-output"])
    assert halo.detect(store, detectors=[detector.with_limits(bytes=10_000_000)]) == []
    with pytest.raises(ConfigError, match="no limit 'size'"):
        detector.with_limits(size=1)


def test_detectors_are_chosen_by_name_pattern_and_category():
    assert [d.name for d in halo.select(["retry-*"])] == ["retry-storm"]
    assert {d.category for d in halo.select(["tools"])} == {"tools"}
    with pytest.raises(ConfigError) as raised:
        halo.select(["retry-strom"])
    assert "retry-storm" in raised.value.hint


def test_the_data_can_be_narrowed(tmp_path):
    traces = healthy(5, runs=10)
    other = healthy_run(traces, agent="clerk")
    other.answer()
    path = traces.write(tmp_path / "two.jsonl")
    assert halo.run(path, agent="clerk", detectors=["timeout"]).totals.traces == 1
    some = halo.run(path, filter="tool:check_refund", detectors=["timeout"])
    assert 0 < some.totals.traces < 10
    last = halo.run(path, window="3m", detectors=["timeout"])
    assert 0 < last.totals.traces < 11
    assert last.window == "3m"


def test_progress_is_told_until_it_is_done(healthy_store):
    told = []
    halo.run(healthy_store, detectors=["tools"], on_progress=lambda *step: told.append(step))
    assert told[-1][0] == "detect"
    assert told[-1][1] == told[-1][2] > 5


def test_a_model_is_refused_honestly(healthy_store):
    with pytest.raises(ConfigError, match="detectors only"):
        halo.run(healthy_store, model="openai:gpt-5")
    with pytest.raises(ConfigError, match="detectors only"):
        halo.run(healthy_store, prompt="why?")


def test_bad_lines_are_counted_and_the_rest_is_analysed(tmp_path):
    path = healthy(5, runs=12).write(tmp_path / "torn.jsonl")
    with path.open("a") as file:
        file.write('{"trace_id": "half\n')
    report = halo.run(path)
    assert report.bad_line_count == 1
    assert report.totals.traces == 12


def test_nothing_to_read_is_said_in_one_sentence(tmp_path: Path):
    with pytest.raises(NotFound):
        halo.run(tmp_path / "absent.jsonl")
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    with pytest.raises(BadInput):
        halo.run(empty)


def test_a_narrowing_that_keeps_nothing_gives_an_empty_report(healthy_store):
    report = halo.run(healthy_store, agent="nobody")
    assert report.totals.traces == 0
    assert report.findings == []
    assert report.summary


NASTY = "it's a \\ `tool`\n\t\"x\" {{y}} %s \x1b[31m\u202e 工具 */ -- ; ' OR 1=1"


@pytest.mark.parametrize("flaw", ["timeout", "soft", "storm", "big"])
def test_names_and_messages_of_any_kind_are_data(flaw, tmp_path):
    traces = Traces(9)
    for number in range(24):
        run = healthy_run(traces, agent=NASTY)
        if number % 2:
            for _call in range(4):
                run.tool(
                    NASTY,
                    {"q": NASTY},
                    "boot " * 9000
                    if flaw == "big"
                    else {"success": False, "error": NASTY}
                    if flaw == "soft"
                    else [NASTY],
                    error=f"{NASTY} timed out"
                    if flaw == "timeout"
                    else NASTY
                    if flaw == "storm"
                    else "",
                )
        run.answer()
    with open_files([traces.write(tmp_path / "nasty.jsonl")]) as store:
        report = halo.run(store, detectors=["reliability", "tools"])
        assert [line for line in report.not_looked_at if "failed" in line] == []
        assert report.citations_verified == report.citations_total > 0
        for finding in report.findings:
            assert recount(store, finding.matcher) == sorted(finding.trace_ids)
            assert "\x1b" not in finding.title + finding.summary
    for render in (halo.render_terminal, halo.render_markdown, halo.render_html):
        assert not set(render(report)) & set("\x1b\u202e")
