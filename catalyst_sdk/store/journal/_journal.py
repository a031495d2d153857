"""Append with group commit, replay, confirm, prune."""

from __future__ import annotations

import fcntl
import itertools
import os
import shutil
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from catalyst_sdk.errors import CatalystError, EngineError
from catalyst_sdk.store.journal import _segments as files
from catalyst_sdk.store.journal._record import Batch, encode

_MIB = 1024 * 1024


class JournalFull(CatalystError):
    """The disk has no room for another batch: it was not accepted, the sender should retry."""

    code = "journal_full"


class Journal:
    """A folder of segments that one process appends to.

    `append` gives a future that is done once the batch is on disk (written and fsynced together
    with whatever else was waiting). Sequence numbers grow by one a batch. `confirm` says that
    everything up to a number is stored elsewhere; what is confirmed and older than *keep_s* seconds
    is deleted, as is the oldest confirmed once the folder is larger than *max_bytes*. What is not
    confirmed is never deleted. An `append` that would leave less than *min_free_bytes* on the disk
    fails with `JournalFull`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        segment_bytes: int = 64 * _MIB,
        keep_s: float = 24 * 3600,
        max_bytes: int = 4096 * _MIB,
        min_free_bytes: int = 256 * _MIB,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._lock_file = _take(folder)
        self._segment_bytes = segment_bytes
        self._keep_s = keep_s
        self._max_bytes = max_bytes
        self._min_free = min_free_bytes
        self._confirmed = files.read_mark(folder)
        self._next = self._recover()
        self._fd = -1
        self._written = 0
        self._waiting: list[tuple[Batch, Future[int]]] = []
        self._wake = threading.Condition()
        self._closing = False
        self._writer = threading.Thread(target=self._write_loop, name="journal", daemon=True)
        self._writer.start()

    @property
    def confirmed(self) -> int:
        """The last sequence number known to be stored, -1 for none."""
        return self._confirmed

    @property
    def last(self) -> int:
        """The last sequence number given out, -1 for none."""
        return self._next - 1

    def append(self, batch: Batch) -> Future[int]:
        """Queue one batch; the future gives its sequence number once it is on disk."""
        future: Future[int] = Future()
        with self._wake:
            if self._closing:
                future.set_exception(JournalFull("The journal is closed."))
                return future
            self._waiting.append((batch, future))
            self._wake.notify()
        return future

    def unconfirmed(self) -> Iterator[tuple[int, Batch]]:
        """Yield (sequence, batch) of what is on disk and not confirmed, in order."""
        return self.read(after=self._confirmed)

    def read(self, *, after: int = -1) -> Iterator[tuple[int, Batch]]:
        """Yield (sequence, batch) of everything on disk after a sequence number, in order."""
        found = files.segments(self._folder)
        for index, segment in enumerate(found):
            following = found[index + 1] if index + 1 < len(found) else None
            if following is not None and files.first_sequence(following) <= after + 1:
                continue
            for sequence, batch in files.read_segment(segment):
                if sequence > after:
                    yield sequence, batch

    def confirm(self, sequence: int) -> None:
        """Remember durably that everything up to *sequence* is stored."""
        if sequence > self._confirmed:
            self._confirmed = sequence
            files.write_mark(self._folder, sequence)

    def prune(self) -> int:
        """Delete segments that are confirmed and old, or confirmed and too much; give how many."""
        found = files.segments(self._folder)
        total = sum(segment.stat().st_size for segment in found)
        removed = 0
        for segment, following in itertools.pairwise(found):
            if files.first_sequence(following) - 1 > self._confirmed:
                break
            state = segment.stat()
            if time.time() - state.st_mtime < self._keep_s and total <= self._max_bytes:
                break
            segment.unlink()
            total -= state.st_size
            removed += 1
        return removed

    @property
    def size_bytes(self) -> int:
        """Bytes on disk."""
        return sum(segment.stat().st_size for segment in files.segments(self._folder))

    def close(self) -> None:
        """Write what waits, then release the folder."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._writer.join()
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        self._lock_file.close()

    def _recover(self) -> int:
        found = files.segments(self._folder)
        if not found:
            return self._confirmed + 1
        files.cut_torn_tail(found[-1])
        last = files.first_sequence(found[-1]) - 1
        for sequence, _ in files.read_segment(found[-1]):
            last = sequence
        return max(last, self._confirmed) + 1

    def _write_loop(self) -> None:
        while True:
            with self._wake:
                while not self._waiting and not self._closing:
                    self._wake.wait()
                taken, self._waiting = self._waiting, []
            if not taken:
                return
            try:
                first = self._write([batch for batch, _ in taken])
            except (OSError, JournalFull) as error:
                failure = error if isinstance(error, JournalFull) else _full(str(error))
                for _, future in taken:
                    future.set_exception(failure)
            else:
                for index, (_, future) in enumerate(taken):
                    future.set_result(first + index)

    def _write(self, batches: list[Batch]) -> int:
        first = self._next
        data = b"".join(encode(first + index, batch) for index, batch in enumerate(batches))
        if shutil.disk_usage(self._folder).free - len(data) < self._min_free:
            raise _full("too little space is left on the disk")
        if self._fd < 0 or self._written >= self._segment_bytes:
            self._rotate()
        try:
            _write_all(self._fd, data)
            os.fdatasync(self._fd)
        except OSError:
            # Unacknowledged bytes must not stand before acknowledged ones.
            os.ftruncate(self._fd, self._written)
            raise
        self._written += len(data)
        self._next = first + len(batches)
        return first

    def _rotate(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        stale = self._folder / f"{self._next:020d}.journal"
        if stale.exists() and stale.stat().st_size == 0:
            stale.unlink()
        self._fd = files.create_segment(self._folder, self._next)
        self._written = 0


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def _full(reason: str) -> JournalFull:
    return JournalFull(
        f"The journal cannot be written: {reason}.",
        hint="Free some disk space; nothing that was acknowledged is lost.",
    )


def _take(folder: Path) -> Any:
    handle = (folder / "journal.lock").open("a+")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        handle.seek(0)
        holder = handle.read().strip() or "unknown"
        handle.close()
        raise EngineError(
            f"The journal in {folder} is in use by process {holder}.",
            hint="Stop that process first.",
        ) from error
    handle.truncate(0)
    handle.write(str(os.getpid()))
    handle.flush()
    return handle
