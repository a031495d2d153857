"""Halo with all its detectors: from nothing, and again when the file is indexed."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence

from benchmarks import _process
from benchmarks._options import Options
from benchmarks._table import Budget, Row
from benchmarks.index import trace_file

TITLE = "all detectors"
NOTE = (
    "One process each, imports, index and rendering included. Wall seconds count what else the "
    "machine did meanwhile; CPU does not. Divide it by two for two idle cores at best."
)
_BUDGETS = {100.0: 2.0, 1000.0: 15.0}


def run(options: Options) -> list[Row]:
    """Analyse a file of each size twice."""
    sizes = (0.5,) if options.quick else tuple(size for size in options.sizes if size >= 100)
    states = ("not indexed yet", "indexed")[: 1 if options.quick else 2]
    return [row for size in sizes for row in _analyse(size, states)]


def _analyse(megabytes: float, states: Sequence[str]) -> list[Row]:
    rows: list[Row] = []
    with trace_file(megabytes) as path, tempfile.TemporaryDirectory() as cache:
        command = _process.module("files_worker", "analyse", path)
        for state in states:
            ran = _process.run(command, env={"CATALYST_CACHE_DIR": cache})
            given = ran.printed["given"]
            name = (
                f"{megabytes:g} MB, {given['traces']:,} traces, "
                f"{given['findings']} findings, {state}"
            )
            budget = _BUDGETS.get(megabytes)
            rows += [
                Row(
                    f"{name}: wall", "s", ran.wall_s, budget=Budget(most=budget) if budget else None
                ),
                Row(f"{name}: CPU", "s", ran.cpu_s),
                Row(f"{name}: memory", "MB", ran.peak_mb),
            ]
    return rows
