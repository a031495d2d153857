"""The columns of the `spans` table: the fields of SpanFacts as Arrow and as ClickHouse types."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import msgspec

from catalyst_sdk.spans import SpanFacts
from catalyst_sdk.store._optional import optional

_FREE_TEXT = frozenset(
    {
        "trace_id",
        "span_id",
        "parent_span_id",
        "session_id",
        "user_id",
        "error_message",
        "tool_call_id",
        "input_preview",
        "output_preview",
    }
)
"""Text of many values; every other text column is a dictionary (`LowCardinality`)."""
_UNSIGNED = frozenset(("system_hash", "input_hash", "output_hash"))
_TYPES = {
    "str": ("string", "LowCardinality(String)"),
    "int": ("int64", "Int64"),
    "float": ("float64", "Float64"),
    "bool": ("bool_", "Bool"),
    "list[str]": ("list", "Array(LowCardinality(String))"),
}


class Column(NamedTuple):
    """One column: its name, Arrow type name and ClickHouse type."""

    name: str
    arrow: str
    sql: str


def _column(name: str, annotation: str) -> Column:
    arrow, sql = _TYPES[annotation]
    if name in _FREE_TEXT:
        sql = "String"
    if name in _UNSIGNED:
        arrow, sql = "uint64", "UInt64"
    return Column(name, arrow, sql)


COLUMNS = tuple(
    _column(name, str(SpanFacts.__annotations__[name])) for name in SpanFacts.__struct_fields__
)
TYPES = {column.name: column.sql for column in COLUMNS}
"""Column name to ClickHouse type, in the table's order."""


@cache
def arrow_schema() -> Any:
    """Give the sidecar's Arrow schema."""
    pa = optional("pyarrow")
    special = {"list": pa.list_(pa.string())}
    return pa.schema([(c.name, special.get(c.arrow) or getattr(pa, c.arrow)()) for c in COLUMNS])


def to_batch(rows: Sequence[SpanFacts]) -> Any:
    """Turn rows into one Arrow record batch."""
    pa = optional("pyarrow")
    schema = arrow_schema()
    values = zip(*map(msgspec.structs.astuple, rows), strict=True)
    return pa.record_batch(
        [pa.array(column, field.type) for column, field in zip(values, schema, strict=True)],
        schema=schema,
    )
