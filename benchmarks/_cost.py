"""What a piece of work took, told from inside its process. Standard library only."""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Callable
from typing import Any


def tell(work: Callable[[], Any]) -> None:
    """Do *work*; print what it gave, its wall seconds, and the CPU spent before it (imports)."""
    before, started = _cpu(), time.perf_counter()
    given = work()
    wall = time.perf_counter() - started
    print(
        json.dumps({"given": given, "wall_s": wall, "before_s": before, "cpu_s": _cpu() - before})
    )


def _cpu() -> float:
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in both)
