"""The index kept of a file: used again, appended to, made anew, bounded, shared."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from catalyst_sdk.errors import BadLine, NotFound
from catalyst_sdk.store import open_files
from catalyst_sdk.store.files import _dataset
from catalyst_sdk.store.files._folders import Cache
from catalyst_sdk.store.files._pass import run_jobs
from catalyst_sdk.store.files._scan import Job, Scanned
from store.made import lines, run, runs, trace_id, write

pytestmark = pytest.mark.usefixtures("every_file_is_kept")


@pytest.fixture
def scanned(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Note how many bytes each opening reads."""
    sizes: list[int] = []

    def noted(jobs: list[Job], on_bytes: object) -> dict[Job, list[Scanned]]:
        sizes.append(sum(job.size for job in jobs))
        return run_jobs(jobs, on_bytes)  # pyright: ignore

    monkeypatch.setattr(_dataset, "run_jobs", noted)
    return sizes


def _traces(path: Path) -> list[str]:
    with open_files(path) as store:
        return store.trace_ids


def test_a_file_that_did_not_change_is_not_read_again(six: Path, scanned: list[int]) -> None:
    assert _traces(six) == _traces(six)
    assert scanned == [six.stat().st_size, 0]


def test_the_user_folder_is_left_alone(six: Path) -> None:
    _traces(six)
    assert list(six.parent.glob("*six*")) == [six]


def test_what_was_appended_is_all_that_is_read(six: Path, scanned: list[int]) -> None:
    _traces(six)
    before = six.stat().st_size
    with six.open("ab") as stream:
        stream.write(lines(run(7)))
    with open_files(six) as store:
        assert store.totals().traces == 7
        assert store.trace(trace_id(7)) == run(7)
    assert scanned == [before, six.stat().st_size - before]


def test_a_line_that_was_half_written_is_read_when_it_is_whole(
    six: Path, scanned: list[int]
) -> None:
    whole = lines(run(7))
    before = six.stat().st_size
    with six.open("ab") as stream:
        stream.write(whole[:-30])
    with open_files(six) as store:
        assert store.bad_lines == [BadLine(source=str(six), line=21, reason="not JSON (cut off)")]
        assert len(store.trace(trace_id(7))) == 2
    with six.open("ab") as stream:
        stream.write(whole[-30:])
    with open_files(six) as store:
        assert store.bad_lines == []
        assert store.trace(trace_id(7)) == run(7)
    assert scanned[0] == before + len(whole) - 30
    assert scanned[1] < len(whole)


def test_bad_lines_are_remembered_with_their_numbers(six: Path) -> None:
    with six.open("ab") as stream:
        stream.write(b"oops\n")
    _traces(six)
    with six.open("ab") as stream:
        stream.write(lines(run(7)) + b"again\n")
    for _ in range(2):
        with open_files(six) as store:
            assert [bad.line for bad in store.bad_lines] == [19, 23]
            assert store.bad_line_count == 2


@pytest.mark.parametrize(
    "change",
    [
        lambda path: write(path, runs(5)),
        lambda path: write(path, runs(8)[3:]),
        lambda path: path.write_bytes(path.read_bytes().replace(b"refund-1", b"refund-2")),
        lambda path: os.truncate(path, len(lines(runs(2)))),
        lambda path: os.replace(write(path.with_suffix(".new"), runs(7)[::-1]), path),
    ],
    ids=["shorter", "other", "same length", "truncated", "replaced"],
)
def test_a_file_that_changed_otherwise_is_read_anew(six: Path, change: object) -> None:
    _traces(six)
    stamp = six.stat()
    change(six)  # pyright: ignore
    if six.stat().st_mtime_ns == stamp.st_mtime_ns:
        os.utime(six, ns=(stamp.st_atime_ns, stamp.st_mtime_ns + 1))
    with open_files(six) as store, open_files(write(six.parent / "b", store_of(six))) as fresh:
        sql = "SELECT * EXCEPT (source, line_offset) FROM spans ORDER BY trace_id, span_id"
        assert store.query(sql) == fresh.query(sql)


def store_of(path: Path) -> list:  # type: ignore[type-arg]
    from catalyst_sdk.spans import read_spans

    return list(read_spans(path))


