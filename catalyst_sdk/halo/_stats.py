"""The little statistics findings rest on: an interval for a share, and how far is unusual."""

from __future__ import annotations

import math
from collections.abc import Iterable
from statistics import median as _median

__all__ = ["mad", "unusual_above", "wilson"]

NORMAL = 1.4826
"""Scales a median absolute deviation to a standard deviation for normal data."""


def wilson(hits: int, total: int, z: float = 1.96) -> tuple[float, float]:
    """Give the Wilson score interval of hits/total, (0, 1) when nothing was seen."""
    if total <= 0:
        return 0.0, 1.0
    share, z2 = hits / total, z * z
    centre = share + z2 / (2 * total)
    margin = z * math.sqrt((share * (1 - share) + z2 / (4 * total)) / total)
    scale = 1 + z2 / total
    return max(0.0, (centre - margin) / scale), min(1.0, (centre + margin) / scale)


def mad(values: Iterable[float]) -> tuple[float, float]:
    """Give median and median absolute deviation, (0, 0) of nothing."""
    numbers = list(values)
    if not numbers:
        return 0.0, 0.0
    middle = _median(numbers)
    return middle, _median(abs(value - middle) for value in numbers)


def unusual_above(middle: float, deviation: float, *, sigmas: float, factor: float) -> float:
    """Give the value from which one is far above its own kind.

    Both must be passed: *sigmas* robust standard deviations, and *factor* times the median, so
    that neither a very even nor a very ragged population raises false alarms.
    """
    return max(middle + sigmas * NORMAL * deviation, factor * middle)
