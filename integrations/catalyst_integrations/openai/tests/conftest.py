from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import openai
import pytest

from catalyst_integrations.openai import OpenAIInstrumentor
from catalyst_sdk.instrumentation.testing import ProviderServer, SpanCollector


@pytest.fixture
def server() -> Iterator[ProviderServer]:
    with ProviderServer() as server:
        yield server


@pytest.fixture
def spans() -> Iterator[SpanCollector]:
    collector = SpanCollector()
    OpenAIInstrumentor().instrument(tracer_provider=collector.provider)
    yield collector
    if OpenAIInstrumentor().is_instrumented_by_opentelemetry:
        OpenAIInstrumentor().uninstrument()
    collector.provider.shutdown()


class SyncApi:
    """Calls and streams of the synchronous client."""

    stream_type = openai.Stream

    def __init__(self, url: str, **options: Any) -> None:
        options = {"api_key": "test", "base_url": f"{url}/v1", "max_retries": 0, **options}
        self.client = openai.OpenAI(**options)

    def run(self, call: Callable[[Any], Any]) -> Any:
        return call(self.client)

    def take(self, stream: Any, most: int = 1_000_000) -> list[Any]:
        taken = []
        for item in stream:
            taken.append(item)
            if len(taken) == most:
                break
        return taken

    def within(self, manager: Any, use: Callable[[Any], Any]) -> Any:
        with manager as entered:
            return use(entered)

    def finish(self, result: Any) -> Any:
        return result

    def collect(self) -> None:
        gc.collect()

    def end(self) -> None:
        self.client.close()


class AsyncApi:
    """The same of the asynchronous client, in a loop of its own."""

    stream_type = openai.AsyncStream

    def __init__(self, url: str, **options: Any) -> None:
        self.loop = asyncio.new_event_loop()
        options = {"api_key": "test", "base_url": f"{url}/v1", "max_retries": 0, **options}
        self.client = openai.AsyncOpenAI(**options)

    def run(self, call: Callable[[Any], Awaitable[Any]]) -> Any:
        return self.finish(call(self.client))

    def take(self, stream: Any, most: int = 1_000_000) -> list[Any]:
        async def take() -> list[Any]:
            taken = []
            async for item in stream:
                taken.append(item)
                if len(taken) == most:
                    break
            return taken

        return self.finish(take())

    def within(self, manager: Any, use: Callable[[Any], Any]) -> Any:
        entered = self.finish(manager.__aenter__())
        try:
            return use(entered)
        finally:
            self.finish(manager.__aexit__(None, None, None))

    def finish(self, result: Any) -> Any:
        if not hasattr(result, "__await__"):
            return result

        async def wait() -> Any:
            return await result

        return self.loop.run_until_complete(wait())

    def collect(self) -> None:
        """A dropped asynchronous generator is closed by its loop."""
        for _ in range(5):
            gc.collect()
            self.loop.run_until_complete(asyncio.sleep(0))

    def end(self) -> None:
        self.finish(self.client.close())
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()


Api = SyncApi | AsyncApi


@pytest.fixture(params=[SyncApi, AsyncApi], ids=["sync", "async"])
def api(request: pytest.FixtureRequest, server: ProviderServer) -> Iterator[Api]:
    api = request.param(server.url)
    yield api
    api.end()
