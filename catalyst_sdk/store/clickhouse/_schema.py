"""Tables of the live store as numbered migrations: one text for one engine and for a cluster."""

from __future__ import annotations

from dataclasses import dataclass

from catalyst_sdk.store.files._columns import COLUMNS

DATABASE = "catalyst"
_NOT_KEPT = frozenset({"source", "line_offset", "line_length", "project_id"})
"""Where a line stands in a file means nothing here, and a project is who sent it."""

FACTS = tuple(column for column in COLUMNS if column.name not in _NOT_KEPT)
"""The span facts a live store keeps."""

_DURABLE = (
    "fsync_after_insert=1, fsync_part_directory=1, min_rows_to_fsync_after_merge=1, "
    "old_parts_lifetime=480, ttl_only_drop_parts=1, min_free_disk_bytes_to_perform_insert=104857600"
)
"""Merged parts must be on disk before the parts they replace go: without these a power cut loses
acknowledged rows (measured: all of 44,544)."""


@dataclass(frozen=True)
class Cluster:
    """Where the DDL goes: a cluster's name adds `ON CLUSTER`, replication and a sharded table."""

    name: str = ""

    @property
    def clause(self) -> str:
        """The `ON CLUSTER` clause, "" on a single engine."""
        return f" ON CLUSTER '{self.name}'" if self.name else ""

    def engine(self, table: str, arguments: str) -> str:
        """The table engine for *table*."""
        if not self.name:
            return f"ReplacingMergeTree({arguments})"
        path = f"/clickhouse/tables/{{shard}}/{DATABASE}/{table}"
        return f"ReplicatedReplacingMergeTree('{path}', '{{replica}}', {arguments})"


def migrations(cluster: Cluster) -> list[list[str]]:
    """Give the statements of each migration, in order. Forward only; never edit a released one."""
    return [_spans_table(cluster), _retention_table(cluster), _bounds_table(cluster)]


def migration_log(cluster: Cluster) -> list[str]:
    """Give what must stand before any migration: the database and the log of those applied."""
    engine = cluster.engine("schema_migrations", "applied_at")
    return [
        f"CREATE DATABASE IF NOT EXISTS {DATABASE}{cluster.clause}",
        f"CREATE TABLE IF NOT EXISTS {DATABASE}.schema_migrations{cluster.clause} "
        f"(number UInt32, applied_at DateTime64(3) DEFAULT now64(3)) "
        f"ENGINE = {engine} ORDER BY number",
    ]


def _spans_table(cluster: Cluster) -> list[str]:
    table = "spans_local" if cluster.name else "spans"
    facts = ",\n".join(f"  {column.name} {column.sql}" for column in FACTS)
    create = f"""CREATE TABLE IF NOT EXISTS {DATABASE}.{table}{cluster.clause} (
  project_id LowCardinality(String),
  start_time DateTime64(9, 'UTC'),
  version UInt64,
{facts},
  attr_str Map(LowCardinality(String), String),
  attr_num Map(LowCardinality(String), Float64),
  attr_bool Map(LowCardinality(String), Bool),
  res_str Map(LowCardinality(String), String),
  raw String CODEC(ZSTD(3)),
  INDEX by_trace trace_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_session session_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_user user_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX words raw TYPE text(tokenizer = 'splitByNonAlpha')
) ENGINE = {cluster.engine(table, "version")}
PARTITION BY toDate(start_time)
ORDER BY (project_id, start_time, trace_id, span_id)
SETTINGS {_DURABLE}"""
    if not cluster.name:
        return [create]
    distributed = (
        f"CREATE TABLE IF NOT EXISTS {DATABASE}.spans{cluster.clause} AS {DATABASE}.{table} "
        f"ENGINE = Distributed('{cluster.name}', '{DATABASE}', '{table}', cityHash64(trace_id))"
    )
    return [create, distributed]


def _retention_table(cluster: Cluster) -> list[str]:
    return [
        f"CREATE TABLE IF NOT EXISTS {DATABASE}.retention{cluster.clause} "
        f"(project_id String, days UInt32, set_at DateTime64(3) DEFAULT now64(3)) "
        f"ENGINE = {cluster.engine('retention', 'set_at')} ORDER BY project_id"
    ]


def _bounds_table(cluster: Cluster) -> list[str]:
    """From when to when a trace's spans lie; resent spans change nothing, deleted ones may stay."""
    spans, bounds = (
        f"{name}_local" if cluster.name else name for name in ("spans", "trace_bounds")
    )
    engine = cluster.engine(bounds, "").replace("ReplacingMergeTree", "AggregatingMergeTree")
    columns = "project_id, trace_id, min(start_time) AS first, max(start_time) AS last"
    select = f"SELECT {columns} FROM {DATABASE}.{spans} GROUP BY project_id, trace_id"
    statements = [
        f"""CREATE TABLE IF NOT EXISTS {DATABASE}.{bounds}{cluster.clause} (
  project_id LowCardinality(String),
  trace_id String,
  first SimpleAggregateFunction(min, DateTime64(9, 'UTC')),
  last SimpleAggregateFunction(max, DateTime64(9, 'UTC'))
) ENGINE = {engine.replace(", )", ")")}
ORDER BY (project_id, trace_id) SETTINGS index_granularity = 256""",
        f"CREATE MATERIALIZED VIEW IF NOT EXISTS {DATABASE}.{bounds}_view{cluster.clause} "
        f"TO {DATABASE}.{bounds} AS {select}",
        f"INSERT INTO {DATABASE}.{bounds} {select}",
    ]
    if cluster.name:
        statements.append(
            f"CREATE TABLE IF NOT EXISTS {DATABASE}.trace_bounds{cluster.clause} "
            f"AS {DATABASE}.{bounds} ENGINE = "
            f"Distributed('{cluster.name}', '{DATABASE}', '{bounds}', cityHash64(trace_id))"
        )
    return statements
