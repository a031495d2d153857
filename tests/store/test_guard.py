"""What a query may not do, and how the engine's refusals read."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from inline_snapshot import snapshot

from catalyst_sdk.errors import EngineError
from catalyst_sdk.store import FileStore, open_files


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM file('/etc/hostname', 'LineAsString')",
        "SELECT file('/etc/hostname')",
        "SELECT `file`('/etc/hostname')",
        "SELECT \"file\"('/etc/hostname')",
        "SELECT /* x */ FiLe /* ( */ ('/etc/hostname')",
        "SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 'a String')",
        "SELECT * FROM Python(os)",
        "SELECT * FROM executable('id', 'TSV', 'a String')",
        "SELECT 1 INTO OUTFILE 'here.txt'",
        "SELECT 1 -- harmless\n INTO/**/OUTFILE 'here.txt'",
        "SELECT 1 SETTINGS max_execution_time = 0",
        "SELECT 1; SELECT 2",
        "SELECT 1; DROP TABLE spans",
        "DROP TABLE spans",
        "TRUNCATE TABLE spans",
        "INSERT INTO spans (name) VALUES ('x')",
        "CREATE TABLE t (x Int8) ENGINE = Memory",
        "ALTER TABLE spans DELETE WHERE 1",
        "SET readonly = 0",
        "USE system",
        "SYSTEM SHUTDOWN",
        "KILL QUERY WHERE 1",
        "SELECT * FROM sqlite('/etc/x', 'y')",
        "SELECT * FROM remote('127.0.0.1', system.one)",
        "(SELECT 1) INTO OUTFILE 'here.txt'",
        "",
    ],
)
def test_a_query_that_does_more_than_read_the_tables_is_refused(
    store: FileStore, sql: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EngineError):
        store.query(sql)
    assert not (tmp_path / "here.txt").exists()
    assert store.totals().spans == 18


@pytest.mark.parametrize(
    ("sql", "count"),
    [
        ("WITH a AS (SELECT 1 AS x) SELECT x FROM a", 1),
        ("SELECT 'file(' || 'INTO OUTFILE' AS x", 1),
        ("SELECT 1 AS `INTO OUTFILE`;", 1),
        ("SELECT 1 AS x UNION ALL SELECT 2", 2),
        ("SELECT name FROM spans WHERE name LIKE '%up' -- file('x')", 6),
        ("EXPLAIN SELECT 1", None),
        ("SHOW TABLES", 2),
    ],
)
def test_a_query_that_only_reads_is_answered(store: FileStore, sql: str, count: int | None) -> None:
    assert count is None or len(store.query(sql)) == count


def test_the_engine_speaks_in_one_sentence(store: FileStore) -> None:
    told: list[tuple[str, str]] = []
    for sql in (
        "SELECT nme FROM spans",
        "SELECT * FROM span",
        "SELEC 1",
        "SELECT 1 +",
        "SELECT nope(1)",
        "SELECT {x:Int64}",
    ):
        with pytest.raises(EngineError) as caught:
            store.query(sql)
        told.append((caught.value.message, caught.value.hint))
    assert told == snapshot(
        [
            (
                "Unknown expression identifier `nme`.",
                "Did you mean `name`? DESCRIBE TABLE spans lists the columns.",
            ),
            (
                "Unknown table expression identifier 'span'.",
                "Did you mean `spans`? The tables are `spans` and `traces`.",
            ),
            ("Syntax error at character 7, near `1`.", ""),
            ("Syntax error at character 11, at its end.", ""),
            ("Function with name `nope` does not exist.", "Did you mean `hop`, `now`?"),
            ("Substitution `x` is not set.", ""),
        ]
    )


def test_a_failed_query_leaves_nothing_in_the_next_answer(store: FileStore) -> None:
    for _ in range(3):
        with pytest.raises(EngineError):
            store.query("SELECT throwIf(number = 70000, 'stop') FROM numbers(100000)")
        assert store.query("SELECT 7 AS seven") == [{"seven": 7}]


def test_a_query_without_end_is_stopped(six: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalyst_sdk.store.embedded._database.MAX_SECONDS", 1)
    with open_files(six) as store, pytest.raises(EngineError, match="Timeout exceeded"):
        store.query("SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 0")


def test_closing_stops_what_runs(six: Path) -> None:
    store = open_files(six)
    store.query("SELECT 1")
    told: list[str] = []

    def ask() -> None:
        try:
            store.query("SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 0")
        except EngineError as error:
            told.append(error.message)

    thread = threading.Thread(target=ask)
    thread.start()
    with open_files(six) as other:
        running = "SELECT count() AS n FROM system.processes WHERE query LIKE '%sipHash64%'"
        while other.query(running)[0]["n"] < 2:
            pass
        store.close()
    thread.join()
    assert told == ["Query was cancelled."]


_AT_EXIT = """
import sys, threading
from catalyst_sdk.store import open_files
store = open_files(sys.argv[1])
busy = "SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 0"
started = threading.Event()
def ask():
    store.query("SELECT 1")
    started.set()
    try:
        store.query(busy)
    except Exception:
        pass
threading.Thread(target=ask, daemon=True).start()
started.wait()
"""


def test_a_process_ends_well_with_a_query_running(six: Path) -> None:
    subprocess.run([sys.executable, "-c", _AT_EXIT, str(six)], check=True, timeout=60)


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_child_of_a_fork_is_told_to_open_the_files_again(six: Path) -> None:
    with open_files(six) as store:
        store.query("SELECT 1")
        context = multiprocessing.get_context("fork")
        receiver, sender = context.Pipe()
        child = context.Process(target=_ask_in_child, args=(store, sender))
        child.start()
        assert (
            receiver.recv()
            == "This data set was opened before a fork and cannot be used in the child."
        )
        child.join()
        assert child.exitcode == 0
        assert store.query("SELECT 1 AS one") == [{"one": 1}]


def _ask_in_child(store: FileStore, sender: Any) -> None:
    try:
        store.query("SELECT 1")
    except EngineError as error:
        sender.send(error.message)
