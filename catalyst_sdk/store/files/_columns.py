"""The columns of the `spans` table: the fields of SpanFacts as Arrow and as ClickHouse types."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any, NamedTuple

from msgspec.structs import astuple

from catalyst_sdk.spans import SpanFacts
from catalyst_sdk.store._optional import optional
from catalyst_sdk.store.files._arrow import (
    flag_array,
    number_array,
    text_array,
    word_array,
    words_array,
)

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
_CHUNK = 256
"""Rows turned into columns at once: few enough for the processor's cache."""


class Column(NamedTuple):
    """One column: its name, Arrow type name, ClickHouse type, and what builds its array."""

    name: str
    arrow: str
    sql: str
    build: Callable[[list[Any]], Any]


_TYPES: dict[str, tuple[str, str, Callable[[list[Any]], Any]]] = {
    "str": ("string", "LowCardinality(String)", word_array),
    "int": ("int64", "Int64", partial(number_array, kind="int64")),
    "float": ("float64", "Float64", partial(number_array, kind="float64")),
    "bool": ("bool_", "Bool", flag_array),
    "list[str]": ("list", "Array(LowCardinality(String))", words_array),
}


def _column(name: str, annotation: str) -> Column:
    if name in _FREE_TEXT:
        return Column(name, "string", "String", text_array)
    if name in _UNSIGNED:
        return Column(name, "uint64", "UInt64", partial(number_array, kind="uint64"))
    return Column(name, *_TYPES[annotation])


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
    columns: list[list[Any]] = [[] for _ in COLUMNS]
    for start in range(0, len(rows), _CHUNK):
        values = zip(*map(astuple, rows[start : start + _CHUNK]), strict=True)
        for column, part in zip(columns, values, strict=True):
            column.extend(part)
    arrays = [c.build(values) for c, values in zip(COLUMNS, columns, strict=True)]
    return optional("pyarrow").record_batch(arrays, schema=arrow_schema())
