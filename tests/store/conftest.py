"""Each test its own cache, and files of six traces."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from catalyst_sdk.store import FileStore, open_files
from store.made import runs, write


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep indexes in the test's own folder."""
    monkeypatch.setenv("CATALYST_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache" / "traces"


@pytest.fixture
def six(tmp_path: Path) -> Path:
    return write(tmp_path / "six.jsonl", runs(6))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FileStore]:
    """Six traces, opened once a module for tests that only read."""
    path = write(tmp_path_factory.mktemp("six") / "six.jsonl", runs(6))
    with open_files(path) as opened:
        yield opened


@pytest.fixture
def every_file_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep an index of files of any size."""
    monkeypatch.setattr("catalyst_sdk.store.files._sidecar.WORTH_KEEPING", 1)
    monkeypatch.setattr("catalyst_sdk.store.files._source._WORTH_KEEPING", 1)
