"""What was checked and found in order, and what could not be checked: said, not left to guess."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from catalyst_sdk.errors import EngineError
from catalyst_sdk.halo._dataset import Dataset
from catalyst_sdk.halo._words import count, listing
from catalyst_sdk.halo.detectors._detector import Detector

__all__ = ["Check", "eligible", "healthy", "not_looked_at"]


class Check(msgspec.Struct, kw_only=True):
    """One detector's part in a run."""

    detector: Detector
    looked_at: int
    """Spans that it can say something of."""
    found: int = 0
    failed: str = ""


def eligible(data: Dataset, detectors: Sequence[Detector]) -> list[Check]:
    """Count for each detector the spans it can look at."""
    try:
        columns = ", ".join(f"countIf({d.needs.where}) AS n{i}" for i, d in enumerate(detectors))
        row = data.row(f"SELECT {columns} FROM spans") if detectors else {}
        counts = [int(row[f"n{i}"]) for i in range(len(detectors))]
    except EngineError:
        counts = [_count(data, d) for d in detectors]
    return [Check(detector=d, looked_at=n) for d, n in zip(detectors, counts, strict=True)]


def _count(data: Dataset, detector: Detector) -> int:
    """Count for one alone, when another's condition is wrong; -1 when this one's is."""
    try:
        return int(data.row(f"SELECT countIf({detector.needs.where}) AS n FROM spans")["n"])
    except EngineError:
        return -1


_FAMILIES = ("reliability", "tools", "cost", "latency", "quality", "security", "instrumentation")


def healthy(checks: Sequence[Check]) -> list[str]:
    """Say for each category what was looked at and is in order."""
    lines: list[str] = []
    for category in _FAMILIES:
        good = [
            c
            for c in checks
            if c.detector.category == category and c.looked_at > 0 and not c.found and not c.failed
        ]
        if good:
            said = listing([c.detector.in_order for c in good], limit=len(good))
            lines.append(f"{category.capitalize()}: {said}.")
    return lines


def not_looked_at(data: Dataset, checks: Sequence[Check]) -> list[str]:
    """Say what could not be looked at, and why."""
    blind: dict[str, list[str]] = {}
    for check in checks:
        if check.looked_at == 0 and not check.failed and data.totals.spans:
            blind.setdefault(check.detector.needs.words, []).append(check.detector.name)
    lines = [
        f"No {words} in the data, so nothing can be said on {listing(names, limit=9)}."
        for words, names in blind.items()
    ]
    lines += [f"{c.detector.name} failed and says nothing: {c.failed}" for c in checks if c.failed]
    if data.totals.spans and not data.row("SELECT countIf(has_cost) AS n FROM spans")["n"]:
        tokens = data.totals.prompt_tokens + data.totals.completion_tokens
        lines.append(
            "Money: no span carries a cost"
            + (f"; waste is given in tokens, of {count(tokens)} in all." if tokens else ".")
        )
    return lines + data.remarks
