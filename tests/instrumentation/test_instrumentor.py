from __future__ import annotations

import importlib
import logging
import sys
from typing import Any

import pytest
import wrapt

from catalyst_sdk.instrumentation.testing import SpanCollector


def _names(spans: SpanCollector) -> list[str]:
    return [span.name for span in spans.settled()]


def test_the_library_is_wrapped_when_it_is_imported(oracle: Any, spans: SpanCollector) -> None:
    oracle.instrument(tracer_provider=spans.provider)
    assert "oracle" not in sys.modules
    library = importlib.import_module("oracle")
    assert library.Client().call("x") == "answer to x"
    assert _names(spans) == ["call"]


def test_a_library_imported_before_is_wrapped_at_once(oracle: Any, spans: SpanCollector) -> None:
    library = importlib.import_module("oracle")
    client = library.Client()
    oracle.instrument(tracer_provider=spans.provider)
    client.call()
    assert _names(spans) == ["call"]


def test_a_submodule_imported_later_is_wrapped_then(oracle: Any, spans: SpanCollector) -> None:
    oracle.paths = (("oracle", "helper"), ("oracle.extra", "more"))
    library = importlib.import_module("oracle")
    oracle.instrument(tracer_provider=spans.provider)
    assert "oracle.extra" not in sys.modules
    extra = importlib.import_module("oracle.extra")
    extra.more("x")
    library.helper("y")
    assert _names(spans) == ["more", "helper"]
    oracle.uninstrument()
    assert not isinstance(extra.more, wrapt.FunctionWrapper)


def test_a_submodule_imported_after_uninstrumenting_is_left_alone(
    oracle: Any, spans: SpanCollector
) -> None:
    oracle.paths = (("oracle.extra", "more"),)
    importlib.import_module("oracle")
    oracle.instrument(tracer_provider=spans.provider)
    oracle.uninstrument()
    importlib.import_module("oracle.extra").more("x")
    assert _names(spans) == []


def test_undone_before_the_import_it_never_happens(oracle: Any, spans: SpanCollector) -> None:
    oracle.instrument(tracer_provider=spans.provider)
    oracle.uninstrument()
    importlib.import_module("oracle").Client().call()
    assert _names(spans) == []


@pytest.mark.parametrize("path", ["Client.call", "Client.static", "Client.inherited", "helper"])
def test_everything_is_put_back_as_it_was(oracle: Any, spans: SpanCollector, path: str) -> None:
    library = importlib.import_module("oracle")
    oracle.paths = (("oracle", path),)
    before = (dict(vars(library)), dict(vars(library.Client)))
    oracle.instrument(tracer_provider=spans.provider)
    owner = library.Client() if "." in path else library
    getattr(owner, path.rpartition(".")[2])("x")
    oracle.uninstrument()
    assert (dict(vars(library)), dict(vars(library.Client))) == before
    assert len(_names(spans)) == 1


def test_what_others_wrapped_since_stays_and_ours_is_inert(
    oracle: Any, spans: SpanCollector
) -> None:
    library = importlib.import_module("oracle")
    oracle.instrument(tracer_provider=spans.provider)
    seen: list[str] = []

    def theirs(wrapped: Any, _instance: Any, args: Any, kwargs: Any) -> Any:
        seen.append("theirs")
        return wrapped(*args, **kwargs)

    wrapt.wrap_function_wrapper("oracle", "Client.call", theirs)
    oracle.uninstrument()
    assert library.Client().call("x") == "answer to x"
    assert seen == ["theirs"]
    assert _names(spans) == []


def test_a_second_instrumentor_of_the_same_library_does_not_double(
    oracle: Any, spans: SpanCollector
) -> None:
    class Reloaded(type(oracle)):
        """As after a reload of the integration's module."""

        _instance = None

    library = importlib.import_module("oracle")
    oracle.instrument(tracer_provider=spans.provider)
    Reloaded().instrument(tracer_provider=spans.provider)
    library.Client().call()
    assert _names(spans) == ["call"]
    Reloaded().uninstrument()
    library.Client().call()
    assert _names(spans) == ["call", "call"]


def test_it_can_be_turned_on_again_with_another_provider(oracle: Any, spans: SpanCollector) -> None:
    library = importlib.import_module("oracle")
    oracle.instrument(tracer_provider=SpanCollector().provider)
    oracle.uninstrument()
    oracle.instrument(tracer_provider=spans.provider)
    library.Client().call()
    assert _names(spans) == ["call"]


def test_a_library_that_changed_runs_untraced(
    oracle: Any, spans: SpanCollector, caplog: pytest.LogCaptureFixture
) -> None:
    oracle.paths = (("oracle", "Client.call"), ("oracle", "Client.gone"))
    oracle.instrument(tracer_provider=spans.provider)
    with caplog.at_level(logging.ERROR):
        library = importlib.import_module("oracle")
    assert library.Client().call("x") == "answer to x"
    assert _names(spans) == []
    assert [r.getMessage() for r in caplog.records] == [
        "cannot instrument oracle; it runs untraced"
    ]


def test_connecting_to_the_librarys_own_hook_is_undone_too(
    oracle: Any, spans: SpanCollector
) -> None:
    log: list[str] = []

    class Hooked(type(oracle)):
        """Uses a hook as well as wrappers."""

        _instance = None

        def connect(self, tracer: Any) -> Any:
            log.append("connected")
            return lambda: log.append("disconnected")

    importlib.import_module("oracle")
    Hooked().instrument(tracer_provider=spans.provider)
    Hooked().uninstrument()
    assert log == ["connected", "disconnected"]
