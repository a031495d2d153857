"""A parsed filter: terms that must all hold, each a field with the values it may have."""

from __future__ import annotations

import msgspec


class Pattern(msgspec.Struct, frozen=True, tag=True):
    """Text with anything between its pieces; A to Z match in either case."""

    pieces: tuple[str, ...]
    contains: bool = False
    """Anything may stand before and after, too."""


class Bounds(msgspec.Struct, frozen=True, tag=True):
    """A number between two bounds; None leaves a side open."""

    low: float | int | None = None
    high: float | int | None = None
    above: bool = False
    """The low bound itself is out."""
    below: bool = False
    """The high bound itself is out."""

    def holds(self, value: float | int) -> bool:
        """Tell whether a number lies within."""
        if self.low is not None and (value < self.low or (self.above and value == self.low)):
            return False
        return self.high is None or not (value > self.high or (self.below and value == self.high))


class Flag(msgspec.Struct, frozen=True, tag=True):
    """Yes or no."""

    value: bool


Match = Pattern | Bounds | Flag


class Term(msgspec.Struct, frozen=True):
    """One condition; it holds when any of its matches does (or none, if negated)."""

    field: str
    """Canonical name in `FIELDS`."""
    matches: tuple[Match, ...]
    negated: bool = False
    key: str = ""
    """Name of the attribute, for `attr` and `resource`."""
