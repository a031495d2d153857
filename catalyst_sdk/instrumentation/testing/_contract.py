"""What must hold of every instrumentor, whoever wrote it."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, ClassVar, cast

import pytest
from opentelemetry import context as otel
from opentelemetry.instrumentation.utils import suppress_instrumentation
from opentelemetry.sdk.trace import Span, SpanProcessor

from catalyst_sdk.instrumentation._instrumentor import Instrumentor
from catalyst_sdk.instrumentation.testing._spans import SpanCollector

_SEEN_BY_PROCESSORS = otel.create_key("contract-context")


class InstrumentorContract:
    """Subclass it as `TestSomething`, name the *instrumentor*, and say how to call the library.

    The library is imported by the test module; `call` makes one traced call and returns its
    result, `failing_call` one that raises. Both may take fixtures through attributes set by an
    autouse fixture of the subclass.
    """

    instrumentor: ClassVar[type[Instrumentor]]
    spans_a_call: ClassVar[int] = 1
    calls_for_memory: ClassVar[int] = 300

    def call(self) -> Any:
        """Make one call that succeeds."""
        raise AssertionError("the subclass says how to call the library")

    def failing_call(self) -> Any:
        """Make one call that raises."""
        raise AssertionError("the subclass says how to make a call fail")

    @pytest.fixture
    def spans(self) -> Iterator[SpanCollector]:
        """Collects what the instrumentor, on for this test, produces."""
        collector = SpanCollector()
        instrumentor = self.instrumentor()
        instrumentor.instrument(tracer_provider=collector.provider)
        yield collector
        if instrumentor.is_instrumented_by_opentelemetry:
            instrumentor.uninstrument()
        collector.provider.shutdown()

    def test_a_call_gives_exactly_its_spans(self, spans: SpanCollector) -> None:
        self.call()
        assert len(spans.settled()) == self.spans_a_call

    def test_a_failing_call_raises_the_same_error_and_gives_an_error_span(
        self, spans: SpanCollector
    ) -> None:
        self.instrumentor().uninstrument()
        with pytest.raises(Exception) as without:  # noqa: PT011 - compared below
            self.failing_call()
        self.instrumentor().instrument(tracer_provider=spans.provider)
        with pytest.raises(type(without.value)) as traced:
            self.failing_call()
        assert str(traced.value) == str(without.value)
        assert any(not span.status.is_ok for span in spans.settled())

    def test_the_result_is_of_the_same_type_as_without(self, spans: SpanCollector) -> None:
        traced = self.call()
        self.instrumentor().uninstrument()
        assert type(traced) is type(self.call())

    def test_uninstrumenting_restores_every_attribute(self) -> None:
        collector = SpanCollector()
        before = _module_state(self.instrumentor.module)
        self.instrumentor().instrument(tracer_provider=collector.provider)
        self.instrumentor().uninstrument()
        after = _module_state(self.instrumentor.module)
        assert [name for name, held in before.items() if after.get(name) != held] == []
        self.call()
        assert collector.settled() == []

    def test_instrumenting_again_with_another_provider_does_not_double(
        self, spans: SpanCollector
    ) -> None:
        other = SpanCollector()
        self.instrumentor().instrument(tracer_provider=other.provider)
        self.call()
        assert len(spans.settled()) == self.spans_a_call
        assert other.settled() == []

    def test_processors_see_the_callers_context(self, spans: SpanCollector) -> None:
        """Agent, session and user reach a span through the context it starts in."""
        seen: list[object] = []
        spans.provider.add_span_processor(_ContextReader(seen))
        token = otel.attach(otel.set_value(_SEEN_BY_PROCESSORS, "agent"))
        try:
            self.call()
        finally:
            otel.detach(token)
        assert seen == ["agent"] * self.spans_a_call

    def test_the_context_is_the_same_after_a_call(self, spans: SpanCollector) -> None:
        before = otel.get_current()
        self.call()
        assert otel.get_current() == before

    def test_a_suppressed_call_gives_no_span(self, spans: SpanCollector) -> None:
        with suppress_instrumentation():
            self.call()
        assert spans.settled() == []

    def test_a_raising_span_processor_does_not_reach_the_program(
        self, spans: SpanCollector
    ) -> None:
        spans.provider.add_span_processor(_RaisingProcessor())
        assert self.call() is not None

    def test_calls_leave_nothing_behind(self, spans: SpanCollector) -> None:
        self._call_and_forget(spans, self.calls_for_memory // 3)
        before = self._objects()
        self._call_and_forget(spans, self.calls_for_memory)
        grown = self._objects() - before
        assert grown < self.calls_for_memory / 3, f"{grown} more objects"

    def test_instrumenting_does_not_import_the_library(self) -> None:
        defined = f"from {self.instrumentor.__module__} import {self.instrumentor.__name__} as I"
        check = (
            f"import sys; I().instrument(); assert {self.instrumentor.module!r} not in sys.modules"
        )
        done = subprocess.run(
            [sys.executable, "-c", f"{defined}; {check}"], capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()

    def _call_and_forget(self, spans: SpanCollector, times: int) -> None:
        for _ in range(times):
            self.call()
        spans.settled()
        spans.clear()

    def _objects(self) -> int:
        gc.collect()
        return len(gc.get_objects())


class _ContextReader(SpanProcessor):
    def __init__(self, seen: list[object]) -> None:
        self._seen = seen

    def on_start(self, span: Span, parent_context: otel.Context | None = None) -> None:
        self._seen.append(otel.get_value(_SEEN_BY_PROCESSORS, parent_context))


class _RaisingProcessor(SpanProcessor):
    def on_end(self, span: Any) -> None:
        raise RuntimeError("a processor of the host's raises")


def _module_state(package: str) -> dict[str, int]:
    """The identity of every attribute of every class and module of *package* imported.

    Reads dictionaries only: some packages import themselves when looked at.
    """
    state: dict[str, int] = {}
    for name, module in list(sys.modules.items()):
        if name != package and not name.startswith(f"{package}."):
            continue
        for attribute, value in list(vars(module).items()):
            state[f"{name}.{attribute}"] = id(value)
            is_class = issubclass(type(value), type)
            members = cast("dict[str, object]", vars(value) if is_class else {})
            if members.get("__module__") == name:
                for member, held in list(members.items()):
                    state[f"{name}.{attribute}.{member}"] = id(held)
    return state