def test_an_index_of_another_version_is_not_used(
    six: Path, scanned: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    _traces(six)
    monkeypatch.setattr("catalyst_sdk.store.files._sidecar.cache_version", lambda: "another")
    _traces(six)
    assert scanned == [six.stat().st_size] * 2


@pytest.mark.parametrize("damage", ["manifest", "segment"])
def test_a_damaged_index_is_made_anew(six: Path, cache: Path, damage: str) -> None:
    wanted = _traces(six)
    if damage == "manifest":
        for path in cache.glob("*.json"):
            path.write_bytes(path.read_bytes()[:50])
    else:
        for path in cache.glob("*.parquet"):
            path.unlink()
    assert _traces(six) == wanted


def test_without_a_cache_to_write_the_work_is_done_in_a_temporary_folder(
    six: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CATALYST_CACHE_DIR", str(tmp_path / "file" / "cache"))
    with open_files(six) as store:
        assert store.totals().traces == 6


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_a_cache_that_is_full_is_done_without(
    six: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    if ending:
        six.with_suffix(".gz").write_bytes(gzip.compress(six.read_bytes()))
        six = six.with_suffix(".gz")
    monkeypatch.setattr(Cache, "new", lambda *_: "/dev/full/nothing")
    with open_files(six) as store:
        assert store.totals().traces == 6
        assert store.trace(trace_id(6)) == run(6, error="Tool timed out after 30s")


_NO_SPACE = """
import resource, sys
from catalyst_sdk.errors import EngineError
from catalyst_sdk.store import open_files
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
try:
    open_files(sys.argv[1])
except EngineError as error:
    print(error.message)
"""


def test_no_space_anywhere_is_told(six: Path) -> None:
    command = [sys.executable, "-c", _NO_SPACE, str(six)]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    assert done.stdout == "The index cannot be written: file too large.\n"


def test_a_file_that_goes_while_it_is_opened_is_told(
    six: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(jobs: list[Job], *_: object) -> dict[Job, list[Scanned]]:
        six.unlink()
        return run_jobs(jobs, lambda _: None)

    monkeypatch.setattr(_dataset, "run_jobs", gone)
    with pytest.raises(NotFound, match=r"six\.jsonl is no longer there"):
        open_files(six)


def test_a_cache_whose_name_looks_like_a_pattern_is_read(
    six: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CATALYST_CACHE_DIR", str(tmp_path / "c*{1..2}[a]'?"))
    with open_files(six) as store:
        assert store.totals().traces == 6


def test_only_the_owner_may_read_the_cache(six: Path, cache: Path) -> None:
    _traces(six)
    assert cache.stat().st_mode & 0o077 == 0


_OPEN = """
import sys
from catalyst_sdk.store import open_files
from catalyst_sdk.store.files import _sidecar
_sidecar.WORTH_KEEPING = 1
with open_files(sys.argv[1]) as store:
    print(store.dataset_hash, len(store.trace(sys.argv[2])))
"""


def test_two_processes_may_index_the_same_file_at_once(tmp_path: Path) -> None:
    path = write(tmp_path / "many.jsonl", runs(300))
    command = [sys.executable, "-c", _OPEN, str(path), trace_id(250)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(2)]
    answers = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    with open_files(path) as store:
        assert answers == [f"{store.dataset_hash} 3\n".encode()] * 2


def test_the_cache_is_bounded_and_orphans_go(tmp_path: Path) -> None:
    folder = tmp_path / "bounded"
    folder.mkdir()
    cache = Cache(str(folder))
    now = 2_000_000_000
    for name, size, age in (
        ("old.parquet", 50, 9000),
        ("used.parquet", 50, 8000),
        ("new.parquet", 50, 10),
        ("orphan.parquet", 1, 90_000),
        ("young.parquet", 1, 5),
        ("manifest.json", 1, 90_000),
    ):
        (folder / name).write_bytes(b"x" * size)
        os.utime(folder / name, (now - age, now - age))
    named = {"old.parquet", "used.parquet", "new.parquet"}
    cache.prune(named, limit=120, now=now)
    assert sorted(path.name for path in folder.iterdir()) == [
        "new.parquet",
        "used.parquet",
        "young.parquet",
    ]


def test_a_manifest_names_the_file_it_is_of(six: Path, cache: Path) -> None:
    _traces(six)
    (manifest,) = cache.glob("*.json")
    assert json.loads(manifest.read_bytes())["path"] == str(six)
