"""What a backend said to one request."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Verdict(Enum):
    """What is to be done with the spans of the request."""

    DELIVERED = "delivered"
    """Nothing: the backend has them."""
    TOO_LARGE = "too large"
    """Send them in smaller requests."""
    LATER = "later"
    """Keep them: the backend is away or busy."""
    FAILED = "failed"
    """The backend broke on this request: try it a few more times, others meanwhile."""
    REFUSED = "refused"
    """Drop them: no repetition will help."""


class Answer(NamedTuple):
    """A verdict, and the backend's own words."""

    verdict: Verdict
    words: str = ""
    after: float | None = None
    """Seconds the backend asked to be left alone (LATER)."""
    rejected: int = 0
    """Spans of a delivered request it did not take."""
