"""The contract suite on an instrumentor of a third party's, and on ones that break it."""

from __future__ import annotations

import contextlib
import importlib
from typing import Any, ClassVar

import pytest
from opentelemetry.trace import Tracer

from catalyst_sdk.instrumentation import Instrumentor
from catalyst_sdk.instrumentation.testing import InstrumentorContract, SpanCollector


class FractionInstrumentor(Instrumentor):
    module = "fractions"
    requires = ("wrapt>=1",)

    def wrappers(self, tracer: Tracer) -> Any:
        from opentelemetry.instrumentation.utils import is_instrumentation_enabled

        def traced(wrapped: Any, _instance: Any, args: Any, kwargs: Any) -> Any:
            if not is_instrumentation_enabled():
                return wrapped(*args, **kwargs)
            span = tracer.start_span("fraction")
            try:
                return wrapped(*args, **kwargs)
            except Exception as error:
                span.record_exception(error)
                span.set_status(_error())
                raise
            finally:
                with contextlib.suppress(Exception):
                    span.end()

        return {("fractions", "Fraction.limit_denominator"): traced}


def _error() -> Any:
    from opentelemetry.trace import Status, StatusCode

    return Status(StatusCode.ERROR)


class TestAThirdPartysInstrumentor(InstrumentorContract):
    instrumentor = FractionInstrumentor

    @pytest.fixture(autouse=True)
    def _library(self) -> None:
        self.fraction = importlib.import_module("fractions").Fraction(3, 7)

    def call(self) -> Any:
        return self.fraction.limit_denominator(5)

    def failing_call(self) -> Any:
        return self.fraction.limit_denominator(0)

    @pytest.mark.skip(reason="a test module cannot be imported by name")
    def test_instrumenting_does_not_import_the_library(self) -> None: ...


class _Doubling(FractionInstrumentor):
    """Makes two spans a call."""

    _instance = None

    def wrappers(self, tracer: Tracer) -> Any:
        def traced(wrapped: Any, _instance: Any, args: Any, kwargs: Any) -> Any:
            tracer.start_span("one").end()
            tracer.start_span("two").end()
            return wrapped(*args, **kwargs)

        return {("fractions", "Fraction.limit_denominator"): traced}


class _Leaking(FractionInstrumentor):
    """Keeps every result."""

    _instance = None
    kept: ClassVar[list[Any]] = []

    def wrappers(self, tracer: Tracer) -> Any:
        def traced(wrapped: Any, _instance: Any, args: Any, kwargs: Any) -> Any:
            tracer.start_span("one").end()
            self.kept.append([args])
            return wrapped(*args, **kwargs)

        return {("fractions", "Fraction.limit_denominator"): traced}


@pytest.mark.parametrize(
    ("broken", "test"),
    [
        (_Doubling, "test_a_call_gives_exactly_its_spans"),
        (_Doubling, "test_a_suppressed_call_gives_no_span"),
        (_Doubling, "test_a_raising_span_processor_does_not_reach_the_program"),
        (_Leaking, "test_calls_leave_nothing_behind"),
    ],
)
def test_an_instrumentor_that_breaks_the_contract_is_caught(
    broken: type[Instrumentor], test: str
) -> None:
    suite = TestAThirdPartysInstrumentor()
    suite.instrumentor = broken  # type: ignore[misc]
    suite.fraction = importlib.import_module("fractions").Fraction(3, 7)
    collector = SpanCollector()
    broken().instrument(tracer_provider=collector.provider)
    try:
        with pytest.raises((AssertionError, RuntimeError)):
            getattr(suite, test)(collector)
    finally:
        broken().uninstrument()
