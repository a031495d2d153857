"""A traced agent with one tool: asks the model, runs the tool, asks again.

Run: OPENAI_API_KEY=… python integrations/catalyst_integrations/openai/example.py
OPENAI_BASE_URL and MODEL choose another server of the same API.
"""

from __future__ import annotations

import json
import os
from typing import Any

import catalyst_sdk

TOOLS: Any = [
    {
        "type": "function",
        "function": {
            "name": "order_status",
            "description": "Look up where an order is.",
            "parameters": {
                "type": "object",
                "properties": {"order_id": {"type": "string"}},
                "required": ["order_id"],
            },
        },
    }
]


@catalyst_sdk.trace_span(kind="TOOL")
def order_status(order_id: str) -> str:
    """Stand in for a shop's own database."""
    return json.dumps({"order_id": order_id, "status": "shipped", "arrives": "Friday"})


def answer(question: str) -> str:
    """Let the model call the tool until it has an answer."""
    import openai

    model = os.environ.get("MODEL", "gpt-4o-mini")
    messages: list[Any] = [{"role": "user", "content": question}]
    with openai.OpenAI() as client:
        while True:
            completion = client.chat.completions.create(model=model, messages=messages, tools=TOOLS)
            message: Any = completion.choices[0].message
            if not message.tool_calls:
                return message.content or ""
            messages.append(message)
            for call in message.tool_calls:
                result = order_status(**json.loads(call.function.arguments))
                messages.append({"role": "tool", "tool_call_id": call.id, "content": result})


def main() -> None:
    """Answer one question, traced to traces.jsonl."""
    with (
        catalyst_sdk.init(agent_name="shop-agent", file="traces.jsonl"),
        catalyst_sdk.agent_span("Shop agent", session_id="example"),
    ):
        print(answer("Where is order A-17?"))


if __name__ == "__main__":
    main()
