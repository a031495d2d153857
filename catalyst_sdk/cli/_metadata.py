"""Where projects and keys are kept: the metadata database, or a server that keeps it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, TypeVar

from catalyst_sdk.cli._flags import given_server
from catalyst_sdk.cli._grammar import option
from catalyst_sdk.errors import MissingExtra

if TYPE_CHECKING:
    from catalyst_sdk.client import Client
    from catalyst_sdk.server.metadata import Keys, Projects

F = TypeVar("F", bound=Callable[..., Any])
_DATABASE = "sqlite:///.catalyst/catalyst.db"


def database_option(command: F) -> F:
    """Add the address of the metadata database."""
    return option(
        "--db",
        envvar="CATALYST_DB",
        default=_DATABASE,
        metavar="URL",
        help=f"Projects and keys: SQLite or PostgreSQL. [{_DATABASE}]",
    )(command)


@contextlib.contextmanager
def metadata(db: str) -> Generator[tuple[Projects, Keys]]:
    """Open the database as the server does."""
    try:
        from catalyst_sdk.server.metadata import Keys, Projects, open_database
    except ModuleNotFoundError as error:
        raise MissingExtra("server", "Keeping projects and keys") from error
    engine = open_database(db)
    try:
        projects = Projects(engine)
        projects.ensure_default()
        yield projects, Keys(engine)
    finally:
        engine.dispose()


def named_server() -> Client | None:
    """Give the server that was named, by flag or environment, None without one."""
    address = given_server().get("server") or os.environ.get("CATALYST_SERVER")
    return a_server() if address else None


def a_server() -> Client:
    """Give the server that was named, or the local one."""
    from catalyst_sdk.client import Client

    told = given_server()
    return Client(told.get("server"), project=told.get("project"))
