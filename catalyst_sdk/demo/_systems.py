"""The shop's systems behind the tools: orders, carriers, payments, stock, policies.

Latencies are a real system's, scaled down; the planted faults live here and not in the agent.
"""

from __future__ import annotations

import time
import zlib
from typing import Any

from catalyst_sdk.demo._orders import CATALOGUE, Order, OrderBook
from catalyst_sdk.demo._policies import POLICIES, Policy

_CARRIER_TIMEOUT_S = 0.8
_CUSTOMS_SEARCH_S = 1.4
_LOOKUP_S = 0.008
_SEARCH_S = 0.02

_PURCHASES_IN_FULL_HISTORY = 85
_PURCHASES_IN_SHORT_HISTORY = 5


class CarrierTimeout(TimeoutError):
    """A carrier did not answer in time."""


class UnknownOrder(LookupError):
    """There is no order of this number."""


class Systems:
    """What the tools call; *flaws* are those planted here."""

    def __init__(self, book: OrderBook, flaws: frozenset[str]) -> None:
        self._book = book
        self._flaws = flaws

    def order(self, order_id: str) -> dict[str, Any]:
        """Read an order."""
        time.sleep(_LOOKUP_S)
        return self._order(order_id).record()

    def shipment(self, tracking_number: str) -> dict[str, Any]:
        """Ask the carrier where a parcel is."""
        order = self._book.tracked(tracking_number)
        if order is None:
            raise UnknownOrder(f"No parcel has the tracking number {tracking_number}.")
        if order.carrier == "NorthPost" and "carrier_timeout" in self._flaws:
            time.sleep(_CARRIER_TIMEOUT_S)
            raise CarrierTimeout(f"{order.carrier} did not answer within {_CARRIER_TIMEOUT_S} s")
        time.sleep(_SEARCH_S)
        return {
            "tracking_number": tracking_number,
            "carrier": order.carrier,
            "status": "in_transit",
            "last_scan": "Regional sorting centre",
            "expected_in_days": 1 + order.days_ago % 3,
        }

    def refund(self, order_id: str, amount: float, reason: str) -> dict[str, Any]:
        """Pay back *amount* USD."""
        order = self._order(order_id)
        time.sleep(_LOOKUP_S)
        if order.payment == "gift_card" and "silent_refund_failure" in self._flaws:
            return {
                "success": False,
                "error": "payment method gift_card is not supported by gateway v1",
                "order_id": order_id,
            }
        return {
            "success": True,
            "refund_id": f"re_{zlib.crc32(order_id.encode()):08x}",
            "amount": min(amount, order.total),
            "to": order.payment,
            "reason": reason,
        }

    def customer(self, email: str) -> dict[str, Any]:
        """Find a customer's record by e-mail address."""
        time.sleep(_LOOKUP_S)
        order = self._book.by_email(email)
        if order is None:
            return {"found": False, "message": f"No customer has the address {email}."}
        if "lookup_loop" in self._flaws:
            return {
                "found": False,
                "message": "Guest purchase: no customer record. Use search_orders instead.",
            }
        return {"found": True, "customer_id": order.customer_id, "name": order.name}

    def search(self, query: str) -> dict[str, Any]:
        """Search orders by customer id or e-mail address."""
        time.sleep(_LOOKUP_S)
        if "@" in query and "lookup_loop" in self._flaws:
            return {
                "orders": [],
                "message": "Guest purchases need a customer id. Use find_customer first.",
            }
        orders = self._book.of(query)
        return {"orders": [order.record() for order in orders]}

    def history(self, customer_id: str) -> dict[str, Any]:
        """List what a customer has bought."""
        time.sleep(_SEARCH_S)
        full = "oversized_history" in self._flaws
        count = _PURCHASES_IN_FULL_HISTORY if full else _PURCHASES_IN_SHORT_HISTORY
        return {
            "customer_id": customer_id,
            "purchases": [_purchase(customer_id, number, full=full) for number in range(count)],
        }

    def stock(self, sku: str) -> dict[str, Any]:
        """Say how many of a product are in the warehouse."""
        time.sleep(_LOOKUP_S)
        return {"sku": sku, "in_stock": 3 + zlib.crc32(sku.encode()) % 20, "warehouse": "Reno"}

    def move(self, order_id: str, address: str) -> dict[str, Any]:
        """Send an order to another address."""
        order = self._order(order_id)
        time.sleep(_LOOKUP_S)
        return {"success": True, "order_id": order.order_id, "address": address}

    def policies(self, query: str) -> list[dict[str, Any]]:
        """Find the policies nearest to *query*, best first."""
        words = {word.strip("?.,!").lower() for word in query.split()}
        slow = "slow_policy_search" in self._flaws and "customs" in words
        time.sleep(_CUSTOMS_SEARCH_S if slow else _SEARCH_S)
        if "wrapping" in words and "policy_missing" in self._flaws:
            return []
        ranked = sorted(POLICIES, key=lambda policy: -_score(policy, words))
        return [
            {"id": policy.id, "score": _score(policy, words), "content": policy.text}
            for policy in ranked[:2]
        ]

    def _order(self, order_id: str) -> Order:
        order = self._book.find(order_id)
        if order is None:
            raise UnknownOrder(f"There is no order {order_id}.")
        return order


def _score(policy: Policy, words: set[str]) -> float:
    return round(min(0.95, 0.4 + 0.2 * len(policy.words & words)), 2)


def _purchase(customer_id: str, number: int, *, full: bool) -> dict[str, Any]:
    product = CATALOGUE[(zlib.crc32(customer_id.encode()) + number * 5) % len(CATALOGUE)]
    purchase: dict[str, Any] = {
        "order_id": f"AO-{39000 - number * 61}",
        "sku": product.sku,
        "name": product.name,
        "price": product.price,
    }
    if full:
        purchase["audit_trail"] = [
            {"event": event, "by": f"svc-{event}", "at_minute": number * 1440 + minute * 35}
            for minute, event in enumerate(
                ("created", "paid", "picked", "packed", "handed_to_carrier", "delivered")
            )
        ]
    return purchase
