"""A traced LangChain chain: asks the model, runs the tool it wants, asks again.

Run: OPENAI_API_KEY=… python integrations/catalyst_integrations/langchain_core/example.py
OPENAI_BASE_URL and MODEL choose another server of the same API. Needs langchain-openai.
"""

from __future__ import annotations

import os
from typing import Any

import catalyst_sdk


def shop_agent() -> Any:
    """Make a runnable that answers questions about orders."""
    from langchain_core.runnables import RunnableLambda
    from langchain_core.tools import tool
    from langchain_openai import ChatOpenAI

    @tool
    def order_status(order_id: str) -> dict[str, str]:
        """Look up where an order is."""
        return {"order_id": order_id, "status": "shipped", "arrives": "Friday"}

    model: Any = ChatOpenAI(model=os.environ.get("MODEL", "gpt-4o-mini"))
    model = model.bind_tools([order_status])

    def answer(question: str) -> str:
        messages: list[Any] = [("user", question)]
        while True:
            message = model.invoke(messages)
            if not message.tool_calls:
                return str(message.content)
            messages.append(message)
            messages += [order_status.invoke(call) for call in message.tool_calls]

    return RunnableLambda(answer)


def main() -> None:
    """Answer one question, traced to traces.jsonl."""
    with (
        catalyst_sdk.init(file="traces.jsonl"),
        catalyst_sdk.agent_span("Shop agent", session_id="example"),
    ):
        print(shop_agent().invoke("Where is order A-17?"))


if __name__ == "__main__":
    main()
