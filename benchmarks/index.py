"""Trace files: the index, the first answer after it, and regular expressions over all payloads."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import _process
from benchmarks._options import DATA, Options
from benchmarks._peers import HALO_ENGINE, python_of
from benchmarks._process import Ran
from benchmarks._table import Budget, Row
from benchmarks.generate import NEEDLE, generate

TITLE = "trace files, against halo-engine"
NOTE = (
    "Each line is a fresh process. CPU is that of the process and its helpers, imports included; "
    "memory is the most they held at once, shared pages counted once (PSS)."
)

KEPT_MB = 200
"""Larger files are removed after use."""
_TIMEOUT_S = 20.0
_PATTERNS = {
    "a text": NEEDLE,
    "an alternation": r"(refund|certificate) (denied|rejected|failed) for (user|passenger) \d+",
    "case-insensitive": r"(?i)reference zx-[0-9a-f]{4}-\d+",
}
_NESTED = r"(flight|seat|[a-z ]+)+\d{30}"


@contextmanager
def trace_file(megabytes: float) -> Iterator[Path]:
    """Give a generated file of that size."""
    path = DATA / f"{megabytes:g}mb.jsonl"
    if not path.exists():
        generate(path, megabytes)
    try:
        yield path
    finally:
        if megabytes > KEPT_MB:
            path.unlink()
            _forget(path)


def run(options: Options) -> list[Row]:
    """Measure each size; search in one of 100 MB, or the largest below."""
    sizes = (0.5,) if options.quick else options.sizes
    searched = max((size for size in sizes if size <= KEPT_MB), default=None)
    rows: list[Row] = []
    for size in sizes:
        with trace_file(size) as path:
            files = _Files(path, size, options)
            rows += files.index()
            if size == searched:
                rows += files.searches(few=options.quick)
    return rows


class _Files:
    """One file, read by both."""

    def __init__(self, path: Path, megabytes: float, options: Options) -> None:
        self._path, self._name = path, f"{megabytes:g} MB"
        self._budgeted = megabytes >= KEPT_MB / 2
        self._peer = python_of(HALO_ENGINE) if options.peers else None
        self._cache = tempfile.mkdtemp(prefix="catalyst-bench-")

    def index(self) -> list[Row]:
        """Index it anew, then ask for the totals."""
        _forget(self._path)
        ours, theirs = self._both("index")
        asked, their_asked = self._both("query")
        ahead = Budget(ahead=4.0) if self._budgeted else None
        memory = Budget(most=250.0) if self._budgeted else None
        name = f"{self._name}: index"
        return [
            self._row(f"{name}, CPU", "s", ours.cpu_s, theirs and theirs.cpu_s, ahead),
            self._row(f"{name}, wall", "s", _wall(ours), theirs and _wall(theirs)),
            self._row(f"{name}, memory", "MB", ours.peak_mb, theirs and theirs.peak_mb, memory),
            self._row(
                f"{self._name}: totals of the indexed file, CPU",
                "s",
                asked.cpu_s,
                their_asked and their_asked.cpu_s,
            ),
        ]

    def searches(self, *, few: bool) -> list[Row]:
        """Look for patterns in all of it; the index is there."""
        patterns = list(_PATTERNS.items())
        if few:
            return [self._search(*patterns[0])]
        return [*(self._search(*one) for one in patterns), self._search_nested()]

    def _search(self, name: str, pattern: str) -> Row:
        ours, theirs = self._both("search", pattern)
        return self._row(
            f"{self._name}: search for {name} (in {ours.printed['given']} traces), CPU",
            "s",
            ours.printed["cpu_s"],
            theirs and theirs.printed["cpu_s"],
            Budget(ahead=10.0) if self._budgeted else None,
        )

    def _search_nested(self) -> Row:
        """Look for a pattern over which a backtracking engine never ends."""
        what = f"{self._name}: search for a nested repetition, CPU"
        ours = self._ours("search", _NESTED).printed["cpu_s"]
        row = self._row(what, "s", ours, None)
        if self._peer is None:
            return row
        try:
            theirs = self._theirs("search", _NESTED).printed["cpu_s"]
        except subprocess.TimeoutExpired:
            row.peers[HALO_ENGINE.name] = f"not done after {_TIMEOUT_S:g} s"
        else:
            row.peers[HALO_ENGINE.name] = theirs
        return row

    def _both(self, what: str, *arguments: str) -> tuple[Ran, Ran | None]:
        ours = self._ours(what, *arguments)
        theirs = self._theirs(what, *arguments) if self._peer else None
        if theirs and theirs.printed["given"] != ours.printed["given"]:
            raise RuntimeError(
                f"{what} {arguments}: {ours.printed['given']} traces, "
                f"and {theirs.printed['given']} by halo-engine"
            )
        return ours, theirs

    def _ours(self, what: str, *arguments: str) -> Ran:
        command = _process.module("files_worker", what, self._path, *arguments)
        return _process.run(command, env={"CATALYST_CACHE_DIR": self._cache})

    def _theirs(self, what: str, *arguments: str) -> Ran:
        command = _process.module(
            "halo_engine_worker", what, self._path, *arguments, python=self._peer or ""
        )
        return _process.run(command, timeout=_TIMEOUT_S if _NESTED in arguments else 900)

    def _row(
        self,
        what: str,
        unit: str,
        ours: float,
        theirs: float | str | None,
        budget: Budget | None = None,
    ) -> Row:
        return Row(what, unit, ours, {HALO_ENGINE.name: theirs}, budget)


def _wall(ran: Ran) -> float:
    return ran.printed["wall_s"]


def _forget(path: Path) -> None:
    """Remove halo-engine's index of the file."""
    for left in path.parent.glob(f"{path.name}.engine-index*"):
        left.unlink()
