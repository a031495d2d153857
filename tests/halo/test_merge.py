"""One problem makes one finding, or findings that name each other."""

from __future__ import annotations

from catalyst_sdk import halo
from halo.planted import Traces, healthy_run

INVOLVED = (
    *("timeout", "failing-tool", "recovered-error"),
    *("retry-storm", "same-mistake", "alternating-loop", "repeated-call"),
    *("step-limit", "no-answer"),
)


def findings(traces, path):
    found = halo.detect(traces.write(path / "t.jsonl"), detectors=INVOLVED)
    return {finding.detector: finding for finding in found}


def population(spoil, *, runs=40, every=3, ends=True):
    traces = Traces(4)
    for number in range(runs):
        run = healthy_run(traces)
        bad = number % every == 0
        if bad:
            spoil(run, number)
        run.end("") if bad and not ends else run.answer()
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
    report = halo.run(path, detectors=INVOLVED)
    storm = next(f for f in report.findings if f.detector == "retry-storm")
    tool = next(f for f in report.findings if f.detector == "failing-tool")
    assert storm.impact.wasted_tokens < tool.impact.wasted_tokens == report.waste.tokens


def test_silence_that_a_turn_limit_explains_is_told_as_the_limit(tmp_path):
    def spoil(run, number):
        for turn in range(14 - sum(1 for m in run.history if m["role"] == "assistant")):
            run.ask("search_products", {"text": f"{number} {turn}", "limit": 1}, [number, turn])
        run.llm("", [("search_products", {"text": "one more", "limit": 1})])

    found = findings(population(spoil, ends=False), tmp_path)
    assert "no-answer" not in found
    assert found["step-limit"].merged == ["no-answer"]
    assert found["step-limit"].severity == "critical"
