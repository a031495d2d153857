"""The span processor between the host and an exporter."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol, runtime_checkable

from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from catalyst_sdk.errors import ConfigError
from catalyst_sdk.export._copy import SpanCopy, attributes_of
from catalyst_sdk.export._forks import import_unforked, start_afresh_in_children
from catalyst_sdk.export._notice import Notices
from catalyst_sdk.export._policy import ContentPolicy
from catalyst_sdk.export._queue import SpanQueue

_log = logging.getLogger("catalyst_sdk.export")


@runtime_checkable
class Deadlined(Protocol):
    """An exporter that can be told to stop waiting for the network."""

    def finish_by(self, deadline: float) -> None:
        """Keep what cannot be delivered before *deadline* (`time.monotonic()`) for another time."""
        ...


class _Flush:
    """One caller waiting for everything queued so far."""

    def __init__(self) -> None:
        self.done = threading.Event()
        self.ok = True


class BatchProcessor(SpanProcessor):
    """Hands ended spans to *exporter* in batches, on a daemon thread; `on_end` only queues.

    The queue holds at most *max_queue_spans* and about *max_queue_bytes*; see SpanQueue for what
    is dropped beyond that. *policy* is applied to copies, on the thread; *enrich* gives attributes
    to add to those of a span there. *schedule_delay* is the longest a span waits, in seconds.
    A forked child starts with an empty queue.
    """

    def __init__(
        self,
        exporter: SpanExporter,
        *,
        policy: ContentPolicy | None = None,
        enrich: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None,
        max_queue_bytes: int = 64 * 1024 * 1024,
        max_queue_spans: int = 50_000,
        max_batch_bytes: int = 4 * 1024 * 1024,
        max_batch_spans: int = 1_024,
        schedule_delay: float = 1.0,
    ) -> None:
        for name, value in (
            ("max_queue_bytes", max_queue_bytes),
            ("max_queue_spans", max_queue_spans),
            ("max_batch_bytes", max_batch_bytes),
            ("max_batch_spans", max_batch_spans),
            ("schedule_delay", schedule_delay),
        ):
            if value <= 0:
                raise ConfigError(f"{name} must be positive, not {value}.")
        self.exporter = exporter
        self._policy = policy if policy is not None and policy.active else None
        self._enrich = enrich
        self._max_queue = (max_queue_spans, max_queue_bytes)
        self._batch_spans = max_batch_spans
        self._batch_bytes = max_batch_bytes
        self._delay = schedule_delay
        self._notices = Notices(_log)
        self._closed = False
        self._stopping = False
        self.start_afresh()
        start_afresh_in_children(self)

    def start_afresh(self) -> None:
        """In a forked child (and at first): an empty queue, no thread yet."""
        max_spans, max_bytes = self._max_queue
        self._queue = SpanQueue(max_spans=max_spans, max_bytes=max_bytes)
        self._refused = 0
        self._told_dropped = 0
        self._flushes: deque[_Flush] = deque()
        # A lock as a binary semaphore: unlike Event.set, releasing it is safe in a signal handler.
        self._wake = threading.Lock()
        self._wake.acquire()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    @property
    def dropped(self) -> int:
        """Spans given up: for want of room, refused by the exporter, or ended after shutdown."""
        return self._queue.dropped + self._refused

    @property
    def queued(self) -> int:
        """Spans waiting."""
        return len(self._queue)

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Nothing: a span is exported when it has ended."""

    def on_end(self, span: ReadableSpan) -> None:
        """Queue *span*."""
        try:
            context = span.context
            if context is None or not context.trace_flags & 1:
                return
            if self._closed:
                self._refused += 1
                return
            queue = self._queue
            count = queue.add(span)
            if self._thread is None:
                self._start()
            if count >= self._batch_spans or queue.bytes >= self._batch_bytes:
                self._wake_up()
        except Exception as error:  # noqa: BLE001 - this is the host's thread, in its own span.end()
            self._failed("A span could not be queued", error)

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Export what is queued; True when all of it was taken by the exporter in time."""
        deadline = time.monotonic() + timeout_millis / 1000
        if self._thread is threading.current_thread():
            return False  # the exporter asks for its own completion
        if not self._drained(deadline):
            return False
        left = max(0, int((deadline - time.monotonic()) * 1000))
        try:
            return self.exporter.force_flush(left) is not False
        except Exception as error:  # noqa: BLE001 - any exporter's failure stops here
            self._failed(f"{type(self.exporter).__name__} failed to flush", error)
            return False

    def shutdown(self, timeout_millis: int = 10_000) -> None:
        """Export what is queued within the time given, then shut the exporter down."""
        if self._closed:
            return
        self._closed = True
        deadline = time.monotonic() + timeout_millis / 1000
        exporter = self.exporter
        can_keep = isinstance(exporter, Deadlined)
        if can_keep:
            exporter.finish_by(deadline)
        if not self._drained(deadline):
            self._give_up(keep=can_keep)
        self._stopping = True
        self._wake_up()
        try:
            exporter.shutdown()
        except Exception as error:  # noqa: BLE001 - any exporter's failure stops here
            self._failed(f"{type(exporter).__name__} failed to shut down", error)

    def _drained(self, deadline: float) -> bool:
        if self._thread is None and len(self._queue):
            self._start(wait=1.0)
        if self._thread is None or not self._thread.is_alive():
            return self._export_queued()
        flush = _Flush()
        self._flushes.append(flush)
        self._wake_up()
        return flush.done.wait(max(0.0, deadline - time.monotonic())) and flush.ok

    def _give_up(self, *, keep: bool) -> None:
        """The deadline has passed: an exporter that can keeps what is left, else it is counted."""
        while left := self._queue.take(max_spans=self._batch_spans, max_bytes=self._batch_bytes):
            if keep:
                self._export(left)
            else:
                self._refused += len(left)
        self._tell_dropped()

    def _wake_up(self) -> None:
        if self._wake.locked():
            with suppress(RuntimeError):  # another thread was faster
                self._wake.release()

    def _start(self, *, wait: float = 0.0) -> None:
        # Whoever holds it is starting the thread; it may be what this signal handler interrupted.
        if not self._starting.acquire(timeout=wait):
            return
        try:
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="catalyst-export", daemon=True)
                with suppress(RuntimeError):  # the interpreter is going down: see _drained
                    thread.start()
                    self._thread = thread
        finally:
            self._starting.release()

    def _run(self) -> None:
        suppressing = import_unforked("opentelemetry.instrumentation.utils")
        with suppressing.suppress_instrumentation():
            while not self._stopping:
                self._wake.acquire(timeout=self._delay)
                self._export_queued()
            self._export_queued()

    def _export_queued(self) -> bool:
        flushes = [self._flushes.popleft() for _ in range(len(self._flushes))]
        ok = True
        # As many as there are now: a host that never pauses must not keep a flush waiting.
        left = len(self._queue)
        while left > 0:
            batch = self._queue.take(
                max_spans=min(left, self._batch_spans), max_bytes=self._batch_bytes
            )
            if not batch:
                break
            left -= len(batch)
            ok = self._export(batch) and ok
        self._tell_dropped()
        for flush in flushes:
            flush.ok = ok
            flush.done.set()
        return ok

    def _export(self, batch: Sequence[ReadableSpan]) -> bool:
        try:
            if self._policy is not None:
                batch = [self._policy.apply(span) for span in batch]
            if self._enrich is not None:
                batch = [_enriched(span, self._enrich) for span in batch]
            result = self.exporter.export(batch)
        except Exception as error:  # noqa: BLE001 - any exporter's failure stops at this thread
            self._refused += len(batch)
            self._failed(f"{type(self.exporter).__name__} failed, spans dropped", error)
            return False
        if result is SpanExportResult.FAILURE:
            self._refused += len(batch)
            return False
        return True

    def _failed(self, what: str, error: Exception) -> None:
        cause = f"{type(error).__name__}: {error}"
        self._notices.warn(cause, "%s: %s", what, cause)

    def _tell_dropped(self) -> None:
        dropped = self._queue.dropped
        if dropped > self._told_dropped:
            self._told_dropped = dropped
            self._notices.warn(
                "overflow",
                "Spans end faster than they can be exported: %d dropped so far (of at most %d "
                "queued), details before roots and agents.",
                dropped,
                self._max_queue[0],
            )


def _enriched(
    span: ReadableSpan, enrich: Callable[[Mapping[str, Any]], Mapping[str, Any]]
) -> ReadableSpan:
    more = enrich(span.attributes or {})
    return SpanCopy(span, attributes={**attributes_of(span), **more}) if more else span
