"""Every error this package raises on its own ground.

CatalystError              something a person can mend; carries a code and a hint
├── ConfigError            a setting, flag or argument is wrong
├── MissingExtra           an optional dependency is not installed
├── BadInput               a file, line or field cannot be read
├── NotFound               an id or name does not exist
│   └── AmbiguousId        an id prefix fits several
├── Unauthorised           a key is absent or refused
├── Unreachable            a server does not answer
├── EngineError            the embedded database failed or refused a query
└── RunFailed              an analysis could not be completed
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

__all__ = [
    "AmbiguousId",
    "BadInput",
    "BadLine",
    "CatalystError",
    "ConfigError",
    "EngineError",
    "MissingExtra",
    "NotFound",
    "RunFailed",
    "Unauthorised",
    "Unreachable",
]


class CatalystError(Exception):
    """One sentence on what is wrong, and a hint on what to do about it."""

    code = "error"
    """Stable machine-readable name, as in the CLI's JSON errors."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ConfigError(CatalystError, ValueError):
    """A setting, flag or argument is wrong."""

    code = "usage"


class MissingExtra(CatalystError, ImportError):
    """An optional dependency is not installed; the hint says how to add it."""

    code = "missing_extra"

    def __init__(self, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs the extra [{extra}].",
            hint=f"In your checkout of the SDK run: pip install -e '.[{extra}]'",
        )
        self.extra = extra


class BadInput(CatalystError, ValueError):
    """A file, line or field cannot be read."""

    code = "bad_input"


class NotFound(CatalystError, LookupError):
    """An id or name does not exist."""

    code = "not_found"


class AmbiguousId(NotFound):
    """An id prefix fits several; *candidates* lists them."""

    code = "ambiguous_id"

    def __init__(self, message: str, candidates: Sequence[str]) -> None:
        super().__init__(message, hint="Candidates: " + ", ".join(candidates))
        self.candidates = list(candidates)


class Unauthorised(CatalystError):
    """A key is absent or refused."""

    code = "unauthorised"


class Unreachable(CatalystError):
    """A server does not answer."""

    code = "unreachable"


class EngineError(CatalystError):
    """The embedded database failed or refused a query."""

    code = "engine"


class RunFailed(CatalystError):
    """An analysis could not be completed."""

    code = "run_failed"


class BadLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line (or document) that could not be read: where and why. The rest is kept."""

    source: str
    line: int
    """1-based; 0 when the whole file is meant."""
    reason: str
