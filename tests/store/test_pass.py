"""The pass on every hand: what one process finds, several find too."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from catalyst_sdk.store import FileStore, open_files
from store.made import lines, run, runs, trace_id

EVERYTHING = "SELECT * FROM spans ORDER BY trace_id, span_id"


@pytest.fixture
def many(tmp_path: Path) -> Path:
    path = tmp_path / "many.jsonl"
    path.write_bytes(lines(runs(200)) + b"oops\n" + lines(run(500)) + b"again\n")
    return path


@pytest.fixture
def whole(many: Path) -> list[dict[str, object]]:
    with open_files(many) as store:
        return store.query(EVERYTHING)


@pytest.fixture
def in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalyst_sdk.store.files._dataset.PIECE", 40_000)
    monkeypatch.setattr("catalyst_sdk.store.files._pass.WORTH_A_HELPER", 1)
    monkeypatch.setattr("catalyst_sdk.store.files._pass._cores", lambda: 3)


def _is_whole(store: FileStore, whole: list[dict[str, object]]) -> None:
    assert store.query(EVERYTHING) == whole
    assert [(bad.line, bad.reason) for bad in store.bad_lines] == [
        (601, "not JSON"),
        (605, "not JSON"),
    ]
    assert store.trace(trace_id(500)) == run(500)


@pytest.mark.parametrize("kept", [True, False])
def test_several_processes_find_what_one_finds(
    many: Path,
    whole: list[dict[str, object]],
    kept: bool,
    request: pytest.FixtureRequest,
) -> None:
    request.getfixturevalue("in_pieces")
    if kept:
        request.getfixturevalue("every_file_is_kept")
    heard: list[tuple[int, int]] = []
    with open_files(many, on_progress=lambda *done: heard.append(done)) as store:
        _is_whole(store, whole)
    size = many.stat().st_size
    assert heard[-1] == (size, size)
    assert heard == sorted(heard)


@pytest.mark.usefixtures("in_pieces")
@pytest.mark.parametrize("program", ["/bin/false", "/bin/cat", "/no/such/python"])
def test_a_helper_that_fails_costs_nothing_but_its_work(
    many: Path,
    whole: list[dict[str, object]],
    program: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "executable", program)
    with open_files(many) as store:
        _is_whole(store, whole)
