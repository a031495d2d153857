"""Say each cause of trouble once, not once a span."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

_AGAIN_AFTER_SECONDS = 600.0
_MOST_CAUSES = 256


class Notices:
    """Logs the first occurrence of each cause, then at most one line in ten minutes."""

    def __init__(
        self, logger: logging.Logger, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._logger = logger
        self._clock = clock
        self._said: dict[str, tuple[float, int]] = {}

    def warn(self, cause: str, message: str, *args: object) -> None:
        """Log *message* % *args*; *cause* is what makes two messages the same."""
        now = self._clock()
        said_at, silent = self._said.get(cause, (now - 2 * _AGAIN_AFTER_SECONDS, 0))
        if now - said_at < _AGAIN_AFTER_SECONDS:
            self._said[cause] = (said_at, silent + 1)
            return
        if len(self._said) >= _MOST_CAUSES:
            self._said.clear()
        self._said[cause] = (now, 0)
        if silent:
            message += f" (and {silent} more times since it was last said)"
        self._logger.warning(message, *args)

    def settled(self, cause: str, message: str, *args: object) -> None:
        """Log that *cause* is over, if it was said; its next occurrence is news again."""
        if self._said.pop(cause, None) is not None:
            self._logger.warning(message, *args)
