"""Input that is not what it should be: one clear sentence, and the good part is kept."""

from __future__ import annotations

import gzip
import os
import sys
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from catalyst_sdk.errors import BadInput, BadLine, CatalystError, MissingExtra, NotFound
from catalyst_sdk.store import open_files
from store.made import lines, run, runs, trace_id, write


def _refused(*paths: object) -> tuple[type[CatalystError], str]:
    with pytest.raises(CatalystError) as caught:
        open_files([str(path) for path in paths])
    return type(caught.value), caught.value.message


def test_each_way_to_be_wrong_has_its_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty.jsonl").touch()
    Path("blank.jsonl").write_text("\n \n\n")
    Path("text.txt").write_text("Dear diary,\ntoday\n")
    Path("other.jsonl").write_text('{"a": 1}\n{"a": 2}\n')
    Path("half.jsonl").write_bytes(lines(run(1))[:300])
    Path("picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    Path("folder").mkdir()
    Path("cut.jsonl.gz").write_bytes(gzip.compress(lines(run(1)))[:40])
    Path("loop").symlink_to("loop")
    told = {
        name: _refused(name)
        for name in (
            "empty.jsonl",
            "blank.jsonl",
            "text.txt",
            "other.jsonl",
            "half.jsonl",
            "picture.png",
            "folder",
            "cut.jsonl.gz",
            "loop",
            "missing.jsonl",
            "*.nope",
        )
    }
    assert {name: f"{kind.__name__}: {text}" for name, (kind, text) in told.items()} == snapshot(
        {
            "empty.jsonl": "BadInput: empty.jsonl is empty.",
            "blank.jsonl": "BadInput: blank.jsonl is empty.",
            "text.txt": "BadInput: text.txt holds no span that can be read "
            "(line 1: not JSON; 2 bad lines in all).",
            "other.jsonl": "BadInput: other.jsonl holds no span that can be read "
            "(line 1: no trace_id; 2 bad lines in all).",
            "half.jsonl": "BadInput: half.jsonl holds no span that can be read "
            "(line 1: not JSON (cut off)).",
            "picture.png": "BadInput: picture.png holds no span that can be read "
            "(line 1: not JSON; 4 bad lines in all).",
            "folder": "BadInput: folder is a folder, not a trace file.",
            "cut.jsonl.gz": "BadInput: cut.jsonl.gz cannot be read: the file is cut off.",
            "loop": "NotFound: There is no file loop.",
            "missing.jsonl": "NotFound: There is no file missing.jsonl.",
            "*.nope": "NotFound: No file fits *.nope.",
        }
    )


def test_bad_lines_are_told_by_number_and_the_rest_is_kept(tmp_path: Path) -> None:
    good = [lines([span]) for span in runs(2)]
    path = tmp_path / "mixed.jsonl"
    path.write_bytes(
        good[0]
        + b"not json\n"
        + good[1]
        + b"\n"
        + b'{"trace_id": "x"}\n'
        + b"".join(good[2:])
        + good[0][:50]
    )
    with open_files(path) as store:
        assert store.totals().spans == 6
        assert store.bad_line_count == 3
        assert store.bad_lines == [
            BadLine(source=str(path), line=2, reason="not JSON"),
            BadLine(source=str(path), line=5, reason="no span_id"),
            BadLine(source=str(path), line=10, reason="not JSON (cut off)"),
        ]


def test_a_thousand_bad_lines_are_kept_and_all_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_bytes(b"x\n" * 1500 + lines(run(1)))
    with open_files(path) as store:
        assert (len(store.bad_lines), store.bad_line_count) == (1000, 1500)


def test_one_bad_file_among_good_ones_is_a_bad_line(tmp_path: Path) -> None:
    good = write(tmp_path / "good.jsonl", run(1))
    empty = tmp_path / "empty.jsonl"
    empty.touch()
    with open_files([empty, good]) as store:
        assert store.trace(trace_id(1)) == run(1)
        assert store.sources == [str(good)]
        assert store.bad_lines == [BadLine(source=str(empty), line=0, reason=f"{empty} is empty.")]


def test_only_bad_files_is_an_error(tmp_path: Path) -> None:
    names = ["a.jsonl", "b.jsonl"]
    for name in names:
        (tmp_path / name).touch()
    assert _refused(*(tmp_path / name for name in names))[0] is BadInput


def test_a_missing_file_among_good_ones_is_an_error(tmp_path: Path) -> None:
    good = write(tmp_path / "good.jsonl", run(1))
    assert _refused(good, tmp_path / "missing.jsonl")[0] is NotFound


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "secret.jsonl", run(1))
    path.chmod(0)
    assert _refused(path) == (BadInput, f"{path} cannot be read: permission denied.")


def test_a_file_without_its_last_newline_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(lines(run(1)).rstrip(b"\n"))
    with open_files(path) as store:
        assert store.trace(trace_id(1)) == run(1)
        assert store.bad_line_count == 0


@pytest.mark.parametrize("library", ["pyarrow.parquet", "chdb", "clickhouse_connect"])
def test_a_library_that_is_not_installed_is_named_by_its_extra(
    six: Path, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingExtra, match=r"needs the extra \[halo\]"), open_files(six) as store:
        store.query("SELECT 1")


def test_nothing_temporary_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    path = tmp_path / "six.jsonl.gz"
    path.write_bytes(gzip.compress(lines(runs(6))))
    with open_files(path) as store:
        store.totals()
        assert list((tmp_path / "tmp").iterdir())
    (tmp_path / "text.txt").write_text("no")
    with pytest.raises(BadInput):
        open_files(tmp_path / "text.txt")
    assert list((tmp_path / "tmp").iterdir()) == []
