"""Pairs of ids as a Parquet file, for the engine to read."""

from __future__ import annotations

from collections.abc import Sequence

from catalyst_sdk.store._optional import optional
from catalyst_sdk.store.files._arrow import text_array


def write_ids(pairs: Sequence[tuple[str, str]], path: str) -> None:
    """Write (trace_id, span_id) pairs."""
    columns = [text_array([pair[side] for pair in pairs]) for side in (0, 1)]
    table = optional("pyarrow").Table.from_arrays(columns, names=["trace_id", "span_id"])
    optional("pyarrow.parquet").write_table(table, path)
