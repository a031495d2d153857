"""A process that scans ranges of files for another: jobs on standard input, results back."""

from __future__ import annotations

import sys

import msgspec

from catalyst_sdk.store.files._scan import Job, Scanned, run_job

_encode = msgspec.json.Encoder().encode


def serve() -> None:
    """Run one job a line until the input ends; an exception ends the process."""
    output = sys.stdout.buffer
    for line in sys.stdin.buffer:
        results: list[Scanned] = run_job(msgspec.json.decode(line, type=Job))
        output.write(_encode(results) + b"\n")
        output.flush()
