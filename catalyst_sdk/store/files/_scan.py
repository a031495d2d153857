"""The pass over trace files that writes the facts of their spans as Parquet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice, pairwise
from typing import Any

import msgspec

from catalyst_sdk.errors import BadLine
from catalyst_sdk.spans import scan_facts
from catalyst_sdk.store._optional import optional
from catalyst_sdk.store.files._columns import arrow_schema, to_batch

BATCH = 4096
"""Spans held at once."""
KEPT_BAD_LINES = 1000
"""Bad lines told one by one; the rest is counted."""


class Range(msgspec.Struct, frozen=True):
    """The lines of a file that begin in [start, end)."""

    path: str
    name: str
    """The file as the user named it."""
    source: int
    start: int
    end: int


class Job(msgspec.Struct, frozen=True):
    """Ranges whose facts go into one Parquet file."""

    target: str
    ranges: tuple[Range, ...]

    @property
    def size(self) -> int:
        """Bytes to read."""
        return sum(each.end - each.start for each in self.ranges)


class Scanned(msgspec.Struct):
    """What was found in one range, beside what was written."""

    rows: int = 0
    bad_lines: list[BadLine] = []
    bad_line_count: int = 0


def run_job(job: Job, on_bytes: Callable[[int], None] | None = None) -> list[Scanned]:
    """Scan a job's ranges into its Parquet file; *on_bytes* hears of progress in bytes."""
    parquet = optional("pyarrow.parquet")
    with parquet.ParquetWriter(
        job.target, arrow_schema(), compression="zstd", compression_level=1, write_statistics=False
    ) as writer:
        return [_scan(each, writer, on_bytes) for each in job.ranges]


def _scan(part: Range, writer: Any, on_bytes: Callable[[int], None] | None) -> Scanned:
    found = Scanned()
    done = part.start

    def note(bad: BadLine) -> None:
        found.bad_line_count += 1
        if len(found.bad_lines) < KEPT_BAD_LINES:
            found.bad_lines.append(bad)

    with open(part.path, "rb", buffering=1 << 20) as stream:
        rows = scan_facts(
            stream,
            part.source,
            start=part.start,
            end=part.end,
            on_bad_line=note,
            name=part.name,
        )
        while batch := list(islice(rows, BATCH)):
            writer.write_batch(to_batch(batch))
            found.rows += len(batch)
            if on_bytes is not None:
                on_bytes(batch[-1].line_offset - done)
                done = batch[-1].line_offset
    if on_bytes is not None:
        on_bytes(part.end - done)
    return found


def cut(start: int, end: int, size: int) -> Sequence[tuple[int, int]]:
    """Cut [start, end) into pieces of about *size*."""
    count = max(1, round((end - start) / size))
    edges = [start + (end - start) * number // count for number in range(count + 1)]
    return list(pairwise(edges))
