"""A metadata database on SQLite, and on a PostgreSQL of its own where one is installed."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from catalyst_sdk.server.metadata import open_database

_BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start Debian's PostgreSQL on loopback; it refuses to run as root, so root lends a user."""
    if not _BINARIES:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    folder = tmp_path_factory.mktemp("postgres")
    user: list[str] = []
    if Path("/").owner() == "root" and shutil.which("runuser") and _is_root():
        user = ["runuser", "-u", "postgres", "--"]
        for path in (folder, *list(folder.parents)[:2]):
            path.chmod(0o755)
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
    subprocess.run([*control, "-m", "immediate", "stop"], **quiet)


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
