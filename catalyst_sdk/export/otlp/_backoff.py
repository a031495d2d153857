"""When a backend that is away is tried again."""

from __future__ import annotations

import random
import time

_LONGEST_SECONDS = 60.0
_LONGEST_ASKED_SECONDS = 300.0


class Backoff:
    """Doubling waits with jitter, from *first* seconds to a minute; a server's wish goes before."""

    def __init__(self, first: float) -> None:
        self._first = first
        self._failures = 0
        self._until = 0.0

    @property
    def away(self) -> bool:
        """Whether it is too early to try again."""
        return self.left > 0

    @property
    def left(self) -> float:
        """Seconds until the next try."""
        return max(0.0, self._until - time.monotonic())

    def failed(self, asked: float | None) -> None:
        """A try failed; the server may have *asked* for a number of seconds."""
        delay = min(_LONGEST_SECONDS, self._first * 2 ** min(self._failures, 16))
        delay *= random.uniform(0.5, 1.0)  # noqa: S311 - spreads clients, no secret
        if asked is not None:
            delay = max(delay, min(asked, _LONGEST_ASKED_SECONDS))
        self._failures += 1
        self._until = time.monotonic() + delay

    def succeeded(self) -> None:
        """The backend answers."""
        self._failures = 0
        self._until = 0.0
