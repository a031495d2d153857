"""A LangGraph graph with a subgraph, a person in the loop, and a thread that is the session.

Run it with `python examples/langgraph_graph.py`: no model is needed.
"""

from __future__ import annotations

import operator
from typing import Annotated, Any, TypedDict

from langgraph.checkpoint.memory import MemorySaver
from langgraph.graph import START, StateGraph
from langgraph.types import Command, interrupt

import catalyst_sdk
from catalyst_sdk.spans import facts, read_spans

FILE = "langgraph_graph.jsonl"


class Case(TypedDict):
    order_id: str
    notes: Annotated[list[str], operator.add]


def look_up(state: Case) -> dict[str, Any]:
    with catalyst_sdk.trace_span("read database"):  # your own spans nest where they run
        return {"notes": [f"{state['order_id']} cost $84.50"]}


def approve(state: Case) -> dict[str, Any]:
    return {"notes": [interrupt({"question": "Refund it?", "notes": state["notes"]})]}


def refund(state: Case) -> dict[str, Any]:
    return {"notes": ["refunded" if state["notes"][-1] == "yes" else "declined"]}


def refund_graph() -> Any:
    # A subgraph with a name is an agent of its own, one without is a step.
    research = StateGraph(Case).add_node("look_up", look_up).add_edge(START, "look_up")
    graph = StateGraph(Case)
    graph.add_node("research", research.compile(name="Researcher"))
    graph.add_node("approve", approve)
    graph.add_node("refund", refund)
    graph.add_edge(START, "research")
    graph.add_edge("research", "approve")
    graph.add_edge("approve", "refund")
    return graph.compile(checkpointer=MemorySaver(), name="Refund agent")


def show(file: str) -> None:
    """Print the spans as they nest, and whose they are."""
    depth: dict[str, int] = {}
    for span in sorted(read_spans(file), key=lambda span: span.start_ns):
        depth[span.span_id] = depth.get(span.parent_span_id, -1) + 1
        row = facts(span)
        name = "  " * depth[span.span_id] + f"{row.name} [{row.kind}]"
        print(f"{name:32} agent {row.agent_id}, session {row.session_id}")


def main() -> None:
    catalyst_sdk.init(file=FILE)
    graph = refund_graph()
    thread = {"configurable": {"thread_id": "case-17"}}
    graph.invoke({"order_id": "AO-40112", "notes": []}, thread)  # stops, for a person
    done = graph.invoke(Command(resume="yes"), thread)
    print("; ".join(done["notes"]))

    catalyst_sdk.flush()
    show(FILE)


if __name__ == "__main__":
    main()
