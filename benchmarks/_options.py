"""What a run of the benchmarks was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Options:
    """How much to measure, and against whom."""

    quick: bool = False
    """A tiny size, to see that everything runs; the numbers mean nothing."""
    peers: bool = True
    """Measure the peers too; their environments are made when missing."""
    sizes: tuple[float, ...] = (10, 100, 1000)
    """Megabytes of the trace files."""
