"""The pass over a file of JSON lines that writes the facts of its spans as Parquet."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
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


class Scanned(msgspec.Struct, kw_only=True):
    """What a pass found, beside the Parquet it wrote."""

    rows: int = 0
    bad_lines: list[BadLine] = []
    bad_line_count: int = 0


def scan(
    path: str,
    target: str,
    *,
    name: str,
    start: int = 0,
    end: int | None = None,
    on_rows: Callable[[int, int], None] | None = None,
) -> Scanned:
    """Write the facts of the lines that begin in [start, end) of *path* to the Parquet *target*.

    *on_rows* hears after each batch how many spans there are and at which byte the last began.
    """
    found = Scanned()

    def note(bad: BadLine) -> None:
        found.bad_line_count += 1
        if len(found.bad_lines) < KEPT_BAD_LINES:
            found.bad_lines.append(bad)

    with open(path, "rb", buffering=1 << 20) as stream, _writer(target) as writer:
        rows = scan_facts(stream, start=start, end=end, on_bad_line=note, name=name)
        while batch := list(islice(rows, BATCH)):
            writer.write_batch(to_batch(batch))
            found.rows += len(batch)
            if on_rows is not None:
                on_rows(found.rows, batch[-1].line_offset)
    return found


def _writer(target: str) -> Any:
    parquet = optional("pyarrow.parquet")
    return parquet.ParquetWriter(target, arrow_schema(), compression="zstd", compression_level=1)
