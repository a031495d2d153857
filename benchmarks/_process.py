"""Fresh processes: what they print, and the CPU and memory they and their descendants take."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks._options import ROOT

_PR_SET_CHILD_SUBREAPER = 36
_SAMPLE_S = 0.05


@dataclass(frozen=True)
class Ran:
    """What a process printed, its seconds, and the megabytes its tree held at most."""

    printed: Any
    cpu_s: float
    wall_s: float
    peak_mb: float


def run(
    command: Sequence[str | Path],
    *,
    timeout: float = 900,
    env: dict[str, str] | None = None,
    memory: bool = True,
) -> Ran:
    """Run to the end and give what it printed, read as JSON. Raises RuntimeError if it fails."""
    _adopt_orphans()
    before, started = _children(), time.perf_counter()
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(command, cwd=ROOT, stdout=out, env={**_clean(), **(env or {})})
        watch = _Watch(process.pid) if memory else None
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        finally:
            peak = watch.stop() if watch else 0.0
            wall = time.perf_counter() - started
            _reap()
        out.seek(0)
        printed = out.read()
    if code:
        raise RuntimeError(f"{' '.join(map(str, command))} ended with {code}")
    return Ran(json.loads(printed or "null"), _children() - before, wall, peak)


def module(name: str, *arguments: object, python: str | Path = sys.executable) -> list[str]:
    """Give the command that runs a module of this package."""
    return [str(python), "-m", f"benchmarks.{name}", *map(str, arguments)]


def _clean() -> dict[str, str]:
    ours = ("CATALYST_", "OTEL_", "INFERENCE_", "LANGFUSE_", "LOGFIRE_", "TRACELOOP_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def _adopt_orphans() -> None:
    """Become the parent of descendants whose own parent is gone, so that their CPU counts."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _reap() -> None:
    try:
        while True:
            os.waitpid(-1, 0)
    except ChildProcessError:
        return


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class _Watch:
    """Samples the memory of a process and its descendants; shared pages count once (PSS)."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._peak = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> float:
        self._over.set()
        self._thread.join()
        return self._peak / 1024

    def _run(self) -> None:
        while not self._over.wait(_SAMPLE_S):
            self._peak = max(self._peak, sum(map(_pss_kb, _tree(self._pid))))


def _tree(pid: int) -> list[int]:
    found = [pid]
    for parent in found:
        try:
            for task in os.listdir(f"/proc/{parent}/task"):
                children = Path(f"/proc/{parent}/task/{task}/children").read_text()
                found += [int(child) for child in children.split()]
        except OSError:
            continue
    return found


def _pss_kb(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    except OSError:
        pass
    return 0
