"""The embedded engine: ClickHouse SQL in this process and in memory, one database a data set.

chdb hosts one engine a process and any number of handles to it; a handle serves one call at a
time, so each database keeps a pool of them. Opening the first one costs 0.6 CPU seconds and
260 MB, so nothing here is imported before it is needed.
"""

from __future__ import annotations

import itertools
import os
import threading
import time
import weakref
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

from catalyst_sdk.errors import EngineError
from catalyst_sdk.store._optional import optional
from catalyst_sdk.store.embedded._errors import engine_error
from catalyst_sdk.store.embedded._guard import check_read_only

MAX_SECONDS = 60
"""A query that takes longer is stopped."""
MAX_BYTES = 4 << 30
"""A query that needs more memory is stopped."""
_PATIENCE = 10.0
"""Seconds a stopped query may take to end."""
_RETRY = 0.05

# Compiling expressions pays on long scans of many rows only.
_NO_COMPILER = (
    "SET compile_expressions = 0, compile_aggregate_expressions = 0, compile_sort_description = 0"
)

_serial = itertools.count(1)
_opening = threading.Lock()


class Database:
    """One in-memory database: `run` changes it, `query` only reads, from any thread."""

    def __init__(self) -> None:
        self.name = f"catalyst_{next(_serial)}"
        self._owner = os.getpid()
        self._idle: list[Any] = []
        self._busy = 0
        self._changed = threading.Condition()
        self._checked: set[str] = set()
        self._closed = False
        self._admin = _connect(None)
        self._admin.command(f"CREATE DATABASE {self.name}")
        self._admin.database = self.name
        _exit.watch(self)

    def run(self, sql: str, params: Mapping[str, Any] | None = None) -> None:
        """Run one statement of our own that may write."""
        self._guard()
        with self._changed:
            try:
                self._admin.command(sql, parameters=dict(params) if params else None)
            except Exception as error:
                fresh = _connect(self.name)
                self._admin.close()
                self._admin = fresh
                raise engine_error(error) from error

    def query(self, sql: str, params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Answer one SELECT; raises EngineError with the engine's own words."""
        statement = sql.strip().rstrip(";")
        with self._handle() as client:
            if statement not in self._checked:
                check_read_only(client, statement)
                self._checked.add(statement)
            result = client.query(statement, parameters=dict(params) if params else None)
            return list(result.named_results())

    def close(self) -> None:
        """Stop what runs, drop the data and give the handles back; idempotent."""
        with self._changed:
            if self._closed or self._owner != os.getpid():
                return
            self._closed = True
            self._stop_queries()
            for client in self._idle:
                client.close()
            self._idle.clear()
            self._admin.command(f"DROP DATABASE IF EXISTS {self.name}")
            self._admin.close()

    def _stop_queries(self) -> None:
        """Stop what runs; again and again, since a query may just be on its way to the engine."""
        deadline = time.monotonic() + _PATIENCE
        while self._busy and time.monotonic() < deadline:
            self._admin.command(
                f"KILL QUERY WHERE current_database = '{self.name}' "
                "AND query NOT LIKE 'KILL QUERY%' ASYNC"
            )
            self._changed.wait_for(lambda: not self._busy, _RETRY)

    @contextmanager
    def _handle(self) -> Generator[Any]:
        """Lend a handle; one that failed is not used again.

        A failed query can leave bytes behind that the next answer would begin with.
        """
        with self._changed:
            self._guard()
            client = self._idle.pop() if self._idle else None
            self._busy += 1
        failed = True
        try:
            client = client or _reader(self.name)
            yield client
            failed = False
        except Exception as error:
            raise engine_error(error) from error
        finally:
            with self._changed:
                self._busy -= 1
                self._changed.notify_all()
                keep = not failed and not self._closed
                if keep:
                    self._idle.append(client)
            if client is not None and not keep:
                client.close()

    def _guard(self) -> None:
        if self._owner != os.getpid():
            raise EngineError(
                "This data set was opened before a fork and cannot be used in the child.",
                hint="Open the files again in the child process, or start it with spawn.",
            )
        if self._closed:
            raise EngineError("This data set is closed.", hint="Open the files again.")


class _Exit:
    """Closes every database before the handles' own finalizers run at exit.

    Finalizers run in the reverse order of their making, and a query that still runs when the
    engine goes would take the process down with it.
    """

    def __init__(self) -> None:
        self._databases: weakref.WeakSet[Database] = weakref.WeakSet()
        self._finalizer: weakref.finalize[Any, Any] | None = None

    def watch(self, database: Database) -> None:
        self._databases.add(database)
        self.come_last()

    def come_last(self) -> None:
        """Be the newest finalizer."""
        if self._finalizer is not None:
            self._finalizer.detach()
        self._finalizer = weakref.finalize(self, _close_all, self._databases)


def _close_all(databases: weakref.WeakSet[Database]) -> None:
    for database in list(databases):
        database.close()


_exit = _Exit()


def _connect(database: str | None) -> Any:
    connect = optional("clickhouse_connect")
    optional("chdb")
    with _opening:
        try:
            client = connect.get_client(dsn="chdb://:memory:", database=database)
            client.command(_NO_COMPILER)
            return client
        except Exception as error:
            raise engine_error(error) from error
        finally:
            _exit.come_last()


def _reader(database: str) -> Any:
    client = _connect(database)
    client.set_client_setting("max_execution_time", MAX_SECONDS)
    client.set_client_setting("max_memory_usage", MAX_BYTES)
    client.set_client_setting("readonly", 1)
    return client
