"""A traced agent with one tool: asks the model, runs the tool, asks again.

Run: ANTHROPIC_API_KEY=… python integrations/catalyst_integrations/anthropic/example.py
ANTHROPIC_BASE_URL and MODEL choose another server of the same API.
"""

from __future__ import annotations

import json
import os
from typing import Any

import catalyst_sdk

TOOLS: Any = [
    {
        "name": "order_status",
        "description": "Look up where an order is.",
        "input_schema": {
            "type": "object",
            "properties": {"order_id": {"type": "string"}},
            "required": ["order_id"],
        },
    }
]


@catalyst_sdk.trace_span(kind="TOOL")
def order_status(order_id: str) -> str:
    """Stand in for a shop's own database."""
    return json.dumps({"order_id": order_id, "status": "shipped", "arrives": "Friday"})


def answer(question: str) -> str:
    """Let the model call the tool until it has an answer."""
    import anthropic

    model = os.environ.get("MODEL", "claude-haiku-4-5")
    messages: list[Any] = [{"role": "user", "content": question}]
    with anthropic.Anthropic() as client:
        while True:
            reply: Any = client.messages.create(
                model=model, max_tokens=1024, messages=messages, tools=TOOLS
            )
            calls = [block for block in reply.content if block.type == "tool_use"]
            if not calls:
                return "".join(block.text for block in reply.content if block.type == "text")
            results = [
                {
                    "type": "tool_result",
                    "tool_use_id": call.id,
                    "content": order_status(**call.input),
                }
                for call in calls
            ]
            messages += [
                {"role": "assistant", "content": reply.content},
                {"role": "user", "content": results},
            ]


def main() -> None:
    """Answer one question, traced to traces.jsonl."""
    with (
        catalyst_sdk.init(agent_name="shop-agent", file="traces.jsonl"),
        catalyst_sdk.agent_span("Shop agent", session_id="example"),
    ):
        print(answer("Where is order A-17?"))


if __name__ == "__main__":
    main()
