"""What the customers of a run come with: the same people and words for the same seed.

A story is one matter of one customer. It says which flaw it runs into, if that flaw is planted.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass

from catalyst_sdk.demo._orders import CATALOGUE, OrderBook

Customer = tuple[str, str]


@dataclass(frozen=True)
class Ask:
    """One message; *again* is what the customer says while the answer lacks *wants*."""

    text: str
    again: tuple[str, ...] = ()
    wants: str = ""

    def content_with(self, answer: str) -> bool:
        """Whether an answer settles the matter."""
        return bool(re.search(self.wants, answer, re.IGNORECASE))


@dataclass(frozen=True)
class Scene:
    """What a story is made from."""

    rng: random.Random
    book: OrderBook
    customer: Customer
    round: int
    """How often this story has been told in the run."""


Story = Callable[[Scene], Ask]


def _parcel(scene: Scene) -> Ask:
    order = scene.book.place(scene.customer)
    wordings = (
        f"Hi, where is my order {order.order_id}?",
        f"Can you track {order.order_id} for me please",
        f"{order.order_id} should arrive before the weekend, will it?",
        f"Any news on the parcel for {order.order_id}?",
    )
    return Ask(scene.rng.choice(wordings))


def _remote_parcel(scene: Scene) -> Ask:
    order = scene.book.place(scene.customer, carrier="NorthPost")
    wordings = (
        f"I live far up north. Where is order {order.order_id}?",
        f"Order {order.order_id} goes to my cabin. Can you track it?",
        f"Has my parcel {order.order_id} left yet? We set out on Friday.",
    )
    return Ask(wordings[scene.round % 3])


def _refund(scene: Scene) -> Ask:
    order = scene.book.place(scene.customer, items=1)
    wordings = (
        f"I changed my mind on {order.order_id}, please refund it.",
        f"Please cancel {order.order_id} and give me my money back.",
        f"Can I get a refund for {order.order_id}? The trip is off.",
    )
    return Ask(scene.rng.choice(wordings))


def _gift_card_refund(scene: Scene) -> Ask:
    order = scene.book.place(scene.customer, items=1, payment="gift_card")
    wordings = (
        f"Please refund order {order.order_id}. I paid it with a gift card.",
        f"I want my money back for {order.order_id}, it was a present I do not need.",
        f"Refund for {order.order_id} please, it came too late for the trip.",
    )
    return Ask(wordings[scene.round % 3])


def _partial_refund(scene: Scene) -> Ask:
    order = scene.book.place(scene.customer, items=2)
    amount = scene.rng.choice((15, 20, 25, 30))
    wordings = (
        f"A buckle on {order.order_id} is scratched. Could I get a ${amount} refund for that?",
        f"We agreed on ${amount} off for the dented pot in {order.order_id}. Please refund that.",
        f"You charged ${amount} too much on {order.order_id}. I would like that money back.",
    )
    return Ask(wordings[scene.round % 3])


def _guest(scene: Scene) -> Ask:
    order = scene.book.place(scene.customer)
    wordings = (
        f"I ordered as a guest and lost the number. My e-mail is {order.email}.",
        f"I bought without an account, with {order.email}. Can you find my order?",
        f"Guest order here, address {order.email}. What is the order number?",
    )
    return Ask(wordings[scene.round % 3])


def _warranty(scene: Scene) -> Ask:
    order = scene.book.place(scene.customer)
    part = scene.rng.choice(("zip", "seam", "buckle", "pole"))
    wordings = (
        f"The {part} broke after two trips. Is {order.order_id} still under warranty?",
        f"{order.order_id}: the {part} came apart. What does your warranty say?",
        f"How is it with the guarantee for {order.order_id}? The {part} gave way last night.",
    )
    return Ask(wordings[scene.round % 3])


def _history(scene: Scene) -> Ask:
    order = scene.book.place(scene.customer)
    wordings = (
        f"I am about to reorder. What had I bought before {order.order_id}?",
        f"Which fuel did I get last year? It is in my order history, before {order.order_id}.",
        f"Please look up my earlier orders, the latest is {order.order_id}. Which tent do I have?",
    )
    return Ask(wordings[scene.round % 3])


def _customs(scene: Scene) -> Ask:
    country = ("Norway", "Chile", "Japan")[scene.round % 3]
    wordings = (
        f"If you send a tent to {country}, who pays the customs duties?",
        f"I am in {country} this spring. Do you ship abroad, and what about duties?",
        f"Does anything sent to {country} go through customs, and who pays?",
    )
    return Ask(wordings[scene.round % 3])


def _letter(scene: Scene) -> Ask:
    order = scene.book.place(scene.customer, items=2)
    wordings = (
        f"{order.order_id} arrived soaked. My insurance asks for a letter from you on what was in "
        "it and what you will do. Can you write that?",
        f"The box of {order.order_id} was torn open. Please confirm it in writing, with prices.",
        f"I need a letter for my travel insurance about {order.order_id}, it came wet and torn.",
    )
    return Ask(wordings[scene.round % 3])


def _long_order(scene: Scene) -> Ask:
    order = scene.book.place(scene.customer, items=9)
    wordings = (
        f"We ordered gear for the whole group, {order.order_id}, but some sizes are wrong. Is "
        "every item still available?",
        f"For our scouts: is each item of {order.order_id} still in stock? We lost one bag.",
        f"Please check every item in {order.order_id}, we want the same set again.",
    )
    return Ask(wordings[scene.round % 3])


def _price_match(scene: Scene) -> Ask:
    shop, percent = ("Northpeak", "Trailhead", "Gearbarn")[scene.round % 3], 10 + 5 * scene.round
    return Ask(
        f"{shop} sells the same Borealis tent {percent} % cheaper. Do you match their price?",
        again=(
            f"My question was: do you match the price of {shop} for the same Borealis tent?",
            f"Again: {shop} sells the same tent cheaper. Do you match their price, yes or no?",
        ),
        wants="match",
    )


def _busy_hour(scene: Scene) -> Ask:
    order = scene.book.place(scene.customer)
    late = " Your page crawls, too." if scene.round % 3 == 2 else ""
    return Ask(f"I got a jacket in the Midnight Drop. Where is {order.order_id}?{late}")


def _return(scene: Scene) -> Ask:
    order = scene.book.place(scene.customer, items=1, status="delivered")
    wordings = (
        f"I would like to send {order.order_id} back, it is unused.",
        f"How do I send my order {order.order_id} back? Tags are still on.",
        f"Return {order.order_id} please. Never worn.",
    )
    return Ask(wordings[scene.round % 3])


def _return_with_reason(scene: Scene) -> Ask:
    order = scene.book.place(scene.customer, items=1, status="delivered")
    reasons = (
        "it is a size too small for my son",
        "the colour is not the one in the picture",
        "my partner had bought the same one",
    )
    return Ask(f"I want to return {order.order_id} because {reasons[scene.round % 3]}.")


def _sizes(scene: Scene) -> Ask:
    order = scene.book.place(scene.customer, items=2)
    wordings = (
        f"Could I swap what is in {order.order_id} for another size?",
        f"Do you have the things in {order.order_id} in stock in another size?",
        f"I picked the wrong sizes in {order.order_id}. Is another size in stock?",
    )
    return Ask(scene.rng.choice(wordings))


def _new_address(scene: Scene) -> Ask:
    order = scene.book.place(scene.customer)
    street = scene.rng.choice(("14 Birch Lane", "3 Harbour Road", "221 Mill Street"))
    wordings = (
        f"I moved. Please deliver {order.order_id} to {street}, 9450 Alder.",
        f"Could you redirect {order.order_id} to {street}, 9450 Alder?",
        f"There is a new address for {order.order_id}. It should go to {street}, 9450 Alder.",
    )
    return Ask(scene.rng.choice(wordings))


def _policy(scene: Scene) -> Ask:
    goods, days = scene.rng.choice(CATALOGUE).name, scene.rng.randint(3, 40)
    wordings = (
        f"How long does shipping take for the {goods}, standard delivery?",
        f"I have had the {goods} for {days} days, unused. How long is your return window?",
        f"Somebody gave me {days + 20} dollars on one of your gift cards. Do gift cards expire?",
        f"My rain jacket is {days} days old and dirty. Any policy on how to wash it?",
    )
    return Ask(wordings[(scene.round + scene.rng.randint(0, 1)) % 4])


def _gift_wrap(scene: Scene) -> Ask:
    wordings = (
        "Do you offer gift wrapping, and what does it cost?",
        "It is a birthday present. Do you do gift wrapping?",
        "Do you have a gift wrapping service for large parcels like a tent?",
    )
    return Ask(wordings[scene.round % 3])


def thanks(scene: Scene) -> Ask:
    """Tell the story of somebody who is done."""
    return Ask(scene.rng.choice(("Thank you!", "Perfect, thanks.", "Great, thank you a lot.")))


@dataclass(frozen=True)
class Exposing:
    """A story, the flaws it runs into, and its part of all stories that run into one."""

    story: Story
    flaws: tuple[str, ...]
    share: int


EXPOSING = (
    Exposing(_remote_parcel, ("carrier_timeout",), 7),
    Exposing(_gift_card_refund, ("silent_refund_failure",), 7),
    Exposing(_long_order, ("step_limit",), 5),
    Exposing(_gift_wrap, ("policy_missing",), 5),
    Exposing(_warranty, ("tool_never_offered",), 3),
    Exposing(_guest, ("lookup_loop",), 3),
    Exposing(_partial_refund, ("arguments_break_schema",), 3),
    Exposing(_history, ("oversized_history",), 3),
    Exposing(_customs, ("slow_policy_search",), 3),
    Exposing(_letter, ("answer_cut",), 3),
    Exposing(_price_match, ("customer_repeats",), 3),
    Exposing(_busy_hour, ("rate_limited",), 3),
    Exposing(_return_with_reason, ("decision_not_json", "prompt_never_cached"), 3),
    Exposing(_return, ("prompt_never_cached",), 3),
)

ORDINARY: tuple[Story, ...] = (_parcel, _refund, _sizes, _new_address, _policy)
"""Stories that run into none."""
