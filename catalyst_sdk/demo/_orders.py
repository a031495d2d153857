"""What the fictitious shop sells, and the orders of a run's customers."""

from __future__ import annotations

import random
from typing import Any

import msgspec


class Product(msgspec.Struct, frozen=True):
    """Something the shop sells; *price* in USD."""

    sku: str
    name: str
    price: float


CATALOGUE = (
    Product("TNT-2P-GRN", "Borealis 2-person tent", 289.00),
    Product("SLP-M10-BLU", "Polar Night sleeping bag, -10 °C", 179.00),
    Product("BPK-55L-GRY", "Ridgeline 55 l backpack", 164.50),
    Product("STV-GAS-01", "Ember gas stove", 59.90),
    Product("JKT-RAIN-M", "Stormfront rain jacket, M", 139.00),
    Product("BTS-HIKE-42", "Granite hiking boots, 42", 154.00),
    Product("LMP-HEAD-400", "Beacon headlamp, 400 lm", 44.95),
    Product("MAT-AIR-REG", "Cloudline air mat", 89.00),
    Product("FLT-H2O-02", "Clearbrook water filter", 39.50),
    Product("PLS-TREK-CF", "Featherlight trekking poles", 99.00),
    Product("SHL-ULTRA-S", "Whisper down jacket, S", 219.00),
    Product("KNF-FOLD-8", "Birch folding knife", 34.00),
)

NAMES = (
    "Maya Lindqvist", "Tom Okafor", "Priya Raman", "Jonas Weber", "Elena Petrova", "Luis Ortega",
    "Hannah Kim", "Ahmed Saleh", "Grace Mbeki", "Noah Tremblay", "Sofia Rossi", "Ivan Novak",
    "Chloe Martin", "Diego Alvarez", "Aiko Tanaka", "Ben Carter", "Leila Haddad", "Oskar Nilsson",
    "Ruth Adeyemi", "Sam Fletcher", "Ines Duarte", "Piotr Zielinski", "Wei Chen", "Nora Quinn",
    "Kofi Mensah", "Marta Silva", "Erik Johansen", "Zoe Bennett", "Omar Farouk", "Lucy Hart",
    "Viktor Hale", "Anna Kowalski", "Felix Braun", "Rosa Medina", "Yuki Mori", "Dan Murphy",
    "Farah Aziz", "Paul Girard", "Tara Singh", "Joel Rivera",
)  # fmt: skip


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A customer's order."""

    order_id: str
    customer_id: str
    name: str
    email: str
    items: tuple[Product, ...]
    carrier: str
    payment: str
    status: str
    days_ago: int

    @property
    def total(self) -> float:
        """What was paid, in USD."""
        return round(sum(item.price for item in self.items), 2)

    @property
    def tracking_number(self) -> str:
        """The carrier's number of the parcel."""
        prefix = "NP" if self.carrier == "NorthPost" else "PJ"
        return f"{prefix}{self.order_id.removeprefix('AO-')}04"

    def record(self) -> dict[str, Any]:
        """Give the order as the shop's system returns it."""
        return {
            "order_id": self.order_id,
            "customer_id": self.customer_id,
            "customer": self.name,
            "status": self.status,
            "placed_days_ago": self.days_ago,
            "items": [
                {"sku": item.sku, "name": item.name, "price": item.price} for item in self.items
            ],
            "total": self.total,
            "currency": "USD",
            "payment_method": self.payment,
            "carrier": self.carrier,
            "tracking_number": self.tracking_number,
        }


class OrderBook:
    """Writes the orders of one run's customers, the same ones for the same seed."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._orders: dict[str, Order] = {}
        self._customers = 0

    def customer(self) -> tuple[str, str]:
        """Give a new customer's id and name."""
        number = self._customers
        self._customers += 1
        return f"cus_{3100 + 7 * number}", NAMES[number % len(NAMES)]

    def place(
        self,
        customer: tuple[str, str],
        *,
        items: int = 0,
        carrier: str = "ParcelJet",
        payment: str = "card",
        status: str = "shipped",
    ) -> Order:
        """Add an order of *items* different products (1 to 3 when 0)."""
        customer_id, name = customer
        order = Order(
            order_id=f"AO-{40000 + 37 * len(self._orders) + self._rng.randrange(30)}",
            customer_id=customer_id,
            name=name,
            email=name.lower().replace(" ", ".") + "@example.com",
            items=tuple(self._rng.sample(CATALOGUE, items or self._rng.randint(1, 3))),
            carrier=carrier,
            payment=payment,
            status=status,
            days_ago=self._rng.randint(2, 21),
        )
        self._orders[order.order_id] = order
        return order

    def find(self, order_id: str) -> Order | None:
        """Give the order of this number."""
        return self._orders.get(order_id)

    def tracked(self, tracking_number: str) -> Order | None:
        """Give the order whose parcel has this number."""
        return next(
            (o for o in self._orders.values() if o.tracking_number == tracking_number), None
        )

    def by_email(self, email: str) -> Order | None:
        """Give an order placed with this e-mail address."""
        return next((o for o in self._orders.values() if o.email == email), None)

    def of(self, customer_id: str) -> list[Order]:
        """Give a customer's orders, oldest first."""
        return [o for o in self._orders.values() if o.customer_id == customer_id]
