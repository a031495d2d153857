"""A detector of your own: refunds the agent gives without having read the order.

Halo cannot know the rules of your business; a detector can. Run it with
`python examples/custom_detector.py`: it traces some runs, of which every fourth breaks the rule.
"""

from __future__ import annotations

from collections.abc import Iterator

import catalyst_sdk
from catalyst_sdk import agent_span, halo, trace_span
from catalyst_sdk.halo import Candidate, Cite, Dataset, Fix

FILE = "custom_detector.jsonl"


@trace_span(kind="TOOL")
def get_order(order_id: str) -> dict[str, object]:
    return {"order_id": order_id, "paid": 40}


@trace_span(kind="TOOL")
def refund(order_id: str, amount: int) -> dict[str, object]:
    return {"order_id": order_id, "refunded": amount}


def run(number: int) -> None:
    order_id = f"AO-{number}"
    with agent_span("Refund desk", session_id=f"session-{number}") as span:
        span.set_input(f"Please refund {order_id}.")
        if number % 4:
            get_order(order_id)
        refund(order_id, 40)
        span.set_output("Done.")


# One row for each refund that no earlier get_order of the same run precedes.
UNREAD = """
SELECT trace_id, span_id FROM (
  SELECT trace_id, span_id, tool_name, countIf(tool_name = 'get_order') OVER (
    PARTITION BY trace_id ORDER BY start_ns, span_id
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS read
  FROM spans WHERE kind = 'TOOL'
) WHERE tool_name = 'refund' AND read = 0
"""


@halo.detector(
    "refund-without-order",
    category="quality",
    looks_for="Refunds given in runs that never read the order before.",
    needs=("tool_name = 'refund'", "refunds"),
    in_order="every refund was preceded by a look at the order",
    min_traces=(3, "three runs; an order can be known from an earlier session"),
)
def refund_without_order(data: Dataset) -> Iterator[Candidate]:
    where = f"(trace_id, span_id) IN ({UNREAD})"
    runs = data.row(f"SELECT uniqExact(trace_id) AS n FROM spans WHERE {where}")["n"]
    if not data.is_case(runs):
        return
    yield Candidate(
        key=("refund",),
        where=where,
        title="`refund` is called without a look at the order, so amounts are taken on trust",
        summary=f"{runs} runs gave a refund before `get_order` had been called.",
        root_cause="The prompt asks for the order's number only, and `refund` accepts any amount.",
        fix=Fix(
            summary="Let `refund` read the order itself and refuse more than was paid.",
            where="tool",
            steps=["Load the order inside `refund`.", "Refuse an amount above what was paid."],
        ),
        harm="degrades",
        cite=Cite("input", note=lambda row: "no order was read before this"),
    )


def main() -> None:
    catalyst_sdk.init(agent_name="Refund desk", file=FILE)
    for number in range(40200, 40240):
        run(number)
    catalyst_sdk.flush()
    report = halo.run(FILE, detectors=["*", refund_without_order])
    print(halo.render_terminal(report, width=100))


if __name__ == "__main__":
    main()
