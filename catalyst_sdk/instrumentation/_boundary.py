"""The boundary with the host program: what fails on our side is logged once and goes no further."""

from __future__ import annotations

import logging

_log = logging.getLogger("catalyst_sdk.instrumentation")
_reported: set[str] = set()


def report_failure(cause: str) -> None:
    """Log the exception being handled, the first time *cause* is met in this process."""
    if cause in _reported:
        return
    _reported.add(cause)
    _log.warning("%s; the traced call was not affected", cause, exc_info=True)


def forget_failures() -> None:
    """Let every cause be reported again (tests)."""
    _reported.clear()
