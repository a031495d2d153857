"""Who visits in a run, and with which stories: the same for the same seed."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from dataclasses import dataclass

from catalyst_sdk.demo._orders import OrderBook
from catalyst_sdk.demo._stories import EXPOSING, ORDINARY, Ask, Exposing, Scene, Story, thanks

_MORE_TO_ASK = 0.6
_SAYS_THANKS = 0.5

_EXPOSED_SHARE = 0.45
"""Of the sessions; the others meet no flaw."""

_STORIES_OF_EXPOSED = 3

_PHASE = 0.273
"""Found by trying: no story is told only in sessions where a certain other one is told too."""


@dataclass(frozen=True)
class Visit:
    """One session: who comes, what they ask, and the flaws their matters run into."""

    session_id: str
    user_id: str
    asks: tuple[Ask, ...]
    exposed_to: frozenset[str]
    stream: bool


def visits(count: int, rng: random.Random, book: OrderBook) -> list[Visit]:
    """Make up *count* sessions: the exposed ones have three stories that may go wrong."""
    told: Counter[Story] = Counter()
    order = itertools.cycle(_in_turn())
    exposed = max(1, round(count * _EXPOSED_SHARE))
    made = [
        _visit(tuple(itertools.islice(order, _STORIES_OF_EXPOSED)), number, rng, book, told)
        if number < exposed
        else _visit((), number, rng, book, told)
        for number in range(count)
    ]
    rng.shuffle(made)
    return made


def _in_turn() -> list[Exposing]:
    """Give each story as often as its share says, spread over the whole."""
    places = (
        ((time + place * _PHASE % 1) / exposing.share, place)
        for place, exposing in enumerate(EXPOSING)
        for time in range(exposing.share)
    )
    return [EXPOSING[place] for _, place in sorted(places)]


def _visit(
    stories: tuple[Exposing, ...],
    number: int,
    rng: random.Random,
    book: OrderBook,
    told: Counter[Story],
) -> Visit:
    customer = book.customer()

    def tell(story: Story) -> Ask:
        told[story] += 1
        return story(Scene(rng, book, customer, told[story] - 1))

    asks = [tell(ORDINARY[number % len(ORDINARY)]), *(tell(exposing.story) for exposing in stories)]
    if not stories and rng.random() < _MORE_TO_ASK:
        asks.append(tell(ORDINARY[(number + 2) % len(ORDINARY)]))
    if rng.random() < _SAYS_THANKS:
        asks.append(tell(thanks))
    return Visit(
        session_id=f"ses_{rng.getrandbits(40):010x}",
        user_id=customer[0],
        asks=tuple(asks),
        exposed_to=frozenset(flaw for exposing in stories for flaw in exposing.flaws),
        stream=number % 2 == 0,
    )
