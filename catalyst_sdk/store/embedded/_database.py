"""The embedded engine: ClickHouse SQL in this process and in memory, one database a data set.

chdb hosts one engine a process and any number of handles to it; a handle serves one call at a
time, so each database keeps a pool of them. Opening the first one costs 0.6 CPU seconds and
260 MB, so nothing here is imported before it is needed.
"""

from __future__ import annotations

import atexit
import itertools
import os
import threading
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

_serial = itertools.count(1)
_opening = threading.Lock()
_databases: weakref.WeakSet[Database] = weakref.WeakSet()
_process = os.getpid()


class Database:
    """One in-memory database: `run` changes it, `query` only reads, from any thread."""

    def __init__(self) -> None:
        self.name = f"catalyst_{next(_serial)}"
        self._owner = os.getpid()
        self._idle: list[Any] = []
        self._busy = 0
        self._lock = threading.Lock()
        self._checked: set[str] = set()
        self._closed = False
        self._admin = _connect(None)
        self._admin.command(f"CREATE DATABASE {self.name}")
        self._admin.database = self.name
        _databases.add(self)

    def run(self, sql: str, params: Mapping[str, Any] | None = None) -> None:
        """Run one statement of our own that may write."""
        self._guard()
        with self._lock:
            try:
                self._admin.command(sql, parameters=dict(params) if params else None)
            except Exception as error:
                fresh = _connect(self.name)
                self._admin.close()
                self._admin = fresh
                raise engine_error(error) from error

    def query(self, sql: str, params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Answer one SELECT; raises EngineError with the engine's own words."""
        self._guard()
        with self._handle() as client:
            if sql not in self._checked:
                check_read_only(client, sql)
                self._checked.add(sql)
            result = client.query(sql, parameters=dict(params) if params else None)
            return list(result.named_results())

    def close(self) -> None:
        """Drop the data and give the handles back; idempotent."""
        with self._lock:
            if self._closed or self._owner != os.getpid():
                return
            self._closed = True
            idle, self._idle = self._idle, []
        for client in idle:
            client.close()
        self._admin.command(f"DROP DATABASE IF EXISTS {self.name}")
        self._admin.close()
        _databases.discard(self)

    @contextmanager
    def _handle(self) -> Generator[Any]:
        with self._lock:
            client = self._idle.pop() if self._idle else None
        client = client or _reader(self.name)
        try:
            yield client
        except Exception as error:
            # A failed query can leave bytes behind that the next answer would begin with.
            client.close()
            raise engine_error(error) from error
        except BaseException:
            client.close()
            raise
        with self._lock:
            if not self._closed:
                self._idle.append(client)
                return
        client.close()

    def _guard(self) -> None:
        if self._owner != os.getpid():
            raise EngineError(
                "This data set was opened before a fork and cannot be used in the child.",
                hint="Open the files again in the child process, or start it with spawn.",
            )
        if self._closed:
            raise EngineError("This data set is closed.", hint="Open the files again.")


def warm_up() -> None:
    """Start loading the engine in the background, for the query that will follow."""
    threading.Thread(target=_warm_up, name="catalyst-engine", daemon=True).start()


def _warm_up() -> None:
    try:
        optional("clickhouse_connect")
        optional("chdb")
    except Exception:  # noqa: BLE001 - the query itself will say what is missing
        return


def _connect(database: str | None) -> Any:
    connect = optional("clickhouse_connect")
    optional("chdb")
    with _opening:
        try:
            return connect.get_client(dsn="chdb://:memory:", database=database)
        except Exception as error:
            raise engine_error(error) from error


def _reader(database: str) -> Any:
    client = _connect(database)
    client.set_client_setting("max_execution_time", MAX_SECONDS)
    client.set_client_setting("max_memory_usage", MAX_BYTES)
    client.set_client_setting("readonly", 1)
    return client


@atexit.register
def _close_all() -> None:
    for database in list(_databases):
        database.close()
