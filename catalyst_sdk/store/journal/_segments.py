"""The journal's files: segments named by their first sequence number, and the confirmed mark."""

from __future__ import annotations

import logging
import mmap
import os
from collections.abc import Iterator
from pathlib import Path

from catalyst_sdk.store.journal._record import Batch, decode

_log = logging.getLogger(__name__)
_SUFFIX = ".journal"
_MARK = "confirmed"


def segments(folder: Path) -> list[Path]:
    """Give the segments, oldest first."""
    return sorted(folder.glob(f"*{_SUFFIX}"))


def first_sequence(segment: Path) -> int:
    """Give the sequence number a segment begins with."""
    return int(segment.stem)


def create_segment(folder: Path, sequence: int) -> int:
    """Create a segment durably and give its file descriptor, opened for appending."""
    path = folder / f"{sequence:020d}{_SUFFIX}"
    fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND, 0o600)
    sync_folder(folder)
    return fd


def sync_folder(folder: Path) -> None:
    """Make the folder's entries durable."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def read_segment(segment: Path) -> Iterator[tuple[int, Batch]]:
    """Yield the sound records of one segment; say so when what follows them is damaged."""
    if segment.stat().st_size == 0:
        return
    with segment.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        view = memoryview(data)
        end = 0
        try:
            for sequence, batch, end in decode(view):  # noqa: B007 - the last one is needed
                yield sequence, batch
            if end < len(view):
                _log.warning(
                    "%s: %d bytes after byte %d are damaged and left out",
                    segment.name,
                    len(view) - end,
                    end,
                )
        finally:
            view.release()


def cut_torn_tail(segment: Path) -> int:
    """Cut what a crash left half-written off the last segment; give the bytes cut.

    Damage in the middle is not a torn tail: the segment is kept whole beside, as `.damaged`.
    """
    size = segment.stat().st_size
    if size == 0:
        return 0
    end = 0
    with segment.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        view = memoryview(data)
        try:
            for _, batch, end in decode(view):  # noqa: B007 - the last offset is needed
                del batch
        finally:
            view.release()
    if end < size:
        with segment.open("rb") as file:
            file.seek(end)
            rest = file.read()
        segment.with_suffix(".damaged").write_bytes(rest)
        os.truncate(segment, end)
    return size - end


def read_mark(folder: Path) -> int:
    """Give the last sequence number known to be stored, -1 for none."""
    try:
        return int((folder / _MARK).read_text())
    except (FileNotFoundError, ValueError):
        return -1


def write_mark(folder: Path, sequence: int) -> None:
    """Remember durably that everything up to *sequence* is stored."""
    temporary = folder / f"{_MARK}.new"
    with temporary.open("w") as file:
        file.write(str(sequence))
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(folder / _MARK)
    sync_folder(folder)
