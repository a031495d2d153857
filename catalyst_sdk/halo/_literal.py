"""Values written into SQL; text from traces is escaped."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["any_of", "literal"]


def literal(value: str | int | float) -> str:
    """Write a value into SQL; text from traces is escaped."""
    if isinstance(value, (int, float)):
        return str(value)
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return "'" + escaped.replace("\r", "\\r").replace("\t", "\\t").replace("\0", "\\0") + "'"


def any_of(values: Iterable[str]) -> str:
    """Write a list for IN."""
    return "(" + ", ".join(literal(value) for value in values) + ")"
