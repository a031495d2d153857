"""A metadata database on SQLite, and on a PostgreSQL of its own where one is installed."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import Engine

from catalyst_sdk.server.metadata import open_database

_BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Start Debian's PostgreSQL on loopback; it refuses to run as root, so root lends a user."""
    if not _BINARIES:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="catalyst-postgres-"))  # pytest's own may be pruned
    user: list[str] = []
    if Path("/").owner() == "root" and shutil.which("runuser") and _is_root():
        user = ["runuser", "-u", "postgres", "--"]
        folder.chmod(0o755)
        shutil.chown(folder, "postgres")
    data, port = folder / "data", _free_port()
    pg = _BINARIES[-1]
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "cwd": "/"}
    init = [str(pg / "initdb"), "-D", str(data), "-A", "trust", "-U", "catalyst", "--no-sync"]
    subprocess.run([*user, *init], **quiet)
    options = f"-c listen_addresses=127.0.0.1 -p {port} -c unix_socket_directories={folder}"
    control = [*user, str(pg / "pg_ctl"), "-D", str(data), "-w"]
    subprocess.run([*control, "-l", str(folder / "log"), "-o", options, "start"], **quiet)
    yield f"postgresql://catalyst@127.0.0.1:{port}/postgres"
    subprocess.run([*control, "-m", "immediate", "stop"], **{**quiet, "check": False})
    shutil.rmtree(folder, ignore_errors=True)


def _is_root() -> bool:
    return subprocess.run(["id", "-u"], capture_output=True, text=True).stdout.strip() == "0"


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give an address of each kind of database in turn; PostgreSQL's is emptied first."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'meta' / 'catalyst.db'}"
    url: str = request.getfixturevalue("postgres_url")
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Engine]:
    """Open the metadata database, schema in place."""
    engine = open_database(database_url)
    yield engine
    engine.dispose()


class RunningServer:
    """A server in a process of its own, on loopback, with its folder to look into."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.folder = folder
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._settings = {
            "port": self.port,
            "store": f"chdb://{folder}/store",
            "database": f"sqlite:///{folder}/catalyst.db",
            **settings,
        }
        self.process = self._start()

    def _start(self) -> subprocess.Popen[str]:
        code = (
            "import sys, json; from catalyst_sdk.server import ServerSettings, serve;"
            "serve(ServerSettings(**json.loads(sys.argv[1])))"
        )
        log = (self.folder / "server.log").open("a")
        process = subprocess.Popen(
            [sys.executable, "-c", code, json.dumps(self._settings)],
            stderr=log,
            stdout=log,
            text=True,
            cwd=self.folder,
        )
        log.close()
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline and process.poll() is None:
            try:
                if self.request("GET", "/readyz").status == 200:
                    return process
            except OSError:
                threading.Event().wait(0.05)
        raise AssertionError((self.folder / "server.log").read_text())

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Make one request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return Answer(response.status, response.read(), dict(response.getheaders()))
        finally:
            connection.close()

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """Ask it to stop; give its exit code."""
        self.process.terminate()
        return self.process.wait(40)

    def restart(self) -> None:
        """Start again on the same folder and port."""
        self.process = self._start()


class Answer(NamedTuple):
    """Status, body and headers."""

    status: int
    body: bytes
    headers: dict[str, str]

    def json(self) -> Any:
        """Decode the body."""
        return json.loads(self.body)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server for all tests that leave it as it was."""
    running = RunningServer(tmp_path_factory.mktemp("server"), grpc_port=_free_port())
    yield running
    running.stop()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Callable[..., RunningServer]]:
    """Start servers that a test may break."""
    started: list[RunningServer] = []

    def start(**settings: object) -> RunningServer:
        started.append(RunningServer(tmp_path, **settings))
        return started[-1]

    yield start
    for running in started:
        if running.process.poll() is None:
            running.stop()
