"""Trace LangGraph: graphs and agents, their nodes, subgraphs and interrupts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opentelemetry.trace import Tracer

from catalyst_sdk.instrumentation import Instrumentor, Wrapper

__all__ = ["LangGraphInstrumentor"]


class LangGraphInstrumentor(Instrumentor):
    """One span for each run of a graph, of its nodes and of all that runs in them.

    A graph reports by LangChain's callbacks, so these are on while it is.
    """

    module = "langgraph.pregel"
    requires = ("langgraph>=0.2.70", "langchain-core>=0.3.45")

    def _instrument(self, **kwargs: Any) -> None:
        from catalyst_sdk.instrumentation.langchain_callbacks import CallbackInstrumentor

        super()._instrument(**kwargs)
        CallbackInstrumentor().join(type(self), **kwargs)

    def _uninstrument(self, **kwargs: Any) -> None:
        from catalyst_sdk.instrumentation.langchain_callbacks import CallbackInstrumentor

        CallbackInstrumentor().leave(type(self))
        super()._uninstrument(**kwargs)

    def wrappers(self, tracer: Tracer) -> Mapping[tuple[str, str], Wrapper]:
        """Wrap the two methods every run of a graph goes through."""
        from catalyst_integrations.langgraph._wrappers import graph_wrappers

        return graph_wrappers()

    def optional_wrappers(self, tracer: Tracer) -> Mapping[tuple[str, str], Wrapper]:
        """Wrap what some versions have, or have elsewhere."""
        from catalyst_integrations.langgraph._wrappers import node_wrappers

        return node_wrappers()
