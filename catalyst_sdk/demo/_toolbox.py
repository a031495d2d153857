"""The tools of the demo's agents: what they offer to the model, and what they do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from catalyst_sdk import trace_span
from catalyst_sdk.demo._systems import Systems

ToolResult = dict[str, Any]
HandOff = Callable[[str, str], ToolResult]
"""Gives an order number and the customer's words to another agent; returns its decision."""

_TEXT = {"type": "string"}


class Toolbox:
    """The tools over one shop's systems; *hand_off* is what reaches the returns desk."""

    def __init__(self, systems: Systems, hand_off: HandOff | None = None) -> None:
        self._systems = systems
        self._hand_off = hand_off

    def run(self, name: str, arguments: dict[str, Any]) -> ToolResult:
        """Run a tool by the name the model gave."""
        if name not in SPECIFICATIONS:
            return {"error": f"unknown tool {name}"}
        return getattr(self, name)(**arguments)

    @trace_span("get_order", kind="TOOL")
    def get_order(self, order_id: str) -> ToolResult:
        """Read an order: status, items, total, payment, carrier and tracking number."""
        return self._systems.order(order_id)

    @trace_span("track_shipment", kind="TOOL")
    def track_shipment(self, tracking_number: str) -> ToolResult:
        """Ask the carrier where a parcel is."""
        return self._systems.shipment(tracking_number)

    @trace_span("issue_refund", kind="TOOL")
    def issue_refund(self, order_id: str, amount: float, reason: str) -> ToolResult:
        """Pay money back to the payment method of an order."""
        if isinstance(amount, str):
            raise TypeError(f"amount must be a number, got {amount!r}")
        return self._systems.refund(order_id, amount, reason)

    @trace_span("find_customer", kind="TOOL")
    def find_customer(self, email: str) -> ToolResult:
        """Find a customer's id by e-mail address."""
        return self._systems.customer(email)

    @trace_span("search_orders", kind="TOOL")
    def search_orders(self, query: str) -> ToolResult:
        """Search orders by customer id or e-mail address."""
        return self._systems.search(query)

    @trace_span("get_order_history", kind="TOOL")
    def get_order_history(self, customer_id: str) -> ToolResult:
        """List what a customer bought before."""
        return self._systems.history(customer_id)

    @trace_span("check_stock", kind="TOOL")
    def check_stock(self, sku: str) -> ToolResult:
        """Say how many of a product are in the warehouse."""
        return self._systems.stock(sku)

    @trace_span("update_address", kind="TOOL")
    def update_address(self, order_id: str, address: str) -> ToolResult:
        """Send an order to another address."""
        return self._systems.move(order_id, address)

    @trace_span("search_policies", kind="TOOL")
    def search_policies(self, query: str) -> ToolResult:
        """Search the policy handbook."""
        return {"documents": self._retrieve(query)}

    @trace_span("hand_off_to_returns", kind="TOOL")
    def hand_off_to_returns(self, order_id: str, customer_words: str) -> ToolResult:
        """Give a return to the returns desk, which decides."""
        if self._hand_off is None:
            return {"error": "the returns desk is closed"}
        return self._hand_off(order_id, customer_words)

    @trace_span("policy_index", kind="RETRIEVER")
    def _retrieve(self, query: str) -> list[dict[str, Any]]:
        return self._systems.policies(query)


def _tool(description: str, **properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "description": description,
        "parameters": {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        },
    }


SPECIFICATIONS: dict[str, dict[str, Any]] = {
    "get_order": _tool(
        "Read an order: status, items, total, payment method, carrier and tracking number.",
        order_id={**_TEXT, "description": "Order number, for example AO-40112."},
    ),
    "track_shipment": _tool(
        "Ask the carrier where a parcel is.",
        tracking_number={**_TEXT, "description": "From get_order."},
    ),
    "issue_refund": _tool(
        "Pay money back to the payment method of an order. At most what was paid.",
        order_id=_TEXT,
        amount={"type": "number", "description": "Amount in USD, for example 45.0."},
        reason={**_TEXT, "description": "One short sentence for the books."},
    ),
    "find_customer": _tool("Find a customer's id by e-mail address.", email=_TEXT),
    "search_orders": _tool(
        "Search orders.",
        query={**_TEXT, "description": "A customer id (cus_…) or an e-mail address."},
    ),
    "get_order_history": _tool("List what a customer bought before.", customer_id=_TEXT),
    "check_stock": _tool("Say how many of a product are in the warehouse.", sku=_TEXT),
    "update_address": _tool(
        "Send an order to another address.",
        order_id=_TEXT,
        address={**_TEXT, "description": "Street, postcode and town in one line."},
    ),
    "search_policies": _tool(
        "Search the policy handbook: returns, shipping, customs, warranty, gift cards, prices.",
        query={**_TEXT, "description": "A few words."},
    ),
    "hand_off_to_returns": _tool(
        "Give a return to the returns desk, which decides.",
        order_id=_TEXT,
        customer_words={**_TEXT, "description": "What the customer wrote, unchanged."},
    ),
}
"""Tool name to description and JSON schema."""


def offered(flaws: frozenset[str], *names: str) -> list[dict[str, Any]]:
    """Give the `tools` of a request (all when no names are given), with the flaws planted."""
    specifications = {name: SPECIFICATIONS[name] for name in names or SPECIFICATIONS}
    if "arguments_break_schema" in flaws and "issue_refund" in specifications:
        specifications["issue_refund"] = _with_amount_as_text(specifications["issue_refund"])
    return [
        {"type": "function", "function": {"name": name, **specification}}
        for name, specification in specifications.items()
    ]


def _with_amount_as_text(specification: dict[str, Any]) -> dict[str, Any]:
    properties = specification["parameters"]["properties"]
    misled = {"type": "number", "description": 'Amount with currency, for example "$45.00".'}
    parameters = {**specification["parameters"], "properties": {**properties, "amount": misled}}
    return {**specification, "parameters": parameters}
