from __future__ import annotations

import logging
import subprocess
import sys
from importlib.metadata import EntryPoint
from typing import Any

import pytest
from opentelemetry.trace import NoOpTracerProvider

from catalyst_sdk.errors import ConfigError
from catalyst_sdk.instrumentation import (
    ENTRY_POINT_GROUP,
    Instrumentor,
    InstrumentReport,
    instrument_installed,
    uninstrument,
)
from catalyst_sdk.instrumentation.testing import SpanCollector


class Present(Instrumentor):
    module = "json_not_imported"
    requires = ("wrapt>=1",)


class TooOld(Instrumentor):
    module = "wrapt"
    requires = ("wrapt>=9999",)


class Absent(Instrumentor):
    module = "nowhere"
    requires = ("no-such-distribution-anywhere>=1",)


@pytest.fixture(autouse=True)
def _found(monkeypatch: pytest.MonkeyPatch) -> Any:
    classes = {"lang-chain": Present, "old": TooOld, "absent": Absent, "broken": None}

    class Entry:
        def __init__(self, name: str) -> None:
            self.name = name

        def load(self) -> Any:
            if classes[self.name] is None:
                raise ImportError("half a package")
            return classes[self.name]

    def entries(*, group: str) -> list[Any]:
        assert group == ENTRY_POINT_GROUP == "catalyst_instrumentor"
        return [Entry(name) for name in classes]

    monkeypatch.setattr("catalyst_sdk.instrumentation._discovery.entry_points", entries)
    yield
    uninstrument(["lang-chain"])


def test_what_is_not_instrumented_is_reported_with_the_reason() -> None:
    report = instrument_installed(NoOpTracerProvider())
    assert report.instrumented == ["lang-chain"]
    assert set(report.skipped) == {"absent", "broken", "old"}
    assert report.skipped["absent"] == "not installed"
    assert report.skipped["broken"] == "failed to load: ImportError('half a package')"
    assert report.skipped["old"].endswith("is outside of wrapt>=9999")


def test_it_is_quiet_on_its_own_and_loud_when_asked_by_name(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    instrument_installed(NoOpTracerProvider(), only=["lang-chain"])
    assert caplog.records == []
    instrument_installed(NoOpTracerProvider(), only=["absent"])
    assert [r.getMessage() for r in caplog.records] == [
        "integration 'absent' is off: not installed"
    ]


def test_only_what_is_named_is_instrumented_however_it_is_spelled() -> None:
    report = instrument_installed(NoOpTracerProvider(), only=["lang_chain"])
    assert report == InstrumentReport(instrumented=["lang-chain"], skipped={})


def test_an_unknown_name_is_refused_with_a_suggestion() -> None:
    with pytest.raises(ConfigError, match="no integration named 'langchian'") as raised:
        instrument_installed(NoOpTracerProvider(), only=["langchian"])
    assert raised.value.hint == "Did you mean 'lang-chain'?"
    with pytest.raises(ConfigError) as raised:
        instrument_installed(NoOpTracerProvider(), only=["zzz"])
    assert raised.value.hint == "Known: absent, broken, lang-chain, old."


def test_options_reach_the_instrumentor() -> None:
    instrument_installed(NoOpTracerProvider(), only=["lang-chain"], capture_content=False)
    assert Present().options == {"capture_content": False}


def test_instrumenting_twice_reports_the_same_and_adds_one_processor() -> None:
    spans = SpanCollector()
    processors = spans.provider._active_span_processor._span_processors
    first = instrument_installed(spans.provider)
    added = len(spans.provider._active_span_processor._span_processors) - len(processors)
    assert instrument_installed(spans.provider) == first
    assert added == 1
    assert len(spans.provider._active_span_processor._span_processors) == len(processors) + 1


def test_uninstrumenting_what_is_off_is_quiet(caplog: pytest.LogCaptureFixture) -> None:
    uninstrument(["lang-chain"])
    assert caplog.records == []


def test_no_library_is_imported_by_discovery() -> None:
    code = (
        "import sys\n"
        "from opentelemetry.sdk.trace import TracerProvider\n"
        "from catalyst_sdk.instrumentation import instrument_installed\n"
        "report = instrument_installed(TracerProvider())\n"
        "assert 'openai' in report.instrumented, report\n"
        "loaded = {name.partition('.')[0] for name in sys.modules}\n"
        "assert not loaded & {'openai', 'anthropic', 'langchain_core', 'langgraph', 'httpx2'}\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


def test_the_launcher_of_opentelemetry_finds_the_same_classes() -> None:
    from importlib.metadata import entry_points

    ours = {entry.value for entry in _own(entry_points(group=ENTRY_POINT_GROUP))}
    theirs = {entry.value for entry in _own(entry_points(group="opentelemetry_instrumentor"))}
    assert ours == theirs != set()


def _own(entries: Any) -> list[EntryPoint]:
    return [entry for entry in entries if entry.value.startswith("catalyst_integrations.")]
