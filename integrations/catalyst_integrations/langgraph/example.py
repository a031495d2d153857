"""A traced LangGraph agent: a model node and a tool node, until the model has an answer.

Run: OPENAI_API_KEY=… python integrations/catalyst_integrations/langgraph/example.py
OPENAI_BASE_URL and MODEL choose another server of the same API. Needs langchain-openai.
"""

from __future__ import annotations

import os
from typing import Any

import catalyst_sdk


def shop_agent() -> Any:
    """Make a graph that answers questions about orders."""
    from langchain_core.tools import tool
    from langchain_openai import ChatOpenAI
    from langgraph.graph import (  # pyright: ignore[reportMissingTypeStubs]
        START,
        MessagesState,
        StateGraph,
    )
    from langgraph.prebuilt import ToolNode, tools_condition

    @tool
    def order_status(order_id: str) -> dict[str, str]:
        """Look up where an order is."""
        return {"order_id": order_id, "status": "shipped", "arrives": "Friday"}

    model: Any = ChatOpenAI(model=os.environ.get("MODEL", "gpt-4o-mini"))
    model = model.bind_tools([order_status])

    def ask(state: Any) -> Any:  # langgraph 0.2 reads the hints, and local names are none to it
        return {"messages": [model.invoke(state["messages"])]}

    graph: Any = StateGraph(MessagesState)
    graph.add_node("ask", ask)
    graph.add_node("tools", ToolNode([order_status]))
    graph.add_edge(START, "ask")
    graph.add_conditional_edges("ask", tools_condition)
    graph.add_edge("tools", "ask")
    return graph.compile(name="Shop agent")


def main() -> None:
    """Answer one question, traced to traces.jsonl."""
    thread: Any = {"configurable": {"thread_id": "example"}}  # the session
    with catalyst_sdk.init(file="traces.jsonl"):
        question = {"messages": [("user", "Where is order A-17?")]}
        print(shop_agent().invoke(question, thread)["messages"][-1].content)


if __name__ == "__main__":
    main()
