"""The engine's process: protocol, isolation, and life after kill -9 and SIGSTOP."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import clickhouse_connect
import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from catalyst_sdk.errors import EngineError
from catalyst_sdk.store.engine import EngineProcess


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineProcess]:
    with EngineProcess(tmp_path_factory.mktemp("engine")) as running:
        yield running


def _eventually(holds: Callable[[], bool], seconds: float = 40.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        threading.Event().wait(0.05)
    return holds()


def test_the_official_client_creates_inserts_and_queries_with_parameters(
    engine: EngineProcess,
) -> None:
    client = clickhouse_connect.get_client(**engine.client_options)
    client.command("CREATE TABLE t (a String, b Int64) ENGINE = MergeTree ORDER BY a")
    client.insert("t", [["x'\\y", 1], ["z", 2]], column_names=["a", "b"])
    client.raw_insert("t", ["a", "b"], b'{"a":"w","b":3}\n', fmt="JSONEachRow")

    rows = client.query("SELECT a, b FROM t WHERE b < {top:Int64} ORDER BY b", {"top": 3})

    assert rows.result_rows == [("x'\\y", 1), ("z", 2)]
    assert client.command("SELECT count() FROM t") == 3
    client.close()


def test_a_wrong_token_is_refused(engine: EngineProcess) -> None:
    options = engine.client_options | {"password": "guess"}
    with pytest.raises(DatabaseError, match="516"):
        clickhouse_connect.get_client(**options)


def test_an_error_in_sql_names_its_code_and_the_connection_goes_on(engine: EngineProcess) -> None:
    client = clickhouse_connect.get_client(**engine.client_options)
    with pytest.raises(DatabaseError, match="nowhere"):
        client.query("SELECT * FROM nowhere")
    assert client.command("SELECT 1") == 1
    client.close()


def test_settings_of_one_request_do_not_stay_for_the_next(engine: EngineProcess) -> None:
    client = clickhouse_connect.get_client(**engine.client_options)
    limited = {"max_result_rows": 1, "result_overflow_mode": "throw"}
    with pytest.raises(DatabaseError, match="rows"):
        client.query("SELECT number FROM numbers(100000)", settings=limited)
    assert len(client.query("SELECT number FROM numbers(1000)").result_rows) == 1000
    client.close()


def test_a_second_process_on_the_folder_is_refused_with_the_holder_named(tmp_path: Path) -> None:
    with EngineProcess(tmp_path) as first:
        second = EngineProcess(tmp_path)
        with pytest.raises(EngineError, match=f"in use by process {first.pid}"):
            second.start()
        second.stop()


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGSTOP])
def test_a_dead_or_hung_engine_is_replaced_on_the_same_port_with_its_data(
    tmp_path: Path, blow: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalyst_sdk.store.engine._supervisor._PING_TIMEOUT_S", 0.5)
    monkeypatch.setattr("catalyst_sdk.store.engine._supervisor._PING_EVERY_S", 0.2)
    replayed = threading.Event()
    with EngineProcess(tmp_path, on_restart=replayed.set) as engine:
        client = clickhouse_connect.get_client(**engine.client_options)
        client.command("CREATE TABLE t (a Int64) ENGINE = MergeTree ORDER BY a")
        client.insert("t", [[1], [2]], column_names=["a"])
        assert engine.pid
        os.kill(engine.pid, blow)

        assert replayed.wait(60)
        assert engine.restarts == 1
        again = clickhouse_connect.get_client(**engine.client_options)
        assert again.command("SELECT sum(a) FROM t") == 3
        again.close()
        client.close()


def test_the_engine_ends_when_its_supervisor_is_killed(tmp_path: Path) -> None:
    engine = EngineProcess(tmp_path).start()
    child = engine.pid
    process = engine._process
    assert process is not None
    assert process.stdin is not None
    process.stdin.close()  # what the system does to a dead parent's pipes
    assert _eventually(lambda: process.poll() is not None)
    assert child != 0
    engine.stop()
