"""What the scripted model does as support assistant: one function a matter.

Each reads nothing but the conversation: the instructions, the tools offered, the results so far.
"""

from __future__ import annotations

import re
from typing import Any

from catalyst_sdk.demo.model._exchange import Exchange, Step
from catalyst_sdk.demo.provider import Reply

_PATIENCE_WITH_TIMEOUTS = 4
_PATIENCE_WITH_LOOKUPS = 6


def call(tool: str, **arguments: Any) -> Reply:
    """Answer with one tool call."""
    return Reply(calls=((tool, arguments),))


def track(exchange: Exchange) -> Reply:
    """Find out where a parcel is; a timeout is answered by the same call again."""
    order = _order(exchange)
    if isinstance(order, Reply):
        return order
    if not exchange.description("track_shipment"):
        return Reply(f"Order {order['order_id']} is {order['status']}, with {order['carrier']}.")
    tries = exchange.made("track_shipment")
    number = order["tracking_number"]
    if not tries or ("did not answer" in tries[-1].result and len(tries) < _PATIENCE_WITH_TIMEOUTS):
        return call("track_shipment", tracking_number=number)
    if tries[-1].failed:
        return Reply(
            f"I could not reach {order['carrier']} just now, so I cannot see where parcel {number} "
            "is. Please try again in an hour."
        )
    found = tries[-1].data()
    days = found.get("expected_in_days", 2)
    return Reply(
        exchange.one_of(
            (
                f"Your parcel {number} is on its way with {order['carrier']}. The last scan was at "
                f"the {str(found.get('last_scan', 'depot')).lower()}; about {days} more day(s).",
                f"Good news: order {order['order_id']} has left our warehouse, and "
                f"{order['carrier']} delivers in {days} day(s). Tracking number: {number}.",
            )
        )
    )


def refund(exchange: Exchange) -> Reply:
    """Refund an order or a part of it, in the form the tool's description asks for."""
    order = _order(exchange)
    if isinstance(order, Reply):
        return order
    named = re.search(r"\$(\d+(?:\.\d+)?)", exchange.question)
    amount = float(named.group(1)) if named else float(order["total"])
    tries = exchange.made("issue_refund")
    if not tries or (tries[-1].failed and len(tries) == 1):
        as_text = named and not tries and '\\"$' in exchange.description("issue_refund")
        return call(
            "issue_refund",
            order_id=order["order_id"],
            amount=f"${amount:.2f}" if as_text else amount,
            reason="part of the order unsatisfactory" if named else "customer changed their mind",
        )
    return Reply(
        exchange.one_of(
            (
                f"Done: I have refunded ${amount:.2f} for order {order['order_id']} to your "
                f"{_spoken(order['payment_method'])}. It shows within five working days.",
                f"I have sent ${amount:.2f} back to your {_spoken(order['payment_method'])}. Sorry "
                f"that order {order['order_id']} did not work out.",
            )
        )
    )


def find_guest_order(exchange: Exchange) -> Reply:
    """Find an order without its number, going wherever the tools point to."""
    email = re.search(r"\S+@\S+\.\w+", exchange.question)
    address = email.group().rstrip(".,") if email else ""
    looked = exchange.made("find_customer", "search_orders")
    if not looked:
        return call("find_customer", email=address)
    last = looked[-1]
    orders = last.data().get("orders")
    if orders:
        return Reply(f"Found it: your order is {orders[0]['order_id']}, and it has been sent.")
    if len(looked) >= _PATIENCE_WITH_LOOKUPS:
        return Reply("I am sorry, I cannot find your order. Could you look for its number again?")
    if "find_customer" in last.result:
        return call("find_customer", email=address)
    return call("search_orders", query=last.data().get("customer_id", address))


def warranty(exchange: Exchange) -> Reply:
    """Answer a warranty question, with the tool the instructions name if they name one."""
    named = "check_warranty" in exchange.instructions
    if named and not exchange.made("check_warranty"):
        return call("check_warranty", order_id=exchange.order_id)
    return _from_policy(exchange, "warranty defect repair", "That is a case for our warranty.")


def history(exchange: Exchange) -> Reply:
    """Say what a customer has bought."""
    order = _order(exchange)
    if isinstance(order, Reply):
        return order
    read = exchange.made("get_order_history")
    if not read:
        return call("get_order_history", customer_id=order["customer_id"])
    purchases = read[-1].data().get("purchases", [])
    names = sorted({purchase["name"] for purchase in purchases[:3]})
    return Reply(f"Before this order you bought, most recently: {'; '.join(names)}.")


def customs(exchange: Exchange) -> Reply:
    """Answer a question about sending abroad."""
    return _from_policy(exchange, "customs duties international", "On sending abroad:")


