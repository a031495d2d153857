"""Keeps the engine's process alive: start, health, restart, stop."""

from __future__ import annotations

import importlib.util
import logging
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from catalyst_sdk.errors import EngineError, MissingExtra
from catalyst_sdk.store.engine._config import IN_USE

_log = logging.getLogger(__name__)

_START_S = 60.0
_PING_EVERY_S = 2.0
_PING_TIMEOUT_S = 10.0
_STOP_S = 10.0
_ORPHAN_S = 30.0


class EngineProcess:
    """An embedded ClickHouse in *folder*, served on a loopback port that survives its restarts.

    The listening socket belongs to this process: while the engine is away, connections wait in
    its backlog. `on_restart` is called, from the watching thread, each time a new engine is ready
    after the first; it is where a store replays its journal.
    """

    def __init__(
        self,
        folder: Path,
        *,
        max_memory_bytes: int = 900 * 1024 * 1024,
        on_restart: Callable[[], None] | None = None,
    ) -> None:
        if importlib.util.find_spec("chdb") is None:
            raise MissingExtra("halo", "The embedded engine")
        self._folder = folder
        self._memory = max_memory_bytes
        self._on_restart = on_restart
        self._token = secrets.token_urlsafe(24)
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._stopping = threading.Event()
        self._process: subprocess.Popen[str] | None = None
        self._watch: threading.Thread | None = None
        self.restarts = 0

    @property
    def port(self) -> int:
        """The loopback port the engine answers on."""
        return int(self._socket.getsockname()[1])

    @property
    def pid(self) -> int:
        """Process id of the engine now running, 0 when there is none."""
        return self._process.pid if self._process and self._process.poll() is None else 0

    @property
    def client_options(self) -> dict[str, Any]:
        """Keyword arguments for `clickhouse_connect.get_client` and its async twin."""
        return {
            "host": "127.0.0.1",
            "port": self.port,
            "username": "catalyst",
            "password": self._token,
            "compress": False,
        }

    def start(self) -> EngineProcess:
        """Start the engine and wait until it answers; EngineError says why it does not."""
        try:
            self._spawn_after_orphan()
        except BaseException:
            self._socket.close()
            raise
        self._watch = threading.Thread(target=self._keep_alive, name="engine-watch", daemon=True)
        self._watch.start()
        return self

    def stop(self) -> None:
        """End the engine: its open queries are given up, its data is on disk."""
        self._stopping.set()
        process = self._process
        if process is not None and process.poll() is None:
            if process.stdin:
                process.stdin.close()
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._watch is not None and self._watch is not threading.current_thread():
            self._watch.join(_STOP_S)
        self._close_pipes(process)
        self._socket.close()

    def __enter__(self) -> EngineProcess:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _spawn_after_orphan(self) -> None:
        """Spawn; an engine whose supervisor was killed ends by itself, so wait for that."""
        deadline = time.monotonic() + _ORPHAN_S
        while True:
            try:
                self._spawn()
            except _InUse as error:
                if error.supervised or time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
            else:
                return

    def _spawn(self) -> None:
        fd = self._socket.fileno()
        command = [sys.executable, "-m", "catalyst_sdk.store.engine._child"]
        process = subprocess.Popen(
            [*command, str(self._folder), str(fd), str(self._memory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            pass_fds=[fd],
            start_new_session=True,
        )
        self._process = process
        assert process.stdin is not None
        process.stdin.write(self._token + "\n")
        process.stdin.flush()
        if not self._ready(process):
            process.kill()
            code = process.wait()
            self._close_pipes(process)
            raise self._failure(code)

    def _ready(self, process: subprocess.Popen[str]) -> bool:
        seen: list[str] = []
        assert process.stdout is not None
        stdout = process.stdout
        reader = threading.Thread(target=lambda: seen.append(stdout.readline()), daemon=True)
        reader.start()
        reader.join(_START_S)
        return bool(seen) and seen[0].strip() == "ready"

    def _failure(self, code: int) -> EngineError:
        if code == IN_USE:
            return _InUse(self._folder)
        return EngineError(
            f"The embedded engine did not start in {self._folder} (exit code {code}).",
            hint="Check that the folder is writable and the disk has space.",
        )

    def _keep_alive(self) -> None:
        while not self._stopping.wait(_PING_EVERY_S):
            process = self._process
            if process is not None and process.poll() is None and self._answers():
                continue
            if self._stopping.is_set():
                return
            self._replace(process)

    def _replace(self, process: subprocess.Popen[str] | None) -> None:
        if process is not None:
            if process.poll() is None:
                _log.warning("the engine does not answer; restarting it")
                process.kill()
            code = process.wait()
            self._close_pipes(process)
            _log.warning("the engine ended (exit code %s); starting it again", code)
        try:
            self._spawn()
        except EngineError as error:
            _log.error("%s %s", error.message, error.hint)
            return
        self.restarts += 1
        if self._on_restart is not None:
            self._on_restart()

    def _answers(self) -> bool:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=_PING_TIMEOUT_S)
        try:
            connection.request("GET", "/ping")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    @staticmethod
    def _close_pipes(process: subprocess.Popen[str] | None) -> None:
        for pipe in (process.stdin, process.stdout) if process else ():
            if pipe:
                try:
                    pipe.close()
                except OSError:  # the child ended with our last write still buffered
                    continue


class _InUse(EngineError):
    """Another engine has the folder; *supervised* tells whether anyone still wants it to."""

    def __init__(self, folder: Path) -> None:
        holder, _, supervisor = (folder / "engine.lock").read_text().partition(" ")
        super().__init__(
            f"The store in {folder} is in use by process {holder or 'unknown'}.",
            hint="Stop that process, or talk to its server instead of opening the folder.",
        )
        self.supervised = not supervisor or _alive(int(supervisor))


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
