"""Delivering what is in the spool, on a thread that lives while there is something in it."""

from __future__ import annotations

import threading
from contextlib import suppress

from catalyst_sdk.export.otlp._answer import Answer, Verdict
from catalyst_sdk.export.otlp._request import divide
from catalyst_sdk.export.otlp._sender import Sender
from catalyst_sdk.export.otlp._spool import Kept, Spool

_MOST_FAILURES = 5
_FAILURES_IN_A_ROW = 3
_PAUSE_SECONDS = 2.0


class Courier:
    """Takes requests from the spool, oldest first, whenever the backend is not known to be away."""

    def __init__(self, spool: Spool, sender: Sender) -> None:
        self._spool = spool
        self._sender = sender
        self.start_afresh()

    def start_afresh(self) -> None:
        """In a forked child (and at first): no thread yet."""
        self._closing = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        # File to (failures, spans delivered at the last of them).
        self._failures: dict[str, tuple[int, int]] = {}

    def wake(self) -> None:
        """See to it that a thread is at work while there is something to deliver."""
        if self._closing.is_set():
            return
        with self._starting:
            if self._thread is not None and self._thread.is_alive():
                return
            self._thread = threading.Thread(target=self._run, name="catalyst-spool", daemon=True)
            with suppress(RuntimeError):  # the interpreter is going down: the next process delivers
                self._thread.start()

    def close(self, timeout: float) -> None:
        """Stop after the request under way, waiting at most *timeout* seconds for it."""
        self._closing.set()
        if self._thread is not None and self._thread.is_alive():
            self._thread.join(max(0.0, timeout))

    def deliver(self) -> bool:
        """Go through the spool once; False when the backend turns out to be away."""
        failures = 0
        for name in self._spool.names():
            with self._spool.taken(name) as kept:
                if kept is None:
                    continue
                answer = self._sender.attempt(kept.request)
                if answer.verdict is Verdict.LATER:
                    return False
                if answer.verdict is not Verdict.FAILED:
                    self._settle(kept, answer)
                    failures = 0
                    continue
                self._failed(kept, answer)
                failures += 1
                if failures == _FAILURES_IN_A_ROW:
                    break
        if failures:
            self._sender.backoff.failed(None)
        return not failures

    def _run(self) -> None:
        while not self._closing.wait(self._sender.backoff.left):
            try:
                if self.deliver() and self._is_empty():
                    return
            except OSError as error:
                self._sender.warn("spool", "The spool cannot be used: %s", error)
                self._closing.wait(_PAUSE_SECONDS)

    def _is_empty(self) -> bool:
        with self._starting:
            if not self._spool.names():
                self._thread = None  # under the lock: whoever adds now starts another
                return True
        # Other processes hold what is left; if one dies, it falls to this one.
        self._closing.wait(_PAUSE_SECONDS)
        return False

    def _settle(self, kept: Kept, answer: Answer) -> None:
        if answer.verdict is Verdict.TOO_LARGE:
            parts = divide(kept.request.body)
            if len(parts) > 1:
                self._spool.replace(kept, parts)
                return
        if answer.verdict is not Verdict.DELIVERED:
            self._sender.drop(kept.request.spans, answer.words)
        self._forget(kept)

    def _failed(self, kept: Kept, answer: Answer) -> None:
        """The server broke on it. Give it up only when it takes others meanwhile."""
        name = kept.path.name
        failures, delivered = self._failures.get(name, (0, -1))
        if self._sender.delivered > delivered:
            failures += 1
        if failures < _MOST_FAILURES:
            self._failures[name] = (failures, self._sender.delivered)
            return
        self._sender.drop(kept.request.spans, answer.words)
        self._forget(kept)

    def _forget(self, kept: Kept) -> None:
        self._failures.pop(kept.path.name, None)
        kept.delete()