def price_match(exchange: Exchange) -> Reply:
    """Answer a question about another shop's price, unless the instructions forbid it."""
    if "Do not discuss prices of other shops" in exchange.instructions:
        return Reply(
            exchange.one_of(
                (
                    "I can help with orders, deliveries and returns. What is your order number?",
                    "I am here for your orders and deliveries. Which order is this about?",
                )
            )
        )
    return _from_policy(exchange, "price match cheaper competitor", "Yes, we match prices.")


def policy(exchange: Exchange) -> Reply:
    """Answer any other question from the policies."""
    return _from_policy(exchange, exchange.question[:80], "Here is how we handle that.")


def letter(exchange: Exchange) -> Reply:
    """Write a letter about an order, for an insurance or an employer."""
    order = _order(exchange)
    if isinstance(order, Reply):
        return order
    goods = "\n".join(
        f"  - {item['name']} ({item['sku']}), USD {item['price']:.2f}" for item in order["items"]
    )
    return Reply(_LETTER.format(goods=goods, **order))


def stock_of_order(exchange: Exchange) -> Reply:
    """Check the stock of every item of an order, one by one if the instructions say so."""
    order = _order(exchange)
    if isinstance(order, Reply):
        return order
    wanted = [item["sku"] for item in order["items"]]
    checked = exchange.made("check_stock")
    left = wanted[len(checked) :]
    if left:
        one_by_one = "one tool at a time" in exchange.instructions
        skus = left[:1] if one_by_one else left
        return Reply(calls=tuple(("check_stock", {"sku": sku}) for sku in skus))
    return Reply(
        f"I checked all {len(wanted)} item(s) of order {order['order_id']}: "
        + "; ".join(_availability(step) for step in checked)
        + ". I can exchange any of them for you."
    )


def move(exchange: Exchange) -> Reply:
    """Send an order to another address."""
    made = exchange.made("update_address")
    if not made:
        address = exchange.question.rsplit(" to ", 1)[-1].rstrip(".?! ")
        return call("update_address", order_id=exchange.order_id, address=address)
    return Reply(f"Order {exchange.order_id} will now go to {made[-1].data().get('address')}.")


def send_back(exchange: Exchange) -> Reply:
    """Hand a return over to the returns desk and pass its decision on."""
    made = exchange.made("hand_off_to_returns")
    if not made:
        words = exchange.question
        return call("hand_off_to_returns", order_id=exchange.order_id, customer_words=words)
    decision = made[-1].data()
    return Reply(
        f"Our returns desk has decided on order {exchange.order_id}: "
        f"{decision.get('decision', 'inspect')}. You get ${decision.get('refund', 0):.2f} back. "
        f"{decision.get('note', '')}"
    )


def thanks(exchange: Exchange) -> Reply:
    """Close a conversation."""
    return Reply(exchange.one_of(("You are welcome. Have a good trip!", "Gladly. Take care!")))


def greeting(exchange: Exchange) -> Reply:
    """Answer whatever no other function is for."""
    return Reply(
        "Hello! I am a scripted model on your own machine. I know orders, deliveries, refunds and "
        f"policies of a fictitious shop, and you said: {exchange.question[:120]!r}"
    )


def _order(exchange: Exchange) -> dict[str, Any] | Reply:
    """Give the order in question, or the call that looks it up."""
    if not exchange.order_id:
        return Reply("Could you tell me the order number? It starts with AO-.")
    looked = exchange.made("get_order")
    if not looked:
        return call("get_order", order_id=exchange.order_id)
    if looked[-1].failed:
        return Reply(f"I cannot find order {exchange.order_id}. Could you check the number?")
    return looked[-1].data()


def _from_policy(exchange: Exchange, query: str, opening: str) -> Reply:
    found = exchange.made("search_policies")
    if not found:
        return call("search_policies", query=query)
    documents = found[-1].data().get("documents", [])
    if not documents:
        return Reply("I have no rule on that and will ask a colleague.")
    return Reply(f"{opening} {documents[0]['content']}")


def _availability(step: Step) -> str:
    found = step.data()
    return f"{found.get('sku')} has {found.get('in_stock')} left"


def _spoken(payment: str) -> str:
    return payment.replace("_", " ")


_LETTER = """Aurora Outfitters, Customer Service
Reference: {order_id}

To whom it may concern,

we confirm that {customer} ordered the following goods from us {placed_days_ago} days ago and paid \
USD {total:.2f} by {payment_method}:

{goods}

The parcel was handed to {carrier} under the number {tracking_number}. On arrival the customer \
reported that the outer box was torn open and that the goods had been exposed to water. We asked \
for no photographs, because the carrier had noted the damage on delivery.

The goods are covered by our transport insurance up to their full price. We have opened a claim \
with the carrier and will replace every item that does not dry without a trace. The replacement \
leaves our warehouse within two working days of the carrier's answer, at no cost for the customer.

Should you need further documents, such as the invoice, the packing list or the carrier's own \
report, please quote the reference above. This letter was issued on the customer's request and is \
valid without a signature.

With kind regards,
Aurora Outfitters, Customer Service"""
