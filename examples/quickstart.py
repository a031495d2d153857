"""Trace a small agent with tools, then analyse what it did.

Run it with `python examples/quickstart.py`. With OPENAI_API_KEY set a real model answers,
without it a scripted one on loopback: the agent is the same.
"""

from __future__ import annotations

import json
import os
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from openai import OpenAI

import catalyst_sdk
from catalyst_sdk import agent_span, halo, trace_span

FILE = "quickstart.jsonl"

TOOLS: list[Any] = [
    {
        "type": "function",
        "function": {
            "name": "get_order",
            "description": "Read an order by its number.",
            "parameters": {
                "type": "object",
                "properties": {"order_id": {"type": "string"}},
                "required": ["order_id"],
            },
        },
    }
]


@trace_span(kind="TOOL")
def get_order(order_id: str) -> dict[str, Any]:
    if order_id.endswith(("3", "7")):
        raise ConnectionError("order service: 503 Service Unavailable")
    return {"order_id": order_id, "status": "shipped", "carrier": "ParcelJet"}


def run_tool(call: Any) -> dict[str, Any]:
    try:
        content = json.dumps(get_order(**json.loads(call.function.arguments)))
    except ConnectionError as error:
        content = f"Error: {error}"
    return {"role": "tool", "tool_call_id": call.id, "content": content}


def answer(client: OpenAI, question: str, session_id: str) -> str:
    messages: list[Any] = [
        {"role": "system", "content": "You help customers of a shop. Look orders up first."},
        {"role": "user", "content": question},
    ]
    with agent_span("Order desk", session_id=session_id) as span:
        span.set_input(question)
        for _ in range(5):
            completion = client.chat.completions.create(
                model="gpt-5.4-mini", messages=messages, tools=TOOLS
            )
            message = completion.choices[0].message
            messages.append(message.to_dict())
            if not message.tool_calls:
                span.set_output(message.content)
                return message.content or ""
            messages += [run_tool(call) for call in message.tool_calls]
    return ""


def main() -> None:
    catalyst_sdk.init(agent_name="Order desk", file=FILE)

    options: dict[str, Any] = {}
    model: AbstractContextManager[Any] = nullcontext()
    if "OPENAI_API_KEY" not in os.environ:
        from catalyst_sdk.demo import scripted_model

        model = scripted_model()
        options = {"base_url": model.base_url, "api_key": "scripted-model"}

    with model, OpenAI(**options) as client:
        for number in range(40110, 40130):
            question = f"Where is my order AO-{number}?"
            print(f"{question}\n  {answer(client, question, f'session-{number}')}")

    catalyst_sdk.flush()
    report = halo.run(FILE)
    print(halo.render_terminal(report, width=100, color=False))


if __name__ == "__main__":
    main()
