"""What a detector yields: the claim and its text. Halo counts, costs, cites and verifies it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from catalyst_sdk.findings import Fix

__all__ = ["Candidate", "Cite", "Harm", "Row"]

Row = Mapping[str, Any]
"""One result row, column name to value."""

Harm = Literal["breaks", "degrades", "wastes", "hygiene"]
"""The run fails; its result or course suffers; it costs more than it must; the trace is poor."""


def _no_note(_row: Row) -> str:
    return ""


@dataclass(frozen=True)
class Cite:
    """Which words of a span to quote, and what to say of it."""

    part: Literal["error", "output", "input", "system", "call", "offer", "fact"] = "error"
    """`call`, `offer`: the tool named in *anchor*, as called or offered. `fact`: that attribute."""
    anchor: str = ""
    """Quote the line around these words."""
    note: Callable[[Row], str] = _no_note
    """Makes the note from the cited row of `spans`."""
    worst: str = ""
    """SQL expression: cite the traces where it is largest, instead of a spread over time."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A problem found, before it is counted and checked."""

    key: tuple[str, ...]
    """What makes it this problem: tool, folded error … Never a count, a time or a service."""
    where: str
    """SQL condition on `spans` for the affected spans: what is counted, and the matcher."""
    title: str
    """Cause and effect in one sentence."""
    summary: str
    root_cause: str
    fix: Fix
    harm: Harm
    certainty: float = 0.9
    """How sure the rule is of its reading, 0 to 1, before the amount of evidence."""
    filter: str = ""
    """The same as *where* in the filter grammar, when that can say it."""
    waste: str = ""
    """SQL giving rows (trace_id, span_id, tokens, usd, seconds) that need not have been."""
    broken: int | None = None
    """Traces that count for severity, when fewer than are affected."""
    cite: Cite = Cite()
    also: Cite | None = None
    """A further citation, of the first affected span."""
