"""From journal to table: one thread decodes, groups, inserts, confirms, and never gives up."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

from catalyst_sdk.errors import BadInput
from catalyst_sdk.spans import Span, facts
from catalyst_sdk.store.clickhouse._rows import Rows
from catalyst_sdk.store.journal import Batch, Journal

_log = logging.getLogger(__name__)

_GROUP_ROWS = 6_000
_GROUP_WAIT_S = 0.2
_HOT_BYTES = 64 * 1024 * 1024
_RETRY_S = (0.1, 0.5, 1.0, 2.0, 5.0)


class InsertRefused(Exception):
    """The engine will never take these rows, however often they are sent."""


class Decode(Protocol):
    """Turns a batch as received into spans; BadInput when nothing of it can be read."""

    def __call__(self, batch: Batch) -> list[Span]:
        """Give the spans of *batch*."""
        ...


class Writer:
    """Moves what the journal holds into the table, in order.

    Batches just accepted are handed over in memory, at most 64 MiB of them; what does not fit, and
    what an earlier process left, is read back from the journal. A sequence number is confirmed
    when every batch up to it is stored. An engine that is away is waited for; a batch that the
    engine refuses for what it contains is logged, counted and stepped over.
    """

    def __init__(
        self,
        journal: Journal,
        insert: Callable[[Rows], None],
        decode: Decode,
        *,
        on_stored: Callable[[str, list[Span]], None] | None = None,
    ) -> None:
        self._journal = journal
        self._insert = insert
        self._decode = decode
        self._on_stored = on_stored
        self._hot: dict[int, Batch] = {}
        self._hot_bytes = 0
        self._wake = threading.Condition()
        self._stopping = False
        self._next = journal.confirmed + 1
        self._done = self._next
        self._last = journal.last
        self._cold: Iterator[tuple[int, Batch]] | None = None
        self.stored_spans = 0
        self.refused_spans = 0
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)

    def start(self) -> None:
        """Begin with what is not confirmed."""
        self._thread.start()

    def offer(self, sequence: int, batch: Batch) -> None:
        """Hand over a batch that is on disk under *sequence*."""
        with self._wake:
            self._last = max(self._last, sequence)
            if self._hot_bytes < _HOT_BYTES:
                self._hot[sequence] = batch
                self._hot_bytes += len(batch.body)
            self._wake.notify_all()

    def rewind(self) -> None:
        """Insert once more all that the journal keeps: the engine has lost some of it."""
        with self._wake:
            self._next = self._done = 0
            self._cold = None
            self._wake.notify_all()

    def wait_stored(self, sequence: int, timeout: float) -> bool:
        """Wait until every batch up to *sequence* is stored; tell whether it is."""
        with self._wake:
            return self._wake.wait_for(lambda: self._done > sequence, timeout)

    @property
    def behind(self) -> int:
        """Batches accepted and not yet stored."""
        return max(0, self._last + 1 - self._done)

    def stop(self) -> None:
        """End after the insert at hand; the rest stays in the journal for the next start."""
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
        self._thread.join()

    def _run(self) -> None:
        try:
            while True:
                self._store(self._collect())
        except _Stopped:
            return

    def _collect(self) -> list[_Read]:
        group = [self._read(*self._take(None))]
        rows = len(group[0].spans)
        deadline = time.monotonic() + _GROUP_WAIT_S
        while rows < _GROUP_ROWS:
            if not self._waiting_before(deadline):
                break
            group.append(self._read(*self._take(0)))
            rows += len(group[-1].spans)
        return group

    def _waiting_before(self, deadline: float) -> bool:
        with self._wake:
            ready = lambda: self._stopping or self._next <= self._last  # noqa: E731
            return self._wake.wait_for(ready, max(0.0, deadline - time.monotonic()))

    def _take(self, timeout: float | None) -> tuple[int, Batch]:
        with self._wake:
            self._wake.wait_for(lambda: self._stopping or self._next <= self._last, timeout)
            if self._stopping:
                raise _Stopped
            sequence = self._next
            batch = self._hot.pop(sequence, None)
            if batch is not None:
                self._hot_bytes -= len(batch.body)
                self._cold = None
        if batch is None:
            sequence, batch = self._from_disk(sequence)
        with self._wake:
            self._next = sequence + 1
        return sequence, batch

    def _from_disk(self, sequence: int) -> tuple[int, Batch]:
        for _ in range(2):
            if self._cold is None:
                self._cold = self._journal.read(after=sequence - 1)
            for found, batch in self._cold:
                if found >= sequence:
                    return found, batch
            self._cold = None  # it ended before this batch was written: look again, once
        return sequence, Batch(project="", content_type="")  # damaged: nothing is left to read

    def _read(self, sequence: int, batch: Batch) -> _Read:
        spans: list[Span] = []
        if batch.body:
            try:
                spans = self._decode(batch)
            except BadInput as error:
                _log.warning("batch %d cannot be read and is left out: %s", sequence, error)
        return _Read(sequence, batch, spans)

    def _store(self, group: list[_Read]) -> None:
        try:
            self._insert_group(group)
        except InsertRefused:
            for one in group:
                self._insert_alone(one)
        self._journal.confirm(group[-1].sequence)
        with self._wake:
            self._done = max(self._done, group[-1].sequence + 1)
            self._wake.notify_all()

    def _insert_alone(self, one: _Read) -> None:
        try:
            self._insert_group([one])
        except InsertRefused as error:
            self.refused_spans += len(one.spans)
            count = len(one.spans)
            _log.error("the engine refused batch %d, %d spans: %s", one.sequence, count, error)

    def _insert_group(self, group: list[_Read]) -> None:
        rows = Rows()
        for one in group:
            for span in one.spans:
                rows.add(one.batch.project, one.batch.received_ns, span, facts(span))
        if not len(rows):
            return
        self._insist(rows)
        self.stored_spans += len(rows)
        if self._on_stored is not None:
            for one in group:
                if one.spans:
                    self._on_stored(one.batch.project, one.spans)

    def _insist(self, rows: Rows) -> None:
        attempt = 0
        while True:
            try:
                self._insert(rows)
            except OSError as error:
                if attempt == 0:
                    _log.warning("the engine is away; spans wait in the journal: %s", error)
                self._pause(_RETRY_S[min(attempt, len(_RETRY_S) - 1)])
                attempt += 1
            else:
                return

    def _pause(self, seconds: float) -> None:
        with self._wake:
            if self._wake.wait_for(lambda: self._stopping, seconds):
                raise _Stopped


class _Stopped(Exception):
    """`stop` was called; what is not confirmed stays in the journal."""


class _Read(NamedTuple):
    sequence: int
    batch: Batch
    spans: list[Span]
