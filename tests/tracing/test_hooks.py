"""Hooks on span end: isolated, their findings told and noted, and an agent stopped when asked."""

from __future__ import annotations

import pytest
from opentelemetry import trace

from catalyst_sdk import agent_span, hooks, trace_span
from catalyst_sdk.errors import CatalystError
from catalyst_sdk.findings import Finding, Fix, Impact


def finding(title: str) -> Finding:
    return Finding(
        id="F1",
        fingerprint="f",
        title=title,
        category="tools",
        severity="high",
        confidence=1.0,
        summary="",
        root_cause="",
        impact=Impact(traces_affected=1, traces_total=1),
        fix=Fix(summary="", where="tool"),
        matcher="",
        detector="live.test",
    )


def test_a_hook_sees_each_span_as_it_ends_with_its_identity(start):
    seen = []
    start("A", hooks=[lambda span: seen.append((span.name, span.attributes["agent.id"]))])
    with trace_span("outer"), trace_span("inner"):
        assert seen == []
    assert seen == [("inner", "a"), ("outer", "a")]


def test_a_hook_that_raises_is_said_once_and_stops_nobody(start, caplog):
    seen = []

    def broken(span):
        raise RuntimeError("bug in a hook")

    traced = start(hooks=[broken, lambda span: seen.append(span.name)])
    for _ in range(3):
        with trace_span("work"):
            pass
    assert seen == ["work"] * 3
    assert len(traced.spans) == 3
    assert len(caplog.records) == 1
    assert "bug in a hook" in caplog.text


def test_findings_reach_the_callbacks_and_the_exported_span(start):
    def look(span):
        if span.name == "bad":
            return [finding("looping"), finding("expensive")]
        return finding("one") if span.name == "odd" else None

    traced = start(hooks=[look])
    told: list[str] = []

    def broken(found: Finding) -> None:
        raise RuntimeError("bug in a callback")

    undo = [hooks.on_finding(broken), hooks.on_finding(lambda found: told.append(found.title))]
    for name in ("good", "bad", "odd"):
        with trace_span(name):
            pass
    for call in (*undo, *undo):
        call()
    with trace_span("odd"):
        pass
    assert told == ["looping", "expensive", "one"]
    good, bad, *_ = traced.spans
    assert good.events == ()
    assert [event.name for event in bad.events] == ["catalyst.finding"] * 2
    assert dict(bad.events[0].attributes) == {
        "finding.id": "F1",
        "finding.title": "looping",
        "finding.severity": "high",
        "finding.detector": "live.test",
    }
    assert bad.attributes["openinference.span.kind"] == "CHAIN"


def test_what_is_no_finding_is_said_and_the_span_is_exported(start, caplog):
    traced = start(hooks=[lambda span: ["not a finding"]])
    with trace_span("work"):
        pass
    assert traced.names() == ["work"]
    assert len(caplog.records) == 1


def test_an_agent_is_stopped_at_its_next_instrumented_call_and_no_other_is(start):
    def stop_loops(span):
        if span.name == "tool" and span.attributes.get("loop"):
            hooks.request_stop(span.context.trace_id, "The same call three times.", finding("loop"))

    start(hooks=[stop_loops])
    calls = []

    @trace_span("tool")
    def tool(loop: bool) -> None:
        calls.append(loop)
        trace.get_current_span().set_attribute("loop", loop)

    with agent_span("Looper"):
        tool(loop=True)
        for _ in range(2):
            with pytest.raises(hooks.StopAgent, match="three times") as stopped:
                tool(loop=True)
    assert isinstance(stopped.value, CatalystError)
    assert stopped.value.finding is not None
    assert calls == [True]
    with agent_span("Another"):
        tool(loop=False)
    assert calls == [True, False]
    assert hooks._stops == {}


def test_stops_do_not_pile_up():
    for number in range(3000):
        hooks.request_stop(number, "x")
    assert len(hooks._stops) <= 1000
    hooks._stops.clear()
    hooks.check_stop()
