from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.trace import Tracer

from catalyst_sdk.instrumentation import Instrumentor
from catalyst_sdk.instrumentation._boundary import forget_failures
from catalyst_sdk.instrumentation.testing import SpanCollector

LIBRARY = """
class Base:
    def inherited(self, text):
        return f"inherited {text}"

class Client(Base):
    def call(self, text="hi"):
        if text == "bad":
            raise ValueError("bad text")
        return Answer(f"answer to {text}")

    @staticmethod
    def static(text):
        return f"static {text}"

class Answer(str):
    pass

def helper(text):
    return f"helped {text}"
"""


@pytest.fixture(autouse=True)
def _every_failure_is_new() -> None:
    forget_failures()


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An installed library `oracle`, with a submodule that is imported on its own."""
    package = tmp_path / "oracle"
    package.mkdir()
    (package / "__init__.py").write_text(LIBRARY)
    (package / "extra.py").write_text("def more(text):\n    return f'more {text}'\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "oracle"
    for name in [name for name in sys.modules if name.partition(".")[0] == "oracle"]:
        del sys.modules[name]


@pytest.fixture
def spans() -> Iterator[SpanCollector]:
    collector = SpanCollector()
    yield collector
    collector.provider.shutdown()


class OracleInstrumentor(Instrumentor):
    """Wraps each of `paths` of the library in a span."""

    module = "oracle"
    requires = ("wrapt>=1",)
    paths: Any = (("oracle", "Client.call"),)

    def wrappers(self, tracer: Tracer) -> Any:
        def traced(wrapped: Any, _instance: Any, args: Any, kwargs: Any) -> Any:
            with tracer.start_as_current_span(wrapped.__name__):
                return wrapped(*args, **kwargs)

        return dict.fromkeys(self.paths, traced)


@pytest.fixture
def oracle(library: str) -> Iterator[OracleInstrumentor]:
    class Fresh(OracleInstrumentor):
        """A singleton of this test."""

    instrumentor = Fresh()
    yield instrumentor
    if instrumentor.is_instrumented_by_opentelemetry:
        instrumentor.uninstrument()
