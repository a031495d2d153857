"""A LangChain agent with a tool and a chain inside it: one trace, each request billed once.

Run it with `python examples/langchain_agent.py`. With OPENAI_API_KEY set a real model answers,
without it a scripted one on loopback: the agent is the same.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from langchain.agents import create_agent
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI

import catalyst_sdk
from catalyst_sdk.spans import read_spans

FILE = "langchain_agent.jsonl"


@tool
def get_order(order_id: str) -> dict[str, Any]:
    """Read an order by its number."""
    with catalyst_sdk.trace_span("read database"):  # your own spans nest where they run
        return {"order_id": order_id, "status": "shipped", "carrier": "ParcelJet",
                "total": 84.5, "payment_method": "card", "items": []}  # fmt: skip


def order_desk(**options: Any) -> Any:
    return create_agent(
        ChatOpenAI(model="gpt-5.4-mini", **options),
        [get_order],
        system_prompt="You help customers of a shop. Look orders up first.",
        name="Order desk",
    )


def show(file: str) -> None:
    """Print the spans as they nest."""
    spans = sorted(read_spans(file), key=lambda span: span.start_ns)
    depth: dict[str, int] = {}
    for span in spans:
        depth[span.span_id] = depth.get(span.parent_span_id, -1) + 1
        told = span.attributes
        tokens = told.get("llm.token_count.total")
        words = [span.name, f"[{told['openinference.span.kind']}]", f"{tokens} tokens"]
        print("  " * depth[span.span_id] + " ".join(words[: 3 if tokens else 2]))


def main() -> None:
    catalyst_sdk.init(file=FILE)  # the agent's name is the one create_agent was given

    options: dict[str, Any] = {}
    model: AbstractContextManager[Any] = nullcontext()
    if "OPENAI_API_KEY" not in os.environ:
        from catalyst_sdk.demo import scripted_model

        model = scripted_model()
        options = {"base_url": model.base_url, "api_key": "scripted-model"}

    with model:
        question = {"role": "user", "content": "Where is my parcel? Order AO-40112."}
        answered = order_desk(**options).invoke(
            {"messages": [question]}, {"metadata": {"session_id": "session-1", "user_id": "u-7"}}
        )
    print(answered["messages"][-1].content)

    catalyst_sdk.flush()
    show(FILE)


if __name__ == "__main__":
    main()
