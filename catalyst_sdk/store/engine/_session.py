"""One connection to the embedded engine per thread, with the settings of each request."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from catalyst_sdk.store.engine._config import OVERRIDABLE, SESSION_SETTINGS

_FORMAT = re.compile(r"\s+FORMAT\s+(\w+)\s*;?\s*$", re.IGNORECASE)
_INSERT = re.compile(r"\s*INSERT\s+INTO\b", re.IGNORECASE)
_SAFE_VALUE = re.compile(r"[\w.+-]{1,64}")


class Connection(Protocol):
    """What is used of `chdb`'s connection."""

    def query(self, query: str, format: str = ..., params: Any = ...) -> Any:  # noqa: A002
        """Run one statement."""
        ...

    def send_insert(self, query: str, format: str = ...) -> Any:  # noqa: A002
        """Open a streaming insert."""
        ...

    def close(self) -> None:
        """Release the connection."""
        ...


class Sessions:
    """Connections by thread: one shared by several threads would run their queries in turn."""

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect
        self._local = threading.local()
        self._lock = threading.Lock()
        self._all: list[Connection] = []

    def run(
        self,
        sql: str,
        body: bytes,
        *,
        default_format: str,
        settings: Mapping[str, str],
        params: Mapping[str, str],
    ) -> bytes:
        """Run one statement on this thread's connection and give its formatted result."""
        connection = self._mine()
        self._apply(connection, settings)
        found = _FORMAT.search(sql)
        form = found.group(1) if found else default_format
        text = sql[: found.start()] if found else sql
        if body and _INSERT.match(sql):
            insert = connection.send_insert(text, form)
            try:
                insert.append(body)
                insert.finish()
            except BaseException:
                insert.cancel()
                raise
            return b""
        result = connection.query(text, form, params=dict(params) or None)
        return bytes(result.bytes()) if hasattr(result, "bytes") else str(result).encode()

    def release(self) -> None:
        """Close this thread's connection: its client has gone."""
        connection = getattr(self._local, "connection", None)
        if connection is None:
            return
        self._local.connection = None
        with self._lock:
            self._all.remove(connection)
        connection.close()

    def close(self) -> None:
        """Close every connection; an open one at exit crashes the engine."""
        with self._lock:
            connections, self._all = self._all, []
        for connection in connections:
            connection.close()

    def _mine(self) -> Connection:
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._connect()
            for name, value in SESSION_SETTINGS.items():
                connection.query(f"SET {name} = {value}")
            self._local.connection = connection
            self._local.applied = {}
            with self._lock:
                self._all.append(connection)
        return connection

    def _apply(self, connection: Connection, settings: Mapping[str, str]) -> None:
        wanted = {
            name: value
            for name, value in settings.items()
            if name in OVERRIDABLE and _SAFE_VALUE.fullmatch(value)
        }
        applied: dict[str, str] = self._local.applied
        if wanted == applied:
            return
        for name in applied.keys() - wanted.keys():
            connection.query(f"SET {name} = {SESSION_SETTINGS.get(name, 'DEFAULT')}")
        for name, value in wanted.items():
            if applied.get(name) != value:
                literal = value if value.replace(".", "", 1).isdigit() else f"'{value}'"
                connection.query(f"SET {name} = {literal}")
        self._local.applied = wanted
