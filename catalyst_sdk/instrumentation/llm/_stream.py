"""Observers that sit inside a provider's stream object and leave the object itself genuine."""

from __future__ import annotations

import weakref
from time import perf_counter_ns
from typing import Any

from catalyst_sdk.instrumentation._boundary import report_failure
from catalyst_sdk.instrumentation.llm import _live
from catalyst_sdk.instrumentation.llm._answer import Answer, Reader
from catalyst_sdk.instrumentation.llm._call import ModelCall


class StreamWatch:
    """What is known of one stream, and the one end of its span, whichever signal comes first."""

    __slots__ = ("_handle", "_lost", "busy", "call", "first_ns", "last_ns", "reader")

    def __init__(self, call: ModelCall, reader: Reader) -> None:
        self.call = call
        self.reader = reader
        self.first_ns = 0
        self.last_ns = 0
        self.busy = False
        """Inside the stream's own code, which closes the body just before it ends."""
        self._handle: Any = None
        self._lost = False

    def open(self, handle: Any) -> None:
        """Stay open while somebody holds *handle*, which must not be reachable from here."""
        self._handle = weakref.ref(handle, self._lose)
        _live.keep_open(self)

    def take(self, chunk: Any) -> None:
        """Read one chunk."""
        self.last_ns = perf_counter_ns()
        if not self.first_ns:
            self.first_ns = self.last_ns
        try:
            self.reader(chunk)
        except Exception:  # noqa: BLE001 - the chunk is the host's whether or not we can read it
            report_failure("a chunk of a stream could not be read")

    def completed(self) -> None:
        """The stream ended by itself."""
        self._finish("complete")

    def failed(self, error: BaseException) -> None:
        """The stream raised, or was cancelled while waiting."""
        self._finish("error" if isinstance(error, Exception) else "aborted", error)

    def closed(self) -> None:
        """Somebody closed the response's body."""
        if not self.busy and not self._lost:
            self._finish("complete" if self.reader.finished else "aborted")

    def dropped(self) -> None:
        """Nobody holds the stream any more: it ended when its last chunk came."""
        outcome = "complete" if self.reader.finished else "aborted"
        self._finish(outcome, last_ns=self.last_ns or self.call.started_ns)

    def interrupted(self) -> None:
        """The process is ending."""
        self._finish("complete" if self.reader.finished else "aborted")

    def disown(self) -> None:
        """The stream was opened by the process this one was forked from."""
        self.call.disown()

    def _lose(self, _handle: Any) -> None:
        """Runs in the garbage collector, before it closes the body of what it collects."""
        self._lost = True
        _live.drop(self)

    def _finish(
        self, outcome: str, error: BaseException | None = None, last_ns: int | None = None
    ) -> None:
        _live.forget(self)
        self._handle = None  # breaks the cycle through the callback
        answer = self._answer()
        if answer is not None and answer.error:
            outcome = "error"
        self.call.finish(
            answer, error=error, outcome=outcome, first_ns=self.first_ns or None, last_ns=last_ns
        )

    def _answer(self) -> Answer | None:
        try:
            return self.reader.answer()
        except Exception:  # noqa: BLE001 - the span ends without what could not be read
            report_failure("a stream could not be summed up")
            return None


class SyncObserver:
    """Iterates *iterator* for the stream, and tells *watch*."""

    __slots__ = ("_iterator", "_next", "_watch")

    def __init__(self, iterator: Any, watch: StreamWatch) -> None:
        self._iterator = iterator
        self._next = iterator.__next__
        self._watch = watch

    def __iter__(self) -> SyncObserver:
        return self

    def __next__(self) -> Any:
        watch = self._watch
        watch.busy = True
        try:
            chunk = self._next()
        except StopIteration:
            watch.completed()
            raise
        except BaseException as error:
            watch.failed(error)
            raise
        finally:
            watch.busy = False
        watch.take(chunk)
        return chunk

    def __getattr__(self, name: str) -> Any:
        return getattr(self._iterator, name)  # close, send, throw


class AsyncObserver:
    """The same for an asynchronous iterator."""

    __slots__ = ("_iterator", "_next", "_watch")

    def __init__(self, iterator: Any, watch: StreamWatch) -> None:
        self._iterator = iterator
        self._next = iterator.__anext__
        self._watch = watch

    def __aiter__(self) -> AsyncObserver:
        return self

    async def __anext__(self) -> Any:
        watch = self._watch
        watch.busy = True
        try:
            chunk = await self._next()
        except StopAsyncIteration:
            watch.completed()
            raise
        except BaseException as error:
            watch.failed(error)
            raise
        finally:
            watch.busy = False
        watch.take(chunk)
        return chunk

    def __getattr__(self, name: str) -> Any:
        return getattr(self._iterator, name)
