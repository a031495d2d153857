"""Projects and keys, on SQLite and PostgreSQL alike."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, select

from catalyst_sdk.errors import ConfigError, NotFound, Unreachable
from catalyst_sdk.server.metadata import Keys, Projects, open_database
from catalyst_sdk.server.metadata._tables import api_keys, metadata


def test_migrations_make_exactly_the_tables_the_code_names(database: Engine) -> None:
    found = inspect(database)
    for table in metadata.sorted_tables:
        columns = {column["name"] for column in found.get_columns(table.name)}
        assert columns == set(table.columns.keys())


def test_opening_twice_changes_nothing(database: Engine, database_url: str) -> None:
    Projects(database).create("shop")
    again = open_database(database_url)
    assert [project.id for project in Projects(again).list()] == ["shop"]
    again.dispose()


def test_a_key_is_found_by_its_text_only_and_its_secret_is_not_stored(database: Engine) -> None:
    Projects(database).create("shop")
    keys = Keys(database)
    key, text = keys.create("shop", "agents", ["ingest"])

    assert keys.check(text) == key
    assert keys.check(text[:-1] + ("a" if text[-1] != "a" else "b")) is None
    assert keys.check("ck_nothere_secret") is None
    assert keys.check("rubbish") is None
    with database.connect() as connection:
        stored = str(connection.execute(select(api_keys)).all())
    assert text.split("_", 2)[2] not in stored


def test_a_revoked_key_is_refused_and_stays_listed(database: Engine) -> None:
    Projects(database).create("shop")
    keys = Keys(database)
    key, text = keys.create("shop", "agents", ["read", "write"])

    keys.revoke(key.prefix)

    assert keys.check(text) is None
    assert [listed.revoked_ns is not None for listed in keys.list("shop")] == [True]
    assert not keys.any_active()


def test_a_project_cannot_revoke_the_key_of_another(database: Engine) -> None:
    for name in ("shop", "bank"):
        Projects(database).create(name)
    keys = Keys(database)
    key, text = keys.create("bank", "agents", ["read"])
    with pytest.raises(NotFound):
        keys.revoke(key.id, "shop")
    assert keys.check(text) == key


def test_wrong_names_scopes_and_projects_are_refused(database: Engine) -> None:
    with pytest.raises(ConfigError, match="cannot be a project's id"):
        Projects(database).create("Two Words")
    Projects(database).create("shop")
    with pytest.raises(ConfigError, match="exists already"):
        Projects(database).create("shop")
    with pytest.raises(ConfigError, match="ingest, read, write"):
        Keys(database).create("shop", "x", ["admin"])
    with pytest.raises(NotFound):
        Keys(database).create("nowhere", "x", ["read"])


def test_two_servers_starting_at_once_migrate_once(database_url: str) -> None:
    code = (
        "import sys; from catalyst_sdk.server.metadata import open_database, Projects;"
        "Projects(open_database(sys.argv[1])).list()"
    )
    starting = [subprocess.Popen([sys.executable, "-c", code, database_url]) for _ in range(3)]
    assert [process.wait() for process in starting] == [0, 0, 0]


def test_an_address_that_means_nothing_or_does_not_answer_is_one_clear_sentence(
    tmp_path: Path,
) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        open_database("what is this")
    with pytest.raises(ConfigError, match="SQLite or PostgreSQL"):
        open_database("oracle://x/y")
    with pytest.raises(Unreachable, match="does not answer") as caught:
        open_database("postgresql://me:secret@127.0.0.1:1/none")
    assert "secret" not in caught.value.message
