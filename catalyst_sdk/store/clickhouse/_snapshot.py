"""A frozen set of a project's traces: their facts in tables of their own."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from catalyst_sdk.store.clickhouse._project import ProjectStore
from catalyst_sdk.store.clickhouse._schema import DATABASE, FACTS
from catalyst_sdk.store.files import TRACES_SQL

if TYPE_CHECKING:
    from catalyst_sdk.store.clickhouse._live import LiveStore

_IDS_AT_ONCE = 2_000
_FACTS = ", ".join(column.name for column in FACTS)


class Snapshot(ProjectStore):
    """Some traces as they stood when it was made; `close` drops its tables."""

    def __init__(self, live: LiveStore, project: str, trace_ids: Sequence[str]) -> None:
        super().__init__(live, project)
        name = f"{DATABASE}.snapshot_{uuid.uuid4().hex[:12]}"
        self._names = (f"{name}_spans", f"{name}_traces")
        self._create(trace_ids)

    def close(self) -> None:
        """Drop its tables; idempotent."""
        for name in self._names:
            self._live.command(f"DROP TABLE IF EXISTS {name}")

    def _create(self, trace_ids: Sequence[str]) -> None:
        spans, traces = self._names
        columns = ", ".join(f"{column.name} {column.sql}" for column in FACTS)
        self._live.command(f"CREATE TABLE {spans} ({columns}) ENGINE = MergeTree ORDER BY trace_id")
        for at in range(0, len(trace_ids), _IDS_AT_ONCE):
            self._live.command(
                f"INSERT INTO {spans} ({_FACTS}) SELECT {_FACTS} FROM {DATABASE}.spans FINAL "
                f"WHERE {self._where()} AND trace_id IN {{ids:Array(String)}}",
                {"ids": list(trace_ids[at : at + _IDS_AT_ONCE])} | self._params(),
            )
        self._live.command(
            f"CREATE TABLE {traces} ENGINE = MergeTree ORDER BY trace_id AS "
            f"WITH spans AS (SELECT * FROM {spans}) SELECT * FROM ({TRACES_SQL})"
        )

    def _tables(self) -> tuple[str, dict[str, Any]]:
        spans, traces = self._names
        return f"spans AS (SELECT * FROM {spans}), traces AS (SELECT * FROM {traces})", {}
