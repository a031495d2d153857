from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import anthropic
import pytest

from catalyst_integrations.anthropic import AnthropicInstrumentor
from catalyst_sdk.instrumentation.testing import ProviderServer, SpanCollector


@pytest.fixture
def server() -> Iterator[ProviderServer]:
    with ProviderServer() as server:
        yield server


@pytest.fixture
def spans() -> Iterator[SpanCollector]:
    collector = SpanCollector()
    AnthropicInstrumentor().instrument(tracer_provider=collector.provider)
    yield collector
    if AnthropicInstrumentor().is_instrumented_by_opentelemetry:
        AnthropicInstrumentor().uninstrument()
    collector.provider.shutdown()


@pytest.fixture
def client(server: ProviderServer) -> Iterator[Any]:
    with anthropic.Anthropic(api_key="test", base_url=server.url, max_retries=0) as client:
        yield client
