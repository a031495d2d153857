"""What the scripted model does as returns desk: look up, then decide in JSON."""

from __future__ import annotations

import msgspec

from catalyst_sdk.demo.model._exchange import Exchange
from catalyst_sdk.demo.provider import Reply

_RESTATE = "first restate it in your own words"


def decide_return(exchange: Exchange) -> Reply:
    """Decide on a return; prose comes first when the instructions ask for it."""
    order = exchange.last("get_order")
    if order is None:
        return Reply(calls=(("get_order", {"order_id": exchange.order_id}),))
    if exchange.last("search_policies") is None:
        goods = order.data().get("items", [{}])[0].get("name", "")
        return Reply(calls=(("search_policies", {"query": f"return unused {goods}"}),))
    decision = _decision(order.data().get("total"))
    reason = exchange.question.partition("because ")[2].rstrip(".")
    if reason and _RESTATE in exchange.instructions:
        return Reply(f"The customer wants to return this because {reason}.\n\n{decision}")
    return Reply(decision)


def _decision(total: float | None) -> str:
    return msgspec.json.encode(
        {
            "decision": "approve",
            "refund": round(float(total or 0), 2),
            "restocking_fee": 0.0,
            "note": "Unused goods within 45 days: please use the label in the box.",
        }
    ).decode()
