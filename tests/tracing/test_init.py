"""`init` and its handle: what is set up, joined, refused, repeated and undone."""

from __future__ import annotations

import json
import logging

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import catalyst_sdk
from catalyst_sdk import agent_span, trace_span
from catalyst_sdk.errors import ConfigError

PRIVATE = {"set_global": False, "instrument": False}


def spans_of(path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_file_gets_every_span(tmp_path):
    path = tmp_path / "runs" / "traces.jsonl"
    init = catalyst_sdk.init("Refund agent", file=path, environment="test", **PRIVATE)
    with init, trace_span("work"):
        pass
    (line,) = spans_of(path)
    assert line["attributes"]["agent.name"] == "Refund agent"
    resource = line["resource"]["attributes"]
    assert resource["service.name"] == "refund-agent"
    assert resource["deployment.environment.name"] == "test"
    assert resource["telemetry.distro.name"] == "catalyst-sdk"


def test_the_service_is_named_by_whoever_says_so_first(start, monkeypatch):
    monkeypatch.setenv("OTEL_SERVICE_NAME", "from-otel")
    assert start("A").handle.provider.resource.attributes["service.name"] == "from-otel"
    catalyst_sdk.shutdown()
    monkeypatch.setenv("CATALYST_SERVICE_NAME", "from-catalyst")
    assert start("A").handle.provider.resource.attributes["service.name"] == "from-catalyst"
    catalyst_sdk.shutdown()
    handle = start("A", service_name="argument").handle
    assert handle.provider.resource.attributes["service.name"] == "argument"


def test_without_a_destination_spans_go_to_the_default_file_which_is_said_once(script):
    _, err = script.run(
        "import catalyst_sdk\n"
        "for _ in range(2):\n"
        "    catalyst_sdk.init(instrument=False)\n"
        "    with catalyst_sdk.trace_span('work'): pass\n"
        "    catalyst_sdk.shutdown()\n"
    )
    assert script.names(".catalyst/traces.jsonl") == ["work", "work"]
    assert err.count(".catalyst/traces.jsonl") == 1


def test_a_given_destination_makes_no_default_file(start, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    start()
    catalyst_sdk.shutdown()
    assert list(tmp_path.iterdir()) == []


def test_the_same_arguments_twice_are_one_init(tmp_path, caplog):
    first = catalyst_sdk.init("A", file=tmp_path / "a", **PRIVATE)
    again = catalyst_sdk.init("A", file=str(tmp_path / "a"), **PRIVATE)
    assert again is first
    assert caplog.records == []


def test_other_arguments_are_named_and_the_first_call_stands(tmp_path, caplog):
    first = catalyst_sdk.init("A", file=tmp_path / "a", **PRIVATE)
    again = catalyst_sdk.init("B", file=tmp_path / "a", debug=False, hooks=[print], **PRIVATE)
    assert again is first
    (record,) = caplog.records
    assert "another agent_name, hooks;" in record.getMessage()


def test_shutdown_makes_room_for_another_init(start):
    first = start("A")
    with trace_span("one"):
        pass
    catalyst_sdk.shutdown()
    catalyst_sdk.shutdown()
    second = start("B")
    with trace_span("two"):
        pass
    assert second.one("two").attributes["agent.id"] == "b"
    assert [span.name for span in first._exporter.get_finished_spans()] == ["one"]


def test_the_old_handle_cannot_shut_down_the_new_init(start):
    old = start("A").handle
    old.shutdown()
    new = start("B")
    old.shutdown()
    with trace_span("still here"):
        pass
    assert new.names() == ["still here"]


def test_leaving_the_handle_shuts_down(tmp_path):
    with catalyst_sdk.init(file=tmp_path / "a", **PRIVATE) as handle:
        assert isinstance(handle.provider, TracerProvider)
        assert handle.instrumented == []
    with trace_span("after"):
        pass
    assert not (tmp_path / "a").exists() or spans_of(tmp_path / "a") == []


@pytest.mark.parametrize(
    "arguments",
    [
        {"sample_rate": 7},
        {"protocol": "carrier pigeon"},
        {"exporters": ["traces.jsonl"]},
        {"endpoint": "ftp://nowhere"},
        {"instrument": ["opnai"]},
        {"redact": "["},
    ],
    ids=lambda arguments: next(iter(arguments)),
)
def test_a_wrong_argument_raises_and_leaves_nothing_turned_on(arguments):
    with pytest.raises(ConfigError):
        catalyst_sdk.init(**{"set_global": False, "instrument": False, **arguments})
    assert catalyst_sdk.flush() is True
    assert catalyst_sdk._init.in_force() is None


def test_wrong_variables_do_not_stop_the_program(monkeypatch, caplog, start):
    monkeypatch.setenv("CATALYST_INSTRUMENT", "opnai")
    monkeypatch.setenv("CATALYST_ENDPOINT", "ftp://nowhere")
    monkeypatch.setenv("CATALYST_REDACT", "[")
    traced = start(instrument=None)
    with trace_span("work") as span:
        span.set_input("secret")
    assert "input.value" not in traced.one().attributes
    assert len(caplog.records) == 3


def test_tracing_can_be_disabled(monkeypatch, start):
    monkeypatch.setenv("CATALYST_DISABLED", "1")
    traced = start("A")
    with agent_span("B"), trace_span("work") as span:
        assert not span.is_recording()
    assert traced.spans == []
    assert traced.handle.flush()


def test_content_can_be_left_out_and_exceptions_stay(start):
    traced = start(capture_content=False)

    @trace_span
    def work(secret: str) -> str:
        raise ValueError("bad order")

    with pytest.raises(ValueError, match="bad order"):
        work("s3cr3t")
    with trace_span("manual") as span:
        span.set_input("s3cr3t")
        span.otel.set_attribute("input.value", "s3cr3t")
    assert "s3cr3t" not in "".join(span.to_json() for span in traced.spans if not span.events)
    assert traced.one("work").events[0].attributes["exception.message"] == "bad order"


def test_redaction_and_truncation_reach_the_exporters(start):
    traced = start(redact=["emails"], max_content_chars=20)
    with trace_span("mail ann@example.org") as span:
        span.set_input("from bob@example.org")
        span.set_output("y" * 1000)
    shown = traced.one().to_json()
    assert "@example.org" not in shown
    assert "y" * 21 not in shown


@pytest.mark.parametrize("joined", [False, True])
def test_sampling_keeps_whole_traces(start, joined):
    traced = start(sample_rate=0.3, provider=TracerProvider() if joined else None)
    for _ in range(200):
        with trace_span("root"), trace_span("child"):
            pass
    spans = traced.spans
    roots = {span.context.trace_id for span in spans if span.parent is None}
    children = {span.context.trace_id for span in spans if span.parent is not None}
    assert roots == children
    assert 20 < len(roots) < 110


def test_a_private_provider_stays_private(start):
    provider = TracerProvider()
    traced = start("A", provider=provider)
    trace.get_tracer("global").start_span("global").end()
    provider.get_tracer("private").start_span("private").end()
    with trace_span("ours"):
        pass
    assert traced.names() == ["private", "ours"]
    assert traced.one("private").attributes["agent.id"] == "a"


def test_a_joined_provider_goes_on_after_shutdown_without_us(start):
    theirs, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(theirs))
    for _ in range(3):
        traced = start(provider=provider)
        with trace_span("work"):
            pass
        assert traced.names() == ["work"]
        catalyst_sdk.shutdown()
    provider.get_tracer("x").start_span("later").end()
    assert [span.name for span in theirs.get_finished_spans()] == ["work"] * 3 + ["later"]
    assert len(provider._active_span_processor._span_processors) == 2


def test_an_existing_global_provider_is_joined_and_its_endpoint_not_taken_twice(script):
    out, _ = script.run(
        "from opentelemetry import trace\n"
        "from opentelemetry.sdk.trace import TracerProvider\n"
        "provider = TracerProvider(); trace.set_tracer_provider(provider)\n"
        "import catalyst_sdk\n"
        "handle = catalyst_sdk.init('A', file='traces.jsonl', instrument=False)\n"
        "print(handle.provider is provider, trace.get_tracer_provider() is provider)\n"
        "print(handle.request.settings.endpoint)\n"
        "trace.get_tracer('x').start_span('theirs').end()\n",
        OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9",
    )
    assert out.split() == ["True", "True", "None"]
    (line,) = script.lines()
    assert (line["name"], line["attributes"]["agent.id"]) == ("theirs", "a")


def test_the_global_provider_is_ours_when_there_is_none_also_after_shutdown(script):
    out, err = script.run(
        "from opentelemetry import trace\n"
        "early = trace.get_tracer('made before init')\n"
        "import catalyst_sdk\n"
        "def traces(name):\n"
        "    with catalyst_sdk.trace_span(name):\n"
        "        early.start_span('theirs in ' + name).end()\n"
        "first = catalyst_sdk.init('A', file='a.jsonl', instrument=False)\n"
        "print(trace.get_tracer_provider() is first.provider)\n"
        "traces('one'); catalyst_sdk.shutdown()\n"
        "same = catalyst_sdk.init('A', file='b.jsonl', instrument=False)\n"
        "print(same.provider is first.provider)\n"
        "traces('two'); catalyst_sdk.shutdown()\n"
        "other = catalyst_sdk.init('B', file='c.jsonl', sample_rate=1.0, instrument=False)\n"
        "print(other.provider is first.provider)\n"
        "traces('three')\n"
    )
    assert out.split() == ["True", "True", "False"]
    assert err == ""
    assert script.names("a.jsonl") == ["one", "theirs in one"]
    assert script.names("b.jsonl") == ["theirs in two", "two"]
    assert script.names("c.jsonl") == ["theirs in three", "three"]
    service = {
        line["name"]: line["resource"]["attributes"]["service.name"]
        for line in script.lines("c.jsonl")
    }
    assert service["three"] == "b"


def test_what_the_program_added_to_our_provider_is_shut_down_with_it(start):
    traced = start()
    theirs = InMemorySpanExporter()
    traced.handle.provider.add_span_processor(SimpleSpanProcessor(theirs))
    with trace_span("work"):
        pass
    assert [span.name for span in theirs.get_finished_spans()] == ["work"]
    catalyst_sdk.shutdown()
    assert theirs._stopped


def test_an_exporter_that_fails_is_said_once_and_flush_tells(start, caplog):
    class Broken(InMemorySpanExporter):
        def export(self, spans):
            raise RuntimeError("disk on fire")

    handle = catalyst_sdk.init(exporters=[Broken()], **PRIVATE)
    for _ in range(3):
        with trace_span("work"):
            pass
        assert handle.flush() is False
    assert len([r for r in caplog.records if "disk on fire" in r.getMessage()]) == 1


def test_debug_logs_and_shows_spans_on_stderr(script):
    _, err = script.run(
        "import catalyst_sdk\n"
        "catalyst_sdk.init('A', file='traces.jsonl', debug=True, instrument=False)\n"
        "with catalyst_sdk.trace_span('visible step'): pass\n"
    )
    assert "visible step" in err
    assert "instrumented" in err


def test_the_default_file_is_logged_where_a_log_is_read(
    start, tmp_path, monkeypatch, caplog, capsys
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(catalyst_sdk._init._build, "_announced", set())
    with caplog.at_level(logging.INFO, logger="catalyst_sdk"):
        catalyst_sdk.init(**PRIVATE)
    assert "traces.jsonl" in caplog.text
    assert capsys.readouterr().err == ""
