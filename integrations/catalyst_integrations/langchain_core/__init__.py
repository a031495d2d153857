"""Trace LangChain: chains, agents, models, tools and retrievers, by its callbacks."""

from __future__ import annotations

from typing import Any

from catalyst_sdk.instrumentation import Instrumentor

__all__ = ["LangChainInstrumentor"]


class LangChainInstrumentor(Instrumentor):
    """One span for each run; a model's is the billing one where its provider has none.

    `instrument(collapse=True)` leaves out the runs of `RunnableSequence` and its like.
    """

    module = "langchain_core"
    requires = ("langchain-core>=0.3.45",)

    def _instrument(self, **kwargs: Any) -> None:
        from catalyst_sdk.instrumentation.langchain_callbacks import CallbackInstrumentor

        super()._instrument(**kwargs)
        CallbackInstrumentor().join(type(self), **kwargs)

    def _uninstrument(self, **kwargs: Any) -> None:
        from catalyst_sdk.instrumentation.langchain_callbacks import CallbackInstrumentor

        CallbackInstrumentor().leave(type(self))
        super()._uninstrument(**kwargs)
