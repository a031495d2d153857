"""The metadata database: SQLite by default, PostgreSQL for several servers."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError

from catalyst_sdk.errors import ConfigError, Unreachable

logging.getLogger("alembic").setLevel(logging.WARNING)


def open_database(url: str) -> Engine:
    """Connect and bring the schema up to date; forward only, safe with several servers starting.

    *url* is SQLAlchemy's: `sqlite:///path/catalyst.db` or `postgresql://user@host/name`.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ConfigError(
            "The metadata database's address cannot be read.",
            hint="Use sqlite:///path/catalyst.db or postgresql://user:password@host/name",
        ) from error
    backend = parsed.get_backend_name()
    if backend == "postgresql":
        engine = create_engine(parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
    elif backend == "sqlite":
        if parsed.database and parsed.database != ":memory:":
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(parsed)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        raise ConfigError(f"Metadata can be kept in SQLite or PostgreSQL, not in {backend}.")
    try:
        _migrate(engine)
    except OperationalError as error:
        engine.dispose()
        reason = str(error.orig).splitlines()[0] if error.orig else "no answer"
        raise Unreachable(
            f"The metadata database {parsed.render_as_string()} does not answer: {reason}",
            hint="Check its address, and that it is running.",
        ) from error
    return engine


def _migrate(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", "catalyst_sdk.server.metadata:migrations")
    config.set_main_option("path_separator", "os")
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT pg_advisory_lock(8799)")
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
            connection.commit()
        finally:
            if engine.dialect.name == "postgresql":
                connection.rollback()
                connection.exec_driver_sql("SELECT pg_advisory_unlock(8799)")


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where SQLAlchemy says, see _begin
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "busy_timeout=10000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
