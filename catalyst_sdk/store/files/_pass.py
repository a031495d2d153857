"""Running scan jobs on every hand: this process, and a few more where there is much to read.

The helper is started by exec, never forked, so an engine open in this process does no harm; a
helper that dies costs nothing but its work, which is then done here.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue

import msgspec

from catalyst_sdk.store.files._scan import Job, Scanned, run_job

WORTH_A_HELPER = 64 << 20
"""Bytes to read from which one more process pays for its start."""
MOST_HELPERS = 3

_START = (
    "import sys; sys.path[:] = {paths!r}; "
    "from catalyst_sdk.store.files._worker import serve; serve()"
)

Results = dict[Job, list[Scanned]]


def run_jobs(jobs: Sequence[Job], on_bytes: Callable[[int], None]) -> Results:
    """Run all jobs and give what each found; *on_bytes* hears of progress, from one thread."""
    queue: SimpleQueue[Job] = SimpleQueue()
    for job in jobs:
        queue.put(job)
    results: Results = {}
    helpers = _start_helpers(queue, jobs)
    try:
        while (job := _next(queue)) is not None:
            results[job] = run_job(job, on_bytes)
            _take(helpers, results, on_bytes)
        for helper in helpers:
            helper.join()
        _take(helpers, results, on_bytes)
    finally:
        for helper in helpers:
            helper.stop()
    for job in jobs:
        if job not in results:
            results[job] = run_job(job, on_bytes)
    return results


def _take(helpers: Sequence[_Helper], results: Results, on_bytes: Callable[[int], None]) -> None:
    for helper in helpers:
        while not helper.done.empty():
            job, found = helper.done.get()
            results[job] = found
            on_bytes(job.size)


def _next(queue: SimpleQueue[Job]) -> Job | None:
    try:
        return queue.get_nowait()
    except Empty:
        return None


def _start_helpers(queue: SimpleQueue[Job], jobs: Sequence[Job]) -> list[_Helper]:
    total = sum(job.size for job in jobs)
    if total <= WORTH_A_HELPER or not sys.executable or getattr(sys, "frozen", False):
        return []
    count = min(_cores() - 1, len(jobs) - 1, total // WORTH_A_HELPER, MOST_HELPERS)
    try:
        return [_Helper(queue) for _ in range(count)]
    except OSError:
        return []


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Helper:
    """A second process and the thread that hands it jobs."""

    def __init__(self, queue: SimpleQueue[Job]) -> None:
        self.done: SimpleQueue[tuple[Job, list[Scanned]]] = SimpleQueue()
        self._queue = queue
        paths = [os.path.abspath(path) for path in sys.path]
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", _START.format(paths=paths)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._thread = threading.Thread(target=self._feed, name="catalyst-index", daemon=True)
        self._thread.start()

    def join(self) -> None:
        """Wait until no job is left or the process has died."""
        self._thread.join()

    def stop(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._thread.join()
        self._process.communicate()

    def _feed(self) -> None:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            return
        try:
            while (job := _next(self._queue)) is not None:
                stdin.write(msgspec.json.encode(job) + b"\n")
                stdin.flush()
                self.done.put((job, msgspec.json.decode(stdout.readline(), type=list[Scanned])))
        except (OSError, ValueError, msgspec.DecodeError):
            return
