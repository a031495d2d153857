"""What must happen when the process exits, is told to, or forks."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any
from weakref import WeakSet

from catalyst_sdk.tracing._boundary import report_failure

SIGTERM_SECONDS = 5.0
"""How long a signal waits for the exporters: orchestrators kill after 10 to 30."""
EXIT_SECONDS = 10.0


class Lifecycle:
    """Calls *flush* and *close* at the right moments, between `install` and `remove`."""

    def __init__(self, flush: Callable[[float], object], close: Callable[[], object]) -> None:
        self._flush = flush
        self._close = close
        self._previous: Any = None
        self._installed: Callable[[int, FrameType | None], None] | None = None

    def install(self) -> None:
        """Take part in the process's exits; the SIGTERM of others is called on, never replaced."""
        _active.add(self)
        atexit.register(self._at_exit)
        self._chain_sigterm()
        if sys.modules.get("multiprocessing.process") is not None and _is_child():
            self.finish_with_multiprocessing()

    def remove(self) -> None:
        """Undo `install`, as far as nobody built on it."""
        _active.discard(self)
        atexit.unregister(self._at_exit)
        if self._installed is None:
            return
        try:
            if signal.getsignal(signal.SIGTERM) is self._installed:
                signal.signal(signal.SIGTERM, self._previous)
        except ValueError:
            return  # not in the main thread: left in place, it passes on to the previous one
        self._installed = None

    def finish_with_multiprocessing(self, *_: object) -> None:
        """Have this child process, which leaves through `os._exit`, close before it does."""
        for name in _MULTIPROCESSING:
            if (module := sys.modules.get(name)) is not None:
                module.Finalize(None, self._flush, args=(EXIT_SECONDS,), exitpriority=0)

    def _at_exit(self) -> None:
        if self not in _active:
            return
        try:
            self._close()
        except Exception:  # noqa: BLE001 - the host is going down and must get there
            report_failure("closing at exit failed")

    def _chain_sigterm(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        previous = signal.getsignal(signal.SIGTERM)
        if previous is None or previous == signal.SIG_IGN:  # not Python's, or ignored on purpose
            return
        self._previous = previous

        def on_sigterm(number: int, frame: FrameType | None) -> None:
            self._on_sigterm(number, frame)

        self._installed = on_sigterm
        signal.signal(signal.SIGTERM, on_sigterm)

    def _on_sigterm(self, number: int, frame: FrameType | None) -> None:
        dies = self._previous == signal.SIG_DFL
        if self in _active:
            _within(SIGTERM_SECONDS, (lambda _: self._close()) if dies else self._flush)
        if dies:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        elif callable(self._previous):
            self._previous(number, frame)


_active: WeakSet[Lifecycle] = WeakSet()
_MULTIPROCESSING = ("multiprocessing.util", "billiard.util")


def _is_child() -> bool:
    return sys.modules["multiprocessing.process"].parent_process() is not None


def _within(seconds: float, call: Callable[[float], object]) -> None:
    """Call in another thread: the signal may have interrupted one of ours that holds a lock."""

    def run() -> None:
        try:
            call(seconds)
        except Exception:  # noqa: BLE001 - the process is about to end, and must
            report_failure("exporting on SIGTERM failed")

    thread = threading.Thread(target=run, name="catalyst-sigterm", daemon=True)
    with contextlib.suppress(RuntimeError):  # the interpreter is going down, and exports by itself
        thread.start()
        thread.join(seconds)


def _in_child() -> None:
    # A multiprocessing child forgets its finalizers, then runs what is registered here.
    for lifecycle in list(_active):
        for name in _MULTIPROCESSING:
            if (module := sys.modules.get(name)) is not None:
                module.register_after_fork(lifecycle, Lifecycle.finish_with_multiprocessing)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
