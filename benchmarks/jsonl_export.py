"""Spans that one core writes as JSON lines in a second."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks import _process
from benchmarks._options import Options
from benchmarks._peers import CATALYST_TRACING, python_of
from benchmarks._table import Budget, Row

TITLE = "JSON lines"
NOTE = (
    "CPU of the exporter's `export` over batches of 500, 10th percentile, three processes each. "
    "There is no other JSONL exporter of spans: OpenTelemetry's console exporter writes `to_json`, "
    "catalyst-tracing OTLP/JSON (encoded, not sent). halo-engine's writes openai-agents traces."
)
_KINDS = {"small": "spans of 7 attributes, 0.6 KB", "large": "model calls of 10 KB"}


def run(options: Options) -> list[Row]:
    """Measure ours and the two that come nearest."""
    pythons = {"ours": sys.executable, "OpenTelemetry console": sys.executable}
    if options.peers and (python := python_of(CATALYST_TRACING)):
        pythons[CATALYST_TRACING.name] = str(python)
    best: dict[str, dict[str, float]] = {}
    for _ in range(1 if options.quick else 3):
        for name, python in pythons.items():
            with tempfile.TemporaryDirectory() as folder:
                path, count = Path(folder) / "spans.jsonl", 5 if options.quick else 2000
                command = _process.module("jsonl_worker", name, path, count, python=python)
                found = _process.run(command).printed
            known = best.setdefault(name, found)
            best[name] = {kind: min(found[kind], known[kind]) for kind in found}
    rates = {name: {kind: 1e6 / found[kind] for kind in _KINDS} for name, found in best.items()}
    ours = rates.pop("ours")
    return [
        Row(
            what,
            "spans/s",
            ours[kind],
            {name: rate[kind] for name, rate in rates.items()},
            Budget(least=40_000) if kind == "small" else None,
            more_is_better=True,
            aside={"ours, median": 1e6 / best["ours"][f"{kind}, median"]},
        )
        for kind, what in _KINDS.items()
    ]
