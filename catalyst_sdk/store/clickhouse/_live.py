"""The live store: accepts batches, keeps them, and reads them back by project."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from clickhouse_connect.driver.exceptions import (
    ClickHouseError,
    DatabaseError,
    OperationalError,
)

from catalyst_sdk.errors import ConfigError, EngineError
from catalyst_sdk.spans import Span
from catalyst_sdk.store._optional import optional
from catalyst_sdk.store.clickhouse._decode import decode
from catalyst_sdk.store.clickhouse._rows import Rows
from catalyst_sdk.store.clickhouse._schema import DATABASE, Cluster, migration_log, migrations
from catalyst_sdk.store.clickhouse._stretch import OrderedProject
from catalyst_sdk.store.clickhouse._writer import InsertRefused, Writer
from catalyst_sdk.store.embedded._errors import engine_error
from catalyst_sdk.store.engine import EngineProcess
from catalyst_sdk.store.journal import Batch, Journal

_log = logging.getLogger(__name__)

_TRANSIENT_CODES = ("Code: 241.", "Code: 159.", "Code: 209.", "Code: 210.", "Code: 243.")
"""Memory limit, timeouts, network, no space: the same rows may go in later."""


class LiveStore:
    """Spans of all projects in one ClickHouse, behind a journal.

    `chdb:///folder` runs the engine in a process of its own on that folder;
    `clickhouse://user:password@host:8123/?cluster=name` uses a server, with the journal in *spool*.
    """

    def __init__(
        self,
        url: str,
        *,
        spool: Path | None = None,
        on_stored: Callable[[str, list[Span]], None] | None = None,
        journal_options: Mapping[str, Any] | None = None,
    ) -> None:
        folder, options, cluster = _parse(url, spool)
        self._engine: EngineProcess | None = None
        self._journal = Journal(folder / "journal", **(journal_options or {}))
        try:
            if options is None:
                self._engine = EngineProcess(folder / "engine").start()
                options = self._engine.client_options
            self._options: dict[str, Any] = options
            self._local = threading.local()
            self._clients: list[Any] = []
            self._migrate(cluster)
        except BaseException:
            self._journal.close()
            if self._engine is not None:
                self._engine.stop()
            raise
        self._writer = Writer(self._journal, self._insert, decode, on_stored=on_stored)
        self._writer.start()

    def accept(self, batch: Batch) -> Future[int]:
        """Take a batch; the future is done once it is on disk, and it is stored soon after."""
        future = self._journal.append(batch)
        future.add_done_callback(lambda done: self._offer(done, batch))
        return future

    def flush(self, timeout: float = 10.0) -> bool:
        """Wait until all that was acknowledged is visible to queries; tell whether it is."""
        return self._writer.wait_stored(self._journal.last, timeout)

    @property
    def behind(self) -> int:
        """Batches accepted and not stored yet."""
        return self._writer.behind

    def rebuild(self) -> None:
        """Insert once more all that the journal keeps; what is there already stays once."""
        self._writer.rewind()

    def project(self, project: str) -> OrderedProject:
        """Read one project."""
        return OrderedProject(self, project)

    def query(
        self, sql: str, params: Mapping[str, Any] | None = None, settings: Any = None
    ) -> list[dict[str, Any]]:
        """Run one SELECT over all projects; for one project use `project`."""
        try:
            result = self._client().query(sql, parameters=dict(params or {}), settings=settings)
        except ClickHouseError as error:
            raise engine_error(error) from error
        names = result.column_names
        return [dict(zip(names, row, strict=True)) for row in result.result_rows]

    def command(self, sql: str, params: Mapping[str, Any] | None = None) -> Any:
        """Run one statement that changes something, and wait until it has."""
        wait = {"mutations_sync": 1}
        try:
            return self._client().command(sql, parameters=dict(params or {}), settings=wait)
        except ClickHouseError as error:
            raise engine_error(error) from error

    def health(self) -> dict[str, Any]:
        """Give counts and sizes for `doctor`, the settings page and metrics."""
        return {
            "behind_batches": self._writer.behind,
            "stored_spans": self._writer.stored_spans,
            "refused_spans": self._writer.refused_spans,
            "journal_bytes": self._journal.size_bytes,
            "engine_restarts": self._engine.restarts if self._engine else 0,
            "engine_pid": self._engine.pid if self._engine else 0,
        }

    def tend(self) -> None:
        """Do what is due from time to time: prune the journal, drop what is past its retention."""
        self._journal.prune()
        rows = self.query(f"SELECT project_id, days FROM {DATABASE}.retention FINAL WHERE days > 0")
        for row in rows:
            cut = time.time_ns() - int(row["days"]) * 86_400 * 10**9
            self.command(
                f"ALTER TABLE {DATABASE}.spans DELETE WHERE project_id = {{project:String}} "
                "AND start_time < fromUnixTimestamp64Nano({cut:Int64})",
                {"project": row["project_id"], "cut": cut},
            )

    def set_retention(self, project: str, days: int) -> None:
        """Keep a project's spans for *days* days; 0 keeps them for ever."""
        self.command(
            f"INSERT INTO {DATABASE}.retention (project_id, days) "
            "VALUES ({project:String}, {days:UInt32})",
            {"project": project, "days": days},
        )

    def delete(
        self,
        project: str,
        *,
        trace_ids: Sequence[str] = (),
        session: str | None = None,
        user: str | None = None,
    ) -> int:
        """Delete traces whole: those named, or all of a session or user; give the spans deleted.

        What is accepted before the call is stored first, so that it goes too. The journal keeps
        its copy until it is pruned.
        """
        self.flush()
        column, value = ("session_id", session) if session is not None else ("user_id", user)
        named = "trace_id IN {ids:Array(String)}"
        if session is not None or user is not None:
            named = (
                f"trace_id IN (SELECT trace_id FROM {DATABASE}.spans "
                f"WHERE project_id = {{project:String}} AND {column} = {{value:String}})"
            )
        params = {"project": project, "ids": list(trace_ids), "value": value or ""}
        where = f"project_id = {{project:String}} AND {named}"
        counted = f"SELECT count() AS spans FROM {DATABASE}.spans FINAL WHERE {where}"
        spans = int(self.query(counted, params)[0]["spans"])
        if spans:
            traces = f"SELECT DISTINCT trace_id FROM {DATABASE}.spans WHERE {where}"
            params["ids"] = [row["trace_id"] for row in self.query(traces, params)]
            where = "project_id = {project:String} AND trace_id IN {ids:Array(String)}"
            for table in ("spans", "trace_bounds"):
                self.command(f"ALTER TABLE {DATABASE}.{table} DELETE WHERE {where}", params)
        return spans

    def close(self) -> None:
        """Stop writing, close the engine; what is not stored yet is in the journal."""
        self._writer.stop()
        for client in self._clients:
            client.close()
        if self._engine is not None:
            self._engine.stop()
        self._journal.close()

    def __enter__(self) -> LiveStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _offer(self, done: Future[int], batch: Batch) -> None:
        if done.exception() is None:
            self._writer.offer(done.result(), batch)

    def _insert(self, rows: Rows) -> None:
        try:
            self._client().raw_insert(
                f"{DATABASE}.spans",
                rows.columns,
                rows.to_arrow(),
                settings={"materialize_skip_indexes_on_insert": 0},
                fmt="ArrowStream",
            )
        except OperationalError as error:
            raise ConnectionError(str(error)) from error
        except DatabaseError as error:
            if any(code in str(error) for code in _TRANSIENT_CODES):
                raise ConnectionError(str(error)) from error
            raise InsertRefused(str(error)) from error

    def _client(self) -> Any:
        client = getattr(self._local, "client", None)
        if client is None:
            client = optional("clickhouse_connect").get_client(
                **self._options, autogenerate_session_id=False
            )
            self._local.client = client
            self._clients.append(client)
        return client

    def _migrate(self, cluster: Cluster) -> None:
        for statement in migration_log(cluster):
            self.command(statement)
        rows = self.query(f"SELECT max(number) AS done FROM {DATABASE}.schema_migrations")
        known = migrations(cluster)
        done = int(rows[0]["done"])
        if done > len(known):
            raise EngineError(
                f"The store was written by a newer version (schema {done}, known {len(known)}).",
                hint="Upgrade this installation of the SDK.",
            )
        for number, statements in enumerate(known[done:], start=done + 1):
            for statement in statements:
                self.command(statement)
            self.command(
                f"INSERT INTO {DATABASE}.schema_migrations (number) VALUES ({{number:UInt32}})",
                {"number": number},
            )


def _parse(url: str, spool: Path | None) -> tuple[Path, dict[str, Any] | None, Cluster]:
    parts = urlsplit(url)
    if parts.scheme == "chdb":
        return Path(parts.netloc + parts.path), None, Cluster()
    if parts.scheme not in ("clickhouse", "clickhouses"):
        raise ConfigError(
            f"A store is chdb:///folder or clickhouse://user@host, not {url!r}.",
            hint="For an embedded store in ./data use chdb://data",
        )
    options = {
        "host": parts.hostname or "localhost",
        "port": parts.port or (8443 if parts.scheme == "clickhouses" else 8123),
        "username": parts.username or "default",
        "password": parts.password or "",
        "secure": parts.scheme == "clickhouses",
    }
    pairs = (pair.partition("=") for pair in parts.query.split("&") if pair)
    cluster = {name: value for name, _, value in pairs}.get("cluster", "")
    return spool or Path(".catalyst/spool"), options, Cluster(cluster)
