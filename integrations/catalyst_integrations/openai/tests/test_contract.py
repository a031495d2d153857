from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import openai
import pytest

from catalyst_integrations.openai import OpenAIInstrumentor
from catalyst_sdk.instrumentation.testing import (
    InstrumentorContract,
    ProviderServer,
    error_reply,
    json_reply,
)
from catalyst_sdk.instrumentation.testing.openai_wire import chat_completion

ASKED: Any = {"model": "gpt-test", "messages": [{"role": "user", "content": "Hi"}]}


class TestOpenAI(InstrumentorContract):
    instrumentor = OpenAIInstrumentor

    @pytest.fixture(autouse=True)
    def _client(self, server: ProviderServer) -> Iterator[None]:
        self.server = server
        with openai.OpenAI(
            api_key="test", base_url=f"{server.url}/v1", max_retries=0
        ) as self.client:
            yield

    def call(self) -> Any:
        self.server.received.clear()
        self.server.script(json_reply(chat_completion()))
        return self.client.chat.completions.create(**ASKED)

    def failing_call(self) -> Any:
        self.server.script(error_reply(400, "no such model"))
        return self.client.chat.completions.create(**ASKED)
