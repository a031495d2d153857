"""What a benchmark gives: rows of ours beside the peers', each held against its budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Budget:
    """What ours may take (`most`) or must reach (`least`), and how far ahead of the best peer."""

    most: float | None = None
    least: float | None = None
    ahead: float | None = None

    def __str__(self) -> str:
        parts = [
            f"{sign} {_number(value)}"
            for sign, value in (("≤", self.most), ("≥", self.least))
            if value is not None
        ]
        if self.ahead is not None:
            parts.append(f"≥ {self.ahead:g}× peer")
        return ", ".join(parts)

    def met(self, ours: float, ahead: float | None) -> bool:
        """Tell whether *ours* keeps it; an absent peer is no obstacle."""
        return (
            (self.most is None or ours <= self.most)
            and (self.least is None or ours >= self.least)
            and (self.ahead is None or ahead is None or ahead >= self.ahead)
        )


@dataclass(frozen=True)
class Row:
    """One measurement; a peer's value is None, or a remark, where it could not be taken."""

    what: str
    unit: str
    ours: float
    peers: dict[str, float | str | None] = field(default_factory=dict)
    budget: Budget | None = None
    more_is_better: bool = False
    aside: dict[str, float] = field(default_factory=dict)
    """Further columns, compared with nothing."""

    @property
    def ahead(self) -> float | None:
        """How many times better than the best peer; above 1 is better."""
        values = [value for value in self.peers.values() if isinstance(value, float)]
        if not values or not self.ours:
            return None
        if self.more_is_better:
            return self.ours / max(values) if max(values) else None
        return min(values) / self.ours

    @property
    def verdict(self) -> str:
        """`ok`, `over`, or nothing where there is no budget."""
        if self.budget is None:
            return ""
        return "ok" if self.budget.met(self.ours, self.ahead) else "over"

    def as_json(self) -> dict[str, Any]:
        """Give all of it, ratio and verdict included."""
        return {
            **asdict(self),
            "budget": str(self.budget or ""),
            "ahead": self.ahead,
            "verdict": self.verdict,
        }


def render(rows: Sequence[Row]) -> str:
    """Lay rows out as a Markdown table."""
    names = list(dict.fromkeys(name for row in rows for name in row.peers))
    asides = list(dict.fromkeys(name for row in rows for name in row.aside))
    ratio = ["ahead of best peer"] if names else []
    head = ["what", "unit", "ours", *asides, *names, *ratio, "budget", ""]
    lines = [head] + [_cells(row, asides, names) for row in rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    rule = ["-" * width for width in widths]
    return "\n".join(
        "| "
        + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        + " |"
        for line in [lines[0], rule, *lines[1:]]
    )


def _cells(row: Row, asides: Sequence[str], names: Sequence[str]) -> list[str]:
    peers = [_number(row.peers.get(name)) for name in names]
    ratio = [f"{row.ahead:.1f}×" if row.ahead is not None else "–"] if names else []
    return [
        row.what,
        row.unit,
        _number(row.ours),
        *(_number(row.aside.get(name)) for name in asides),
        *peers,
        *ratio,
        str(row.budget or ""),
        row.verdict,
    ]


def _number(value: float | str | None) -> str:
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
