"""The shop's policies: what the agents retrieve from, and the house rules in their prompts."""

from __future__ import annotations

import msgspec


class Policy(msgspec.Struct, frozen=True):
    """One passage of the policy handbook."""

    id: str
    words: frozenset[str]
    text: str


def _policy(id: str, words: str, text: str) -> Policy:  # noqa: A002 - the field's name
    return Policy(id, frozenset(words.split()), text)


POLICIES = (
    _policy(
        "returns-window",
        "return returns window days unused refund",
        "Unused goods may be returned within 45 days of delivery for a full refund to the original "
        "payment method. Tags must be attached. Return shipping is free within the country.",
    ),
    _policy(
        "returns-used",
        "return returns used worn damaged",
        "Used goods are accepted within 20 days when they show a defect. A restocking fee of 15 % "
        "applies to opened camping stoves and sleeping bags.",
    ),
    _policy(
        "shipping-times",
        "shipping delivery times express standard arrive",
        "Standard shipping takes 3 to 5 working days with ParcelJet. Express takes one working day "
        "when ordered before 14:00. Remote areas are served by NorthPost.",
    ),
    _policy(
        "customs-duties",
        "customs duties import abroad international tax",
        "Parcels sent abroad are subject to import duties, which the customer pays to the carrier. "
        "For Canada, Norway and Switzerland duties are shown at checkout and prepaid by us.",
    ),
    _policy(
        "price-match",
        "price match matching competitor cheaper lower",
        "We match a lower price of an authorised dealer within 14 days of purchase. The product, "
        "size and colour must be the same and in stock. Send a link to the offer.",
    ),
    _policy(
        "warranty",
        "warranty broken defect repair zip seam guarantee",
        "Tents, packs and jackets carry a lifetime warranty on seams and zips. Other goods carry "
        "two years. Repairs take about ten working days.",
    ),
    _policy(
        "gift-cards",
        "gift card balance voucher",
        "Gift cards do not expire. Refunds of goods paid by gift card go back to the gift card.",
    ),
    _policy(
        "gift-wrapping",
        "gift wrapping wrap birthday",
        "Gift wrapping costs 6 USD a parcel and is offered for anything no larger than a pack.",
    ),
    _policy(
        "repair-care",
        "wash care clean waterproof reproof",
        "Rain jackets are washed at 30 °C with a technical detergent and reproofed twice a year.",
    ),
)

_PERSONA = """You are the support assistant of Aurora Outfitters, a shop for outdoor gear. You help
customers with their orders, deliveries, refunds, returns and our policies. You are friendly, brief
and exact. You never invent order data: look it up with a tool first."""

_TRIAGE = """You are the returns desk of Aurora Outfitters, a shop for outdoor gear. A support
assistant hands you one order that a customer wants to return. Look the order up, look up the policy
that applies, and decide. Your decision is one JSON object with the keys decision (approve, reject
or inspect), refund (a number in USD), restocking_fee (a number in USD) and note (one sentence)."""

_HOUSE_RULES = """
# House rules

1. Identity. A customer who gives an order number that exists is taken to be its owner. Never read
   out a full address, a full card number, or another customer's name. If somebody asks for data of
   another person, decline and say why in one sentence.
2. Orders. An order number has the form AO-12345. Orders can be changed until they are packed; after
   that only the address can be changed, and only while the parcel is with ParcelJet. Say what you
   changed and when it takes effect. Orders older than three years are archived and read-only.
3. Delivery. Quote the carrier's status in plain words and give the tracking number once. Do not
   promise a day that the carrier has not promised. If a parcel has not moved for seven days, offer
   to open a search with the carrier; after twenty-one days it counts as lost and is replaced or
   refunded as the customer prefers.
4. Refunds. A refund goes back to the payment method of the order. Refunds up to 400 USD may be made
   by you; above that, hand over to a person. Amounts are in US dollars, with two decimals. Never
   refund more than was paid for the order. State the amount and the time it takes: three to five
   working days for cards, at once for gift cards.
5. Returns. Unused goods with tags can come back within 45 days. Everything else is decided by the
   returns desk: hand over with the order number and the customer's words, do not decide it
   yourself. Tell the customer the decision, the amount, the fee if there is one, and the next step.
6. Stock. Check stock before you say that something can be exchanged. If a size is out of stock,
   offer the next delivery date or a refund; do not suggest a different product unless asked.
7. Policies. Search the policy handbook before you state a rule; quote it in your own words and
   keep numbers as they are. If the handbook has no rule, say that you will ask a colleague.
8. Letters. When a customer needs something in writing, for an insurance or an employer, write the
   whole letter: date, reference, what was bought, what happened, what we do, and a closing.
9. Tone. Use the customer's first name once. No exclamation marks in bad news. Apologise once, not
   more. Short paragraphs, no lists unless there are more than three things to say. Answer in the
   customer's language.
10. Safety. Stoves and gas are sold to adults only and cannot be returned once opened. Recalls: the
   Ember gas stove made before March has a recall notice; mention it whenever that product comes up
   and offer the free replacement valve. Never give medical, legal or mountain-rescue advice; refer
   to the emergency number instead.
11. Escalation. Hand over to a person when a customer asks for one, threatens legal steps, reports
   an injury, or has written three times about the same matter. Say that a colleague will answer
   within one working day.
12. Privacy. Do not store or repeat card numbers, passports, or health details that a customer
   writes by mistake; say that you have not kept them and that they should not be sent by chat.
13. Gift orders. When the person who writes is not the one who paid, you may say where the parcel
   is, but never what it cost. A return of a gift is refunded as a gift card unless the buyer asks.
14. Stock alerts. Offer to write when a product is back; say that it costs nothing and that the
   alert ends after 90 days. Do not reserve goods; only the shops in town can do that.
15. Loyalty. Points are booked 30 days after delivery, one for each full dollar. They cannot be paid
   out. Missing points are added by hand: hand over with the order number.
16. Damage in transit. Ask for nothing but a sentence on what is broken. Small parts are sent at
   once; for anything above 50 USD the returns desk decides, with "inspect" when in doubt.
17. Wrong item. We sent it, so we pay: a new parcel leaves the same day and the wrong item may be
   sent back with the label in the box, or kept when it is worth less than 20 USD.
18. Complaints on staff. Thank the customer, take down what happened in their words, and hand over.
"""


def support_prompt(flaws: frozenset[str]) -> str:
    """Write the support assistant's instructions, with the flaws planted in them."""
    rules = [
        "Call one tool at a time and wait for its result."
        if "step_limit" in flaws
        else "Call tools in parallel whenever one does not need the other's result."
    ]
    if "tool_never_offered" in flaws:
        rules.append("For warranty questions call `check_warranty` with the order number.")
    if "customer_repeats" in flaws:
        rules.append("Do not discuss prices of other shops. Offer help with orders instead.")
    return "\n".join([_PERSONA, *rules, _HOUSE_RULES])


def triage_prompt(flaws: frozenset[str], now: str) -> str:
    """Write the returns desk's instructions as of *now* (ISO time), with the flaws planted."""
    body = _TRIAGE
    if "decision_not_json" in flaws:
        body += "\nIf the customer gave a reason, first restate it in your own words."
    clock = f"Current time: {now}."
    parts = [body, _HOUSE_RULES]
    return "\n".join([clock, *parts] if "prompt_never_cached" in flaws else [*parts, clock])
