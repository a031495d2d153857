"""Acknowledged means on disk: torn tails, kill -9, full disks, damage, pruning."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalyst_sdk.errors import EngineError
from catalyst_sdk.store.journal import Batch, Journal, JournalFull
from catalyst_sdk.store.journal._record import decode, encode

_NO_GUARD = {"min_free_bytes": 0}


def _batch(body: bytes, project: str = "p") -> Batch:
    return Batch(project=project, content_type="application/json", received_ns=1, body=body)


def _bodies(folder: Path, after: int = -1) -> list[bytes]:
    journal = Journal(folder, **_NO_GUARD)
    try:
        return [batch.body for _, batch in journal.read(after=after)]
    finally:
        journal.close()


@given(st.lists(st.binary(max_size=200), max_size=8), st.binary(max_size=40))
@settings(max_examples=60, deadline=None)
def test_records_come_back_as_written_whatever_follows_them(
    bodies: list[bytes], rubbish: bytes
) -> None:
    whole = b"".join(encode(i, _batch(body)) for i, body in enumerate(bodies))

    read = list(decode(memoryview(whole + rubbish)))

    assert [batch.body for _, batch, _ in read] == bodies
    assert [sequence for sequence, _, _ in read] == list(range(len(bodies)))
    assert (read[-1][2] if read else 0) == len(whole)


def test_sequence_numbers_go_on_after_reopening(tmp_path: Path) -> None:
    journal = Journal(tmp_path, **_NO_GUARD)
    assert [journal.append(_batch(b"a")).result(), journal.append(_batch(b"b")).result()] == [0, 1]
    journal.close()

    journal = Journal(tmp_path, **_NO_GUARD)
    assert journal.append(_batch(b"c")).result() == 2
    assert [batch.body for _, batch in journal.read()] == [b"a", b"b", b"c"]
    journal.close()


def test_only_what_is_not_confirmed_is_replayed(tmp_path: Path) -> None:
    journal = Journal(tmp_path, segment_bytes=1, **_NO_GUARD)
    for body in (b"a", b"b", b"c"):
        journal.append(_batch(body)).result()
    journal.confirm(1)
    journal.close()

    journal = Journal(tmp_path, **_NO_GUARD)
    assert [(s, batch.body) for s, batch in journal.unconfirmed()] == [(2, b"c")]
    journal.close()


def test_a_torn_tail_is_cut_and_writing_goes_on_behind_the_last_whole_record(
    tmp_path: Path,
) -> None:
    journal = Journal(tmp_path, **_NO_GUARD)
    journal.append(_batch(b"whole")).result()
    journal.append(_batch(b"torn" * 100)).result()
    journal.close()
    (segment,) = tmp_path.glob("*.journal")
    os.truncate(segment, segment.stat().st_size - 7)

    journal = Journal(tmp_path, **_NO_GUARD)
    assert journal.append(_batch(b"next")).result() == 1
    journal.close()

    assert _bodies(tmp_path) == [b"whole", b"next"]


def test_damage_in_a_record_leaves_the_other_segments_readable(tmp_path: Path) -> None:
    journal = Journal(tmp_path, segment_bytes=1, **_NO_GUARD)
    for body in (b"first", b"second", b"third"):
        journal.append(_batch(body)).result()
    journal.close()
    middle = sorted(tmp_path.glob("*.journal"))[1]
    data = bytearray(middle.read_bytes())
    data[-2] ^= 0xFF
    middle.write_bytes(data)

    assert _bodies(tmp_path) == [b"first", b"third"]


def test_confirmed_segments_are_pruned_and_unconfirmed_ones_never(tmp_path: Path) -> None:
    journal = Journal(tmp_path, segment_bytes=1, keep_s=0, **_NO_GUARD)
    for body in (b"a", b"b", b"c", b"d"):
        journal.append(_batch(body)).result()
    assert journal.prune() == 0
    journal.confirm(1)

    assert journal.prune() == 2
    assert [batch.body for _, batch in journal.read()] == [b"c", b"d"]
    journal.close()


def test_a_disk_without_room_refuses_the_batch_and_takes_the_next_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(tmp_path, min_free_bytes=1 << 60)
    with pytest.raises(JournalFull, match="space"):
        journal.append(_batch(b"lost")).result()

    monkeypatch.setattr(journal, "_min_free", 0)
    assert journal.append(_batch(b"kept")).result() == 0
    journal.close()
    assert _bodies(tmp_path) == [b"kept"]


def test_a_second_process_is_told_who_holds_the_journal(tmp_path: Path) -> None:
    journal = Journal(tmp_path, **_NO_GUARD)
    with pytest.raises(EngineError, match=f"in use by process {os.getpid()}"):
        Journal(tmp_path, **_NO_GUARD)
    journal.close()


_WRITER = """
import sys
from pathlib import Path
from catalyst_sdk.store.journal import Batch, Journal
journal = Journal(Path(sys.argv[1]), segment_bytes=20000, min_free_bytes=0)
n = 0
while True:
    waiting = [
        journal.append(Batch(project="p", content_type="x", body=str(n + i).encode() * 50))
        for i in range(5)
    ]
    for future in waiting:
        print(future.result(), flush=True)
    n += 5
"""


def test_what_was_acknowledged_before_kill_9_is_there_each_time(tmp_path: Path) -> None:
    acknowledged = -1
    for _ in range(6):
        writer = subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        for _, line in zip(range(200), writer.stdout, strict=False):
            acknowledged = int(line)
        os.kill(writer.pid, signal.SIGKILL)
        rest = writer.stdout.read().split("\n")[:-1]
        acknowledged = int(rest[-1]) if rest else acknowledged
        writer.stdout.close()
        writer.wait()

        journal = Journal(tmp_path, **_NO_GUARD)
        sequences = [sequence for sequence, _ in journal.read()]
        journal.close()
        assert sequences == list(range(len(sequences)))
        assert sequences[-1] >= acknowledged
