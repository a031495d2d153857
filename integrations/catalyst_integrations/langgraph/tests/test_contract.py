from __future__ import annotations

from typing import Any, TypedDict

from langgraph.graph import END, START, StateGraph

from catalyst_integrations.langgraph import LangGraphInstrumentor
from catalyst_sdk.instrumentation.testing import InstrumentorContract


class State(TypedDict):
    number: int


def _double(state: State) -> State:
    if state["number"] < 0:
        raise ValueError("not below zero")
    return {"number": 2 * state["number"]}


def _graph() -> Any:
    graph = StateGraph(State)
    graph.add_node("double", _double)
    graph.add_edge(START, "double")
    graph.add_edge("double", END)
    return graph.compile()


class TestLangGraph(InstrumentorContract):
    instrumentor = LangGraphInstrumentor
    spans_a_call = 2

    def call(self) -> Any:
        return _graph().invoke({"number": 21})

    def failing_call(self) -> Any:
        return _graph().invoke({"number": -1})
