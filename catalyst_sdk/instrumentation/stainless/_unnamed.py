"""Members of an answer that have no attribute of their own, for debugging."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_NAMED = frozenset({"id", "model", "status", "object"})


def unnamed_members(answer: Any) -> dict[str, Any]:
    """`llm.response.*` for each text, number or flag in *answer* that has no other name."""
    own: Mapping[str, Any] = getattr(answer, "__dict__", None) or {}
    extra: Mapping[str, Any] = getattr(answer, "__pydantic_extra__", None) or {}
    return {
        f"llm.response.{name}": value
        for name, value in {**own, **extra}.items()
        if name not in _NAMED and isinstance(value, str | int | float) and name[:1] != "_"
    }
