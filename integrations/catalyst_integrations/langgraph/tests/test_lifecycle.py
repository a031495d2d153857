"""On and off beside LangChain's integration; what long runs leave."""

from __future__ import annotations

import gc
import importlib
import operator
from typing import Annotated, Any, TypedDict

import pytest
from langchain_core.runnables import RunnableLambda
from langgraph.graph import START, StateGraph

from catalyst_integrations.langgraph import LangGraphInstrumentor
from catalyst_sdk.instrumentation.langchain_callbacks import CallbackInstrumentor
from catalyst_sdk.instrumentation.testing import SpanCollector, span_tree


class State(TypedDict):
    words: Annotated[list[str], operator.add]


def _graph() -> Any:
    graph = StateGraph(State)
    graph.add_node("greet", lambda state: {"words": ["hello"]})
    graph.add_node("part", lambda state: {"words": ["bye"]})
    graph.add_edge(START, "greet")
    graph.add_edge("greet", "part")
    return graph.compile()


def _langchain() -> Any:
    module = importlib.import_module("catalyst_integrations.langchain_core")
    return module.LangChainInstrumentor()


@pytest.mark.parametrize("langgraph_last", [False, True])
def test_either_may_be_turned_off_first(langgraph_last: bool, collector: SpanCollector) -> None:
    both = [LangGraphInstrumentor(), _langchain()]
    for instrumentor in both:
        instrumentor.instrument(tracer_provider=collector.provider)
    first, last = reversed(both) if langgraph_last else both
    first.uninstrument()
    try:
        _graph().invoke({"words": []})
        RunnableLambda(lambda n: n).with_config(run_name="own").invoke(1)
    finally:
        last.uninstrument()
    root = "LangGraph [AGENT]" if langgraph_last else "LangGraph [CHAIN]"
    assert span_tree(collector.settled()).splitlines() == [
        root,
        "  greet [CHAIN]",
        "  part [CHAIN]",
        "own [CHAIN]",
    ]
    collector.clear()
    _graph().invoke({"words": []})
    assert collector.settled() == []


@pytest.mark.parametrize(
    "runs", [100, pytest.param(10_000, marks=[pytest.mark.slow, pytest.mark.timeout(900)])]
)
def test_runs_leave_nothing_behind(runs: int, way: Any, spans: SpanCollector) -> None:
    def objects() -> int:
        spans.settled()
        spans.clear()
        gc.collect()
        return len(gc.get_objects())

    graph = _graph()
    for _ in range(30):
        way.invoke(graph, {"words": []})
    way.stream(graph, {"words": []}, most=1)
    before = objects()
    for number in range(runs):
        if number % 10:
            way.invoke(graph, {"words": []})
        else:
            way.stream(graph, {"words": []}, most=1)
    grown = objects() - before
    assert grown < 100, f"{grown} more objects after {runs} runs"
    assert len(CallbackInstrumentor.runs) == 0
