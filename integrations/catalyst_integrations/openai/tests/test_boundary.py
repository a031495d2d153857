"""Whatever fails on our side, the program gets what it would have got, and one line is logged."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter

import catalyst_sdk
from catalyst_integrations.openai import _chat
from catalyst_sdk import semconv
from catalyst_sdk.instrumentation._boundary import forget_failures
from catalyst_sdk.instrumentation.testing import (
    ProviderServer,
    SpanCollector,
    attributes_of,
    json_reply,
    sse_reply,
)
from catalyst_sdk.instrumentation.testing.openai_wire import chat_chunks, chat_completion

OURS = ("catalyst_sdk.instrumentation.llm", "catalyst_sdk.instrumentation.stainless")
OURS += ("catalyst_integrations", "opentelemetry", "openai._")
ASKED: Any = {"model": "gpt-test", "messages": [{"role": "user", "content": "Hi"}]}


@pytest.fixture(autouse=True)
def _every_failure_is_new() -> None:
    forget_failures()


def _break(*_args: Any, **_kwargs: Any) -> Any:
    raise RuntimeError("broken on purpose")


def _lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.name.startswith("catalyst_sdk")]


@pytest.mark.parametrize("part", ["parameters", "content", "answer"])
def test_a_reader_that_fails_costs_attributes_only(
    api: Any,
    server: ProviderServer,
    spans: SpanCollector,
    part: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    object.__setattr__(_chat.ENDPOINT, part, kept := _Restore(_chat.ENDPOINT, part))
    try:
        for _ in range(3):
            server.script(json_reply(chat_completion()))
            answer = api.run(lambda c: c.chat.completions.create(**ASKED))
            assert answer.choices[0].message.content == "Hello."
    finally:
        kept.restore()
    assert len(spans.settled()) == 3
    assert len(_lines(caplog)) == 1


class _Restore:
    """Stands in for a part of an endpoint, and raises."""

    def __init__(self, owner: Any, name: str) -> None:
        self._owner, self._name, self._original = owner, name, getattr(owner, name)

    def __call__(self, _value: Any) -> Any:
        raise RuntimeError("broken on purpose")

    def restore(self) -> None:
        object.__setattr__(self._owner, self._name, self._original)


def test_a_chunk_that_cannot_be_read_is_the_users_all_the_same(
    api: Any,
    server: ProviderServer,
    spans: SpanCollector,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(_chat.ChatReader, "__call__", _break)
    server.script(sse_reply(chat_chunks()))
    stream = api.run(lambda c: c.chat.completions.create(**ASKED, stream=True))
    assert len(api.take(stream)) == len(list(chat_chunks()))
    assert attributes_of(spans.only())[semconv.LLM_STREAM_OUTCOME] == "complete"
    assert len(_lines(caplog)) == 1


def test_a_tracer_that_fails_leaves_the_call_untraced(
    api: Any,
    server: ProviderServer,
    spans: SpanCollector,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("opentelemetry.sdk.trace.Tracer.start_span", _break)
    for _ in range(3):
        server.script(json_reply(chat_completion()))
        api.run(lambda c: c.chat.completions.create(**ASKED))
    assert spans.settled() == []
    assert len(_lines(caplog)) == 1


def test_what_we_cannot_encode_is_named(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    class Text(str):
        __slots__ = ()

    asked = {**ASKED, "user": Text("ann"), "seed": 2**70}
    server.script(json_reply(chat_completion()))
    api.run(lambda c: c.chat.completions.create(**asked))
    parameters = attributes_of(spans.only())[semconv.LLM_INVOCATION_PARAMETERS]
    assert parameters == {"user": "ann", "seed": 2**70}


def test_what_nobody_can_encode_is_the_sdks_error(api: Any, spans: SpanCollector) -> None:
    asked = {**ASKED, "messages": [{"role": "user", "content": object()}]}
    with pytest.raises(TypeError, match="JSON serializable"):
        api.run(lambda c: c.chat.completions.create(**asked))
    messages = attributes_of(spans.only())[semconv.LLM_INPUT_MESSAGES]
    assert messages == [{"role": "user", "content": "<object>"}]


class _RaisingExporter(SpanExporter):
    def export(self, spans: Any) -> Any:
        raise RuntimeError("broken on purpose")

    def shutdown(self) -> None:
        raise RuntimeError("broken on purpose")


def test_failing_exporter_redactor_and_hook_leave_the_call_alone(
    server: ProviderServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    handle = catalyst_sdk.init(
        file=tmp_path / "traces.jsonl",
        exporters=[_RaisingExporter()],
        redact=_break,
        hooks=[_break],
        provider=TracerProvider(shutdown_on_exit=False),
        instrument=["openai"],
    )
    with openai.OpenAI(api_key="test", base_url=f"{server.url}/v1") as client:
        for _ in range(3):
            server.script(json_reply(chat_completion()))
            answer = client.chat.completions.create(**ASKED)
            assert answer.choices[0].message.content == "Hello."
    handle.shutdown()
    assert len((tmp_path / "traces.jsonl").read_text().splitlines()) == 3
    assert "Hi" not in (tmp_path / "traces.jsonl").read_text()


def test_a_span_that_is_not_sampled_costs_nothing_and_breaks_nothing(
    api: Any, server: ProviderServer
) -> None:
    from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

    from catalyst_integrations.openai import OpenAIInstrumentor

    collector = SpanCollector()
    provider = TracerProvider(sampler=ALWAYS_OFF, shutdown_on_exit=False)
    provider.add_span_processor(collector)
    OpenAIInstrumentor().instrument(tracer_provider=provider)
    try:
        server.script(sse_reply(chat_chunks()), json_reply(chat_completion()))
        stream = api.run(lambda c: c.chat.completions.create(**ASKED, stream=True))
        assert len(api.take(stream)) == len(list(chat_chunks()))
        api.run(lambda c: c.chat.completions.create(**ASKED))
    finally:
        OpenAIInstrumentor().uninstrument()
    assert collector.ended == []


@pytest.fixture
def collected_when_told() -> Iterator[None]:
    """A dropped stream collected inside its pool's lock deadlocks httpcore 1.0, traced or not."""
    gc.disable()
    gc.freeze()  # what is there already need not be searched each time
    yield
    gc.unfreeze()
    gc.enable()


@pytest.mark.usefixtures("collected_when_told")
def test_streams_in_every_state_leave_nothing_behind(
    server: ProviderServer, spans: SpanCollector
) -> None:
    with openai.OpenAI(api_key="test", base_url=f"{server.url}/v1") as client:

        def use(times: int) -> int:
            for number in range(times):
                server.script(sse_reply(chat_chunks()))
                server.received.clear()
                stream = client.chat.completions.create(**ASKED, stream=True)
                next(stream)
                if number % 3 == 0:
                    list(stream)
                elif number % 3 == 1:
                    stream.close()
                del stream
                gc.collect()
            spans.settled()
            spans.clear()
            gc.collect()
            return sum(str(type(held).__module__).startswith(OURS) for held in gc.get_objects())

        use(30)
        before = use(30)
        assert use(120) - before < 30
