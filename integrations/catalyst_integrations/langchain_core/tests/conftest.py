from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from opentelemetry import context as otel

from catalyst_integrations.langchain_core import LangChainInstrumentor
from catalyst_sdk.instrumentation.langchain_callbacks import CallbackInstrumentor
from catalyst_sdk.instrumentation.testing import ProviderServer, SpanCollector
from catalyst_sdk.tracing import IdentityProcessor

_QUIET = ("opentelemetry", "asyncio", "langchain_core", "catalyst_sdk")


@pytest.fixture
def collector() -> Iterator[SpanCollector]:
    """Collects spans, with the identity `init` would give them."""
    collector = SpanCollector()
    collector.provider.add_span_processor(IdentityProcessor())
    yield collector
    collector.provider.shutdown()


@pytest.fixture
def spans(collector: SpanCollector, caplog: pytest.LogCaptureFixture) -> Iterator[SpanCollector]:
    """LangChain traced; afterwards nothing is open, nothing current and nothing was logged."""
    before = otel.get_current()
    LangChainInstrumentor().instrument(tracer_provider=collector.provider)
    yield collector
    if len(CallbackInstrumentor.runs):
        gc.collect()
    left = len(CallbackInstrumentor.runs)
    LangChainInstrumentor().uninstrument()
    assert left == 0
    assert otel.get_current() == before
    noise = [r for r in caplog.records if r.name.split(".")[0] in _QUIET]
    assert [r.getMessage() for r in noise if r.levelno >= logging.WARNING] == []


@pytest.fixture
def server() -> Iterator[ProviderServer]:
    with ProviderServer() as server:
        yield server


@pytest.fixture
def both(spans: SpanCollector) -> Iterator[SpanCollector]:
    """OpenAI is traced as well."""
    openai = pytest.importorskip("catalyst_integrations.openai").OpenAIInstrumentor()
    openai.instrument(tracer_provider=spans.provider)
    yield spans
    openai.uninstrument()


class Sync:
    """Runs a runnable by its synchronous methods."""

    def run(self, call: Callable[[], Any]) -> Any:
        return call()

    def end(self) -> None:
        """There is no loop."""

    def invoke(self, runnable: Any, value: Any, config: Any = None) -> Any:
        return runnable.invoke(value, config)

    def batch(self, runnable: Any, values: list[Any], config: Any = None) -> list[Any]:
        return runnable.batch(values, config)

    def stream(self, runnable: Any, value: Any, config: Any = None, most: int = 1000) -> list[Any]:
        taken = []
        for item in runnable.stream(value, config):
            taken.append(item)
            if len(taken) == most:
                break
        return taken


class Async:
    """Runs a runnable by its asynchronous methods."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()

    def run(self, call: Callable[[], Awaitable[Any]]) -> Any:
        async def wait() -> Any:
            return await call()

        return self.loop.run_until_complete(wait())

    def invoke(self, runnable: Any, value: Any, config: Any = None) -> Any:
        return self.run(lambda: runnable.ainvoke(value, config))

    def batch(self, runnable: Any, values: list[Any], config: Any = None) -> list[Any]:
        return self.run(lambda: runnable.abatch(values, config))

    def stream(self, runnable: Any, value: Any, config: Any = None, most: int = 1000) -> list[Any]:
        async def take() -> list[Any]:
            taken = []
            async for item in runnable.astream(value, config):
                taken.append(item)
                if len(taken) == most:
                    break
            return taken

        taken = self.run(take)
        for _ in range(20):  # a dropped generator is closed by its loop
            self.run(lambda: asyncio.sleep(0))
        return taken

    def end(self) -> None:
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()


Way = Sync | Async


@pytest.fixture(params=[Sync, Async], ids=["sync", "async"])
def way(request: pytest.FixtureRequest) -> Iterator[Way]:
    way = request.param()
    yield way
    way.end()


@pytest.fixture
def chat(server: ProviderServer) -> Callable[..., Any]:
    """Makes a ChatOpenAI that asks the scripted server, by a new connection for each request."""
    openai = pytest.importorskip("langchain_openai")

    def make(**options: Any) -> Any:
        options = {"model": "gpt-test", "max_retries": 0, "api_key": "k", **options}
        headers = {"connection": "close"}
        return openai.ChatOpenAI(**options, default_headers=headers, base_url=f"{server.url}/v1")

    return make
