"""CPU that tracing adds to one call of a client, ours and the peers', in microseconds."""

from __future__ import annotations

import sys
from collections import defaultdict
from statistics import median
from typing import Any

from benchmarks import _process
from benchmarks._options import Options
from benchmarks._peers import TRACERS, python_of
from benchmarks._table import Budget, Row

TITLE = "CPU added to one call, content recorded"
NOTE = (
    "Per call: the 10th percentile with the tracer less that without, of all samples; a busy "
    "machine only ever adds. `bare span` is an OpenTelemetry span with ten attributes in the same "
    "place. The budget holds for the caller's thread, and asks for half of the best peer."
)

_BUDGETS = {
    "openai chat, 3 messages": 150.0,
    "openai chat, 50 messages (20 KB)": 300.0,
    "openai chat, 50-chunk stream": 300.0,
}
_SLICES, _ROUNDS = 3, 30
_BARE = "bare span"

Samples = dict[str, dict[str, Any]]


def run(options: Options) -> list[Row]:
    """Measure every tracer in slices that take turns, and pool them."""
    rounds, slices = (1, 1) if options.quick else (_ROUNDS, _SLICES)
    peers = TRACERS if options.peers else ()
    pythons = {"ours": sys.executable}
    if not options.quick:
        pythons[_BARE] = sys.executable
    pythons |= {peer.name: str(python) for peer in peers if (python := python_of(peer))}
    samples: defaultdict[str, Samples] = defaultdict(dict)
    for _ in range(slices):
        for name, python in pythons.items():
            command = _process.module("overhead_worker", name, rounds, python=python)
            ran = _process.run(command, memory=False)
            _pool(samples[name], ran.printed)
    names = [peer.name for peer in peers]
    return [
        row
        for what in ("caller", "process")
        for case in samples["ours"]
        for row in [_row(case, what, samples, names)]
    ]


def _pool(into: Samples, more: Samples) -> None:
    for case, found in more.items():
        pooled = into.setdefault(case, {**found, "with": {}, "without": {}})
        for arm in ("with", "without"):
            for what, values in found[arm].items():
                pooled[arm].setdefault(what, []).extend(values)


def _row(case: str, what: str, samples: dict[str, Samples], names: list[str]) -> Row:
    ours = samples["ours"][case]
    peers: dict[str, float | str | None] = {}
    for name in names:
        found = samples[name].get(case) if name in samples else None
        peers[name] = _added(found, what) if found else _absent(name in samples)
    aside = {"ours, medians": _added(ours, what, median)}
    if _BARE in samples:
        aside[_BARE] = _added(samples[_BARE][case], what)
    return Row(
        f"{case}, {'on the caller’s thread' if what == 'caller' else 'whole process'}",
        "µs",
        _added(ours, what),
        peers,
        Budget(most=_BUDGETS.get(case), ahead=2.0) if what == "caller" else None,
        aside=aside,
    )


def _absent(installed: bool) -> str:
    return "not traced" if installed else "not installed"


def _added(found: dict[str, Any], what: str, of: Any = None) -> float:
    of = of or _tenth
    return of(found["with"][what]) - of(found["without"][what])


def _tenth(values: list[float]) -> float:
    return sorted(values)[len(values) // 10]
