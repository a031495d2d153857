"""One problem makes one finding, or findings that name each other."""

from __future__ import annotations

from catalyst_sdk import halo
from halo.planted import Traces, healthy_run


def findings(traces, path):
    return {f.detector: f for f in halo.detect(traces.write(path / "t.jsonl"))}


def population(spoil, *, runs=40, every=3):
    traces = Traces(4)
    for number in range(runs):
        run = healthy_run(traces)
        if number % every == 0:
            spoil(run, number)
        run.answer()
    return traces


def test_a_repeated_mistake_within_a_storm_is_told_as_the_storm(tmp_path):
    def spoil(run, number):
        for _attempt in range(5):
            run.ask("check_refund", {"order_id": run.number}, error="reason is required")

    found = findings(population(spoil), tmp_path)
    assert "same-mistake" not in found
    assert found["retry-storm"].merged == ["same-mistake"]
    assert found["retry-storm"].id in found["failing-tool"].related


def test_repeats_within_a_circle_are_told_as_the_circle(tmp_path):
    def spoil(run, number):
        for _round in range(3):
            run.ask("search_products", {"text": run.number, "limit": 1}, {"see": "refund"})
            run.ask("check_refund", {"order_id": run.number, "reason": "x"}, {"see": "search"})

    found = findings(population(spoil), tmp_path)
    assert "repeated-call" not in found
    assert "repeated-call" in found["alternating-loop"].merged


def test_a_tool_that_only_times_out_is_told_as_the_timeout(tmp_path):
    def spoil(run, number):
        error = f"request {number} timed out"
        run.ask("check_refund", {"order_id": run.number}, error=error, seconds=20)

    found = findings(population(spoil), tmp_path)
    assert "failing-tool" not in found
    assert "failing-tool" in found["timeout"].merged


def test_a_tool_with_many_reasons_absorbs_the_small_ones(tmp_path):
    reasons = ("no fare for {n}", "seats are gone on {n}", "card {n} is not accepted")

    def spoil(run, number):
        error = reasons[number % 3].format(n=run.number)
        run.ask("check_refund", {"order_id": run.number}, error=error)
        run.ask("check_refund", {"order_id": run.number, "reason": "b"}, {"ok": number})

    found = findings(population(spoil, every=2), tmp_path)
    assert "recovered-error" not in found
    assert "recovered-error" in found["failing-tool"].merged


def test_merged_findings_do_not_add_to_the_waste(tmp_path):
    def spoil(run, number):
        for _attempt in range(5):
            run.ask("check_refund", {"order_id": run.number}, error="reason is required")

    path = population(spoil).write(tmp_path / "t.jsonl")
    report = halo.run(path)
    storm = next(f for f in report.findings if f.detector == "retry-storm")
    tool = next(f for f in report.findings if f.detector == "failing-tool")
    assert storm.impact.wasted_tokens < tool.impact.wasted_tokens == report.waste.tokens
