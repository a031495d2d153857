from __future__ import annotations

from typing import Any

from langchain_core.runnables import RunnableLambda

from catalyst_integrations.langchain_core import LangChainInstrumentor
from catalyst_sdk.instrumentation.testing import InstrumentorContract


def _double(number: int) -> int:
    return 2 * number


def _fail(number: int) -> int:
    raise ValueError(f"no {number}")


class TestLangChain(InstrumentorContract):
    instrumentor = LangChainInstrumentor

    def call(self) -> Any:
        return RunnableLambda(_double).invoke(21)

    def failing_call(self) -> Any:
        return RunnableLambda(_fail).invoke(21)
