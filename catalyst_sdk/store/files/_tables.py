"""The SQL that makes the `spans` and `traces` tables."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from catalyst_sdk.store.files._columns import TYPES

if TYPE_CHECKING:
    from catalyst_sdk.store.embedded import Database

_SOURCE = "source"
_GLOB = frozenset("*?{}[]")
_COLUMN_LIST = ", ".join(f"{name} {sql}" for name, sql in TYPES.items())
_NAMES = ", ".join(TYPES)
_NUMBERED = ", ".join("{source:Int64} AS source" if name == _SOURCE else name for name in TYPES)


class Part(NamedTuple):
    """One Parquet file of span facts."""

    path: str
    source: int | None
    """Index of the file it describes; None when its rows tell themselves."""


def create_spans(database: Database, parts: Sequence[Part], *, repeated: bool) -> None:
    """Fill `spans` from the sidecars; of a span that stands there repeatedly the last is kept."""
    database.run(f"CREATE TABLE spans ({_COLUMN_LIST}) ENGINE = Memory")
    for part in parts:
        _insert(database, part)
    if repeated:
        database.run("RENAME TABLE spans TO repeated")
        database.run(
            f"CREATE TABLE spans ({_COLUMN_LIST}) ENGINE = Memory AS SELECT {_NAMES} FROM repeated "
            "ORDER BY source DESC, line_offset DESC LIMIT 1 BY trace_id, span_id"
        )
        database.run("DROP TABLE repeated")


def _insert(database: Database, part: Part) -> None:
    names = _NAMES if part.source is None else _NUMBERED
    with _plain_path(part.path) as path:
        database.run(
            f"INSERT INTO spans SELECT {names} "
            "FROM file({path:String}, 'Parquet', {all:String})",
            {"path": path, "source": part.source or 0, "all": _COLUMN_LIST},
        )


@contextmanager
def _plain_path(path: str) -> Generator[str]:
    """Give a name of the file that the engine does not take for a pattern."""
    if not _GLOB & set(path):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="catalyst-") as folder:
        link = os.path.join(folder, "facts.parquet")
        os.symlink(path, link)
        yield link


def create_traces(database: Database) -> None:
    """Fill `traces`, one row a trace, from `spans`."""
    database.run(f"CREATE TABLE traces ENGINE = Memory AS {TRACES_SQL}")


def create_places(database: Database, table: str, path: str) -> None:
    """Fill a table of (trace_id, span_id) from a Parquet file."""
    with _plain_path(path) as plain:
        database.run(
            f"CREATE TABLE {table} ENGINE = Memory AS SELECT trace_id, span_id "
            "FROM file({path:String}, 'Parquet', 'trace_id String, span_id String')",
            {"path": plain},
        )


def copy_traces(database: Database, origin: str, kept: str) -> None:
    """Fill both tables with those traces of database *origin* that its table *kept* names."""
    for table in ("traces", "spans"):
        database.run(
            f"CREATE TABLE {table} ENGINE = Memory AS SELECT * FROM {origin}.{table} "
            f"WHERE trace_id IN (SELECT trace_id FROM {origin}.{kept})"
        )


def _billed(column: str, flag: str) -> str:
    """Sum a column over the spans with *flag*, over model calls alone where there are any."""
    calls = f"s.{flag} AND s.is_model"
    return (
        f"if(countIf({calls}) > 0, sumIf(s.{column}, {calls}), sumIf(s.{column}, s.{flag})) "
        f"AS {column}"
    )


# Orders are whole numbers (time, then a hash of the id): comparing tuples takes four times as long.
# A wrapper that repeats the usage of its child must not be counted twice: `has_tokens` and
# `has_price` hold for the spans with usage or cost none of whose children has any.
TRACES_SQL = f"""
WITH billed AS (
  SELECT *,
    bitShiftLeft(toUInt128(greatest(start_ns, 0)), 64) + cityHash64(span_id) AS began,
    bitShiftLeft(toUInt128(greatest(end_ns, 0)), 64) + cityHash64(span_id) AS ended,
    began + if(parent_span_id = '', toUInt128(0), bitShiftLeft(toUInt128(1), 127)) AS rank,
    kind IN ('LLM', 'EMBEDDING', 'RERANKER') AS is_model,
    has_usage AND cityHash64(trace_id, span_id) NOT IN (
      SELECT cityHash64(trace_id, parent_span_id) FROM spans
      WHERE has_usage AND parent_span_id != ''
    ) AS has_tokens,
    has_cost AND cityHash64(trace_id, span_id) NOT IN (
      SELECT cityHash64(trace_id, parent_span_id) FROM spans
      WHERE has_cost AND parent_span_id != ''
    ) AS has_price
  FROM spans
)
SELECT
  s.trace_id AS trace_id,
  argMin(s.name, s.rank) AS name,
  argMin(s.kind, s.rank) AS kind,
  argMin(s.service, s.rank) AS service,
  argMinIf(s.agent_id, s.rank, s.agent_id != '' OR s.agent_name != '') AS agent_id,
  argMinIf(s.agent_name, s.rank, s.agent_id != '' OR s.agent_name != '') AS agent_name,
  argMinIf(s.session_id, s.rank, s.session_id != '') AS session_id,
  argMinIf(s.user_id, s.rank, s.user_id != '') AS user_id,
  argMinIf(s.input_preview, s.rank, s.input_preview != '') AS input_preview,
  if(argMin(s.output_preview, s.rank) != '', argMin(s.output_preview, s.rank),
    argMaxIf(s.output_preview, s.ended, s.output_preview != '')) AS output_preview,
  min(s.start_ns) AS start_ns,
  max(greatest(s.end_ns, s.start_ns)) AS end_ns,
  max(greatest(s.end_ns, s.start_ns)) - min(s.start_ns) AS duration_ns,
  toInt64(count()) AS span_count,
  toInt64(countIf(s.kind = 'LLM')) AS llm_count,
  toInt64(countIf(s.kind = 'TOOL')) AS tool_count,
  toInt64(countIf(s.status = 'ERROR')) AS error_count,
  multiIf(countIf(s.status = 'ERROR') > 0, 'ERROR', countIf(s.status = 'OK') > 0, 'OK', 'UNSET')
    AS status,
  argMinIf(s.error_message, s.began, s.status = 'ERROR' AND s.error_message != '')
    AS error_message,
  {_billed("prompt_tokens", "has_tokens")},
  {_billed("completion_tokens", "has_tokens")},
  {_billed("total_tokens", "has_tokens")},
  {_billed("cost_usd", "has_price")},
  arraySort(groupUniqArrayIf(s.model, s.model != '')) AS models,
  argMin(s.span_id, s.rank) AS root_span_id,
  toBool(countIf(s.parent_span_id = '') > 0) AS complete
FROM billed AS s GROUP BY s.trace_id
"""
