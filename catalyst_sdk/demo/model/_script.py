"""Chooses what the scripted model does: the first matter whose words occur in the question."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable

from catalyst_sdk.demo.model import _support
from catalyst_sdk.demo.model._exchange import Exchange
from catalyst_sdk.demo.model._triage import decide_return
from catalyst_sdk.demo.provider import ChatRequest, Refusal, Reply, Script

_MATTERS: tuple[tuple[str, Callable[[Exchange], Reply]], ...] = (
    (r"insurance|letter|in writing", _support.letter),
    (r"gift wrap|gift cards", _support.policy),
    (r"customs|dut(y|ies)|abroad", _support.customs),
    (r"cheaper|price.match|match.*price", _support.price_match),
    (r"warranty|guarantee", _support.warranty),
    (r"guest|without.*account", _support.find_guest_order),
    (r"bought before|order history|earlier orders", _support.history),
    (r"every item|each item|in stock|another size", _support.stock_of_order),
    (r"send .*back|return ao-", _support.send_back),
    (r"refund|money back", _support.refund),
    (r"i moved|new address|redirect", _support.move),
    (r"where is|track|arrive|parcel|midnight drop", _support.track),
    (r"thank|perfect|great,", _support.thanks),
    (r"policy|how long|do you|do gift|can i|shipping", _support.policy),
)

_LOAD: tuple[tuple[str, int], ...] = ((r"midnight drop.*crawl", 9), (r"midnight drop", 2))
"""Words of a busy hour, and how often in a row the provider then refuses a request."""


def answer(request: ChatRequest) -> Reply:
    """Decide what the model answers, from nothing but the request."""
    exchange = Exchange(request)
    if "returns desk of Aurora" in exchange.instructions:
        return decide_return(exchange)
    question = exchange.question.lower()
    for words, matter in _MATTERS:
        if re.search(words, question):
            reply = matter(exchange)
            return reply if _knows(exchange, reply) else _support.greeting(exchange)
    return _support.greeting(exchange)


def _knows(exchange: Exchange, reply: Reply) -> bool:
    """Whether the tools a reply calls are offered, or at least named in the instructions."""
    return all(
        exchange.description(name) or name in exchange.instructions for name, _ in reply.calls
    )


def under_load(script: Script) -> Script:
    """Refuse requests of a busy hour with 429 before *script* answers them."""
    refused: Counter[tuple[str, int]] = Counter()
    lock = threading.Lock()

    def busy(request: ChatRequest) -> Reply | Refusal:
        question = Exchange(request).question.lower()
        limit = next((times for words, times in _LOAD if re.search(words, question)), 0)
        key = (question, len(request.messages))
        with lock:
            if refused[key] >= limit:
                return script(request)
            refused[key] += 1
        return Refusal(
            429,
            f"Rate limit reached for {request.model} on tokens per min (TPM): Limit 200000, "
            f"Used 199{len(question) % 1000:03d}. Please try again in 900ms.",
            type="tokens",
            code="rate_limit_exceeded",
            retry_after_s=0.9,
        )

    return busy
