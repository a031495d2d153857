"""The boundary with the host program: what fails on our side is logged once and goes no further."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import ParamSpec

P = ParamSpec("P")

_log = logging.getLogger("catalyst_sdk.tracing")
_MOST_CAUSES = 256
_reported: set[str] = set()


def report_failure(cause: str) -> None:
    """Log the exception being handled, the first time *cause* is met in this process."""
    if cause in _reported or len(_reported) >= _MOST_CAUSES:
        return
    _reported.add(cause)
    _log.warning("%s; the traced program goes on", cause, exc_info=True)


def forget_failures() -> None:
    """Let every cause be reported again (tests)."""
    _reported.clear()


def guarded(method: Callable[P, None]) -> Callable[P, None]:
    """Make *method* log what it raises instead of raising it."""
    cause = f"{method.__qualname__} failed"

    @functools.wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            method(*args, **kwargs)
        except Exception:  # noqa: BLE001 - the boundary itself
            report_failure(cause)

    return call
