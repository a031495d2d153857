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
    runs: int = 0
    """In the data set."""
    found: int = 0
    unsure: bool = False
    """It saw something that it passed over, left out or could not judge."""
    failed: str = ""

    @property
    def least(self) -> str:
        """How much data the detector needs to know what is usual, "" when there is enough."""
        limits = self.detector.thresholds
        for name, seen, words in (
            ("min_runs", self.runs, "run"),
            ("min_calls", self.looked_at, "call"),
        ):
            if name in limits and seen < limits[name].value:
                return f"needs {count(int(limits[name].value), words)}"
        return ""


def eligible(data: Dataset, detectors: Sequence[Detector]) -> list[Check]:
    """Count for each detector the spans it can look at."""
    try:
        columns = ", ".join(f"countIf({d.needs.where}) AS n{i}" for i, d in enumerate(detectors))
        row = data.row(f"SELECT {columns} FROM spans") if detectors else {}
        counts = [int(row[f"n{i}"]) for i in range(len(detectors))]
    except EngineError:
        counts = [_count(data, d) for d in detectors]
    runs = data.totals.traces
    return [
        Check(detector=d, looked_at=n, runs=runs) for d, n in zip(detectors, counts, strict=True)
    ]


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
            if c.detector.category == category
            and c.looked_at > 0
            and not (c.found or c.failed or c.unsure or c.least)
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
    few = [c for c in checks if c.looked_at and c.least and not c.found and not c.failed]
    lines: list[str] = []
    if blind:
        said = "; ".join(f"{words} ({', '.join(names)})" for words, names in sorted(blind.items()))
        lines.append(f"Not in the data, so not judged: {said}.")
    if few:
        said = ", ".join(f"{c.detector.name} ({c.least})" for c in few)
        lines.append(f"Too little data to say what is usual: {said}.")
    lines += [f"{c.detector.name} failed and says nothing: {c.failed}" for c in checks if c.failed]
    if data.totals.spans and not data.row("SELECT countIf(has_cost) AS n FROM spans")["n"]:
        tokens = data.totals.prompt_tokens + data.totals.completion_tokens
        lines.append(
            "Money: no span carries a cost"
            + (f"; waste is given in tokens, of {count(tokens)} in all." if tokens else ".")
        )
    return lines + data.remarks
