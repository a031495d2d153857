from __future__ import annotations

import asyncio
from typing import Any

import openai
import pytest

from catalyst_integrations.openai._provider import provider_and_system
from catalyst_sdk import semconv
from catalyst_sdk.instrumentation.testing import (
    ProviderServer,
    SpanCollector,
    attributes_of,
    json_reply,
)
from catalyst_sdk.instrumentation.testing.openai_wire import chat_completion, response

ASKED: Any = {"model": "gpt-test", "messages": [{"role": "user", "content": "Hi"}]}


@pytest.mark.parametrize(
    ("base_url", "provider"),
    [
        ("https://api.openai.com/v1", "openai"),
        ("https://eu.api.openai.com/v1", "openai"),
        ("https://me.openai.azure.com/openai/v1/", "azure"),
        ("https://openrouter.ai/api/v1", "openrouter.ai"),
        ("http://localhost:11434/v1", "localhost"),
    ],
)
def test_the_provider_is_known_by_its_address(base_url: str, provider: str) -> None:
    with openai.OpenAI(api_key="test", base_url=base_url) as client:
        assert provider_and_system(client) == (provider, "openai")


def _azure(server: ProviderServer) -> dict[str, Any]:
    return {"azure_endpoint": server.url, "api_key": "test", "api_version": "2024-10-21"}


def test_azure_is_traced(server: ProviderServer, spans: SpanCollector) -> None:
    server.script(json_reply(chat_completion()), json_reply(response()))
    with openai.AzureOpenAI(**_azure(server)) as client:
        client.chat.completions.create(**ASKED)
        client.responses.create(model="gpt-test", input="Hi")
    assert server.received[0].path.startswith("/openai/deployments/gpt-test/chat/completions")
    chat, answered = (attributes_of(span) for span in spans.settled())
    assert chat[semconv.LLM_PROVIDER] == answered[semconv.LLM_PROVIDER] == "azure"
    assert chat[semconv.LLM_REQUEST_MODEL_NAME] == "gpt-test"
    assert chat[semconv.LLM_TOKENS_TOTAL] == answered[semconv.LLM_TOKENS_TOTAL] == 28


def test_azure_is_traced_when_asynchronous(server: ProviderServer, spans: SpanCollector) -> None:
    async def main() -> None:
        async with openai.AsyncAzureOpenAI(**_azure(server)) as client:
            await client.chat.completions.create(**ASKED)

    server.script(json_reply(chat_completion()))
    asyncio.run(main())
    assert attributes_of(spans.only())[semconv.LLM_PROVIDER] == "azure"


def test_a_client_made_before_is_traced(server: ProviderServer) -> None:
    from catalyst_integrations.openai import OpenAIInstrumentor

    server.script(json_reply(chat_completion()))
    collector = SpanCollector()
    with openai.OpenAI(api_key="test", base_url=f"{server.url}/v1") as client:
        OpenAIInstrumentor().instrument(tracer_provider=collector.provider)
        client.chat.completions.create(**ASKED)
        OpenAIInstrumentor().uninstrument()
    assert collector.only().name == "chat gpt-test"


def test_the_module_level_client_is_traced(
    server: ProviderServer, spans: SpanCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openai, "api_key", "test")
    monkeypatch.setattr(openai, "base_url", f"{server.url}/v1/")
    monkeypatch.setattr(openai, "_client", None, raising=False)
    server.script(json_reply(chat_completion()))
    openai.chat.completions.create(**ASKED)
    client: Any = openai._load_client()
    client.close()
    openai._reset_client()
    assert spans.only().name == "chat gpt-test"
