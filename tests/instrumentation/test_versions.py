"""What an integration does about a library whose versions differ."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest
import wrapt
from opentelemetry.trace import Tracer

from catalyst_sdk.instrumentation.testing import SpanCollector, span_tree


@pytest.fixture
def optional(oracle: Any) -> Any:
    """Wraps what the library has of `optional_paths`, by the wrapper of `paths`."""

    class Optional(type(oracle)):
        """As written for several versions."""

        _instance = None
        optional_paths: Any = ()

        def optional_wrappers(self, tracer: Tracer) -> Any:
            wrapper = next(iter(self.wrappers(tracer).values()))
            return dict.fromkeys(self.optional_paths, wrapper)

        def wrappers(self, tracer: Tracer) -> Any:
            self._made = getattr(self, "_made", None) or super().wrappers(tracer)
            return self._made

    instrumentor = Optional()
    yield instrumentor
    if instrumentor.is_instrumented_by_opentelemetry:
        instrumentor.uninstrument()


def test_what_a_version_does_not_have_is_passed_over(
    optional: Any, spans: SpanCollector, caplog: pytest.LogCaptureFixture
) -> None:
    optional.optional_paths = (
        ("oracle", "Client.gone"),
        ("oracle", "helper"),
        ("oracle.extra", "gone"),
    )
    optional.instrument(tracer_provider=spans.provider)
    library = importlib.import_module("oracle")
    importlib.import_module("oracle.extra")
    library.Client().call()
    library.helper("x")
    assert [span.name for span in spans.settled()] == ["call", "helper"]
    assert caplog.records == []


@pytest.mark.parametrize("imported_before", [False, True])
def test_a_function_imported_by_name_elsewhere_is_traced_once_and_put_back(
    optional: Any, spans: SpanCollector, imported_before: bool, library: str
) -> None:
    package = importlib.import_module(library).__path__[0]
    (Path(package) / "copy.py").write_text("from oracle import helper\n")
    if not imported_before:
        for name in [name for name in sys.modules if name.partition(".")[0] == library]:
            del sys.modules[name]
    else:
        importlib.import_module("oracle.copy")
    optional.paths = (("oracle", "helper"),)
    optional.optional_paths = (("oracle.copy", "helper"),)
    optional.instrument(tracer_provider=spans.provider)
    home, copy = importlib.import_module("oracle"), importlib.import_module("oracle.copy")
    assert (home.helper("x"), copy.helper("y")) == ("helped x", "helped y")
    assert [span.name for span in spans.settled()] == ["helper", "helper"]
    optional.uninstrument()
    assert home.helper is copy.helper
    assert not isinstance(copy.helper, wrapt.FunctionWrapper)


def test_the_scope_of_spans_may_be_named(oracle: Any, spans: SpanCollector) -> None:
    type(oracle).scope = "oracle.tracing"
    oracle.instrument(tracer_provider=spans.provider)
    importlib.import_module("oracle").Client().call()
    scope = spans.only().instrumentation_scope
    assert scope is not None
    assert scope.name == "oracle.tracing"


def test_spans_are_drawn_as_they_nest(spans: SpanCollector) -> None:
    tracer = spans.provider.get_tracer("host")
    with tracer.start_as_current_span("root", attributes={"openinference.span.kind": "AGENT"}):
        with tracer.start_as_current_span("model") as model:
            model.set_attributes({"llm.token_count.prompt": 3, "agent.id": "desk"})
        with pytest.raises(ValueError, match="no"), tracer.start_as_current_span("tool"):
            raise ValueError("no")
    drawn = span_tree(spans.settled(), "agent.id")
    assert drawn == "root [AGENT]\n  model [-] 3+None id=desk\n  tool [-] ERROR"
    assert span_tree(spans.ended[:1]) == "model [-] 3+None lost"
