"""Trace your own functions: tools, a retriever, a streamed answer, a nested agent."""

from collections.abc import Iterator

import catalyst_sdk
from catalyst_sdk import agent_span, current_span, trace_span

POLICIES = {
    "refund": "Refunds are possible within 30 days.",
    "delivery": "Orders arrive within three working days.",
}


@trace_span(kind="RETRIEVER")
def find_policies(question: str) -> list[str]:
    return [text for topic, text in POLICIES.items() if topic in question]


class OrderDesk:
    def __init__(self) -> None:
        self.orders = {"AO-40112": "shipped"}

    @trace_span("get_order", kind="TOOL")
    def get_order(self, order_id: str) -> dict[str, str]:
        return {"order_id": order_id, "status": self.orders[order_id]}


@trace_span(kind="LLM")
def write_answer(facts: list[str]) -> Iterator[str]:
    """Stand in for a model; the span's output is what was streamed."""
    current_span().record_usage({"prompt_tokens": 40, "completion_tokens": 12})
    for fact in facts:
        yield fact + " "


@agent_span("Policy reader", role="research")
def read_policies(question: str) -> list[str]:
    return find_policies(question)


def main() -> None:
    catalyst_sdk.init("Order desk", file="custom_spans.jsonl")
    question = "Can I get a refund for AO-40112?"
    with agent_span("Order desk", session_id="chat-1", user_id="u-17", tags=["example"]) as span:
        span.set_input(question)
        try:
            OrderDesk().get_order("AO-4011")
        except KeyError as error:
            span.add_event("retried with another id", {"error": repr(error)})
        order = OrderDesk().get_order("AO-40112")
        facts = read_policies(question)
        answer = "".join(write_answer([f"Your order is {order['status']}.", *facts]))
        span.set_output(answer)
    catalyst_sdk.flush()
    print(answer)
    print(f"Look at it: catalyst trace get {span.trace_id} --file custom_spans.jsonl")


if __name__ == "__main__":
    main()
