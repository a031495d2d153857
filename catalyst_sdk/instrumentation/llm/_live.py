"""Streams still open, and those dropped: both get their span's one end.

A dropped stream is noticed by a weak reference, often inside the garbage collector, where any lock
may be held: the callback only queues it, and a thread of ours ends the span.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
from queue import Empty, SimpleQueue
from typing import Protocol


class Openable(Protocol):
    """Something with a span that must end."""

    def dropped(self) -> None:
        """Nobody will read on."""

    def interrupted(self) -> None:
        """The process ends."""

    def disown(self) -> None:
        """This process is a fork: the span is the parent's to end."""


class _Mark:
    """Queued behind what was dropped: once it is taken, all of that has ended."""

    def __init__(self) -> None:
        self.passed = threading.Event()

    def dropped(self) -> None:
        self.passed.set()

    def interrupted(self) -> None:
        """It has no span."""

    def disown(self) -> None:
        """It has no span."""


_MOST_SECONDS = 1.0
_live: dict[int, Openable] = {}
_dropped: SimpleQueue[Openable] = SimpleQueue()
_reaping = False
_at_exit_and_fork = False


def keep_open(entry: Openable) -> None:
    """Remember *entry* until `forget`; at exit it is interrupted."""
    if not _reaping:
        _start_reaper()
    _live[id(entry)] = entry


def forget(entry: Openable) -> None:
    """Its span has ended."""
    _live.pop(id(entry), None)


def drop(entry: Openable) -> None:
    """Queue *entry* to be ended; safe inside the garbage collector."""
    _dropped.put(entry)


def settle_dropped() -> None:
    """End what was dropped so far, here and now."""
    with contextlib.suppress(Empty):
        while True:
            _dropped.get_nowait().dropped()
    if _reaping:
        mark = _Mark()
        _dropped.put(mark)
        mark.passed.wait(_MOST_SECONDS)  # for the one our thread may be ending just now


def end_open_calls() -> None:
    """End the spans of every stream still open, with what has arrived."""
    settle_dropped()
    for entry in list(_live.values()):
        entry.interrupted()


def _start_reaper() -> None:
    global _at_exit_and_fork, _reaping
    _reaping = True
    if not _at_exit_and_fork:
        _at_exit_and_fork = True
        atexit.register(end_open_calls)  # registered after the provider's own, so it runs before
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=_start_afresh)
    threading.Thread(target=_reap, args=(_dropped,), name="catalyst-streams", daemon=True).start()


def _reap(dropped: SimpleQueue[Openable]) -> None:
    while True:
        dropped.get().dropped()


def _start_afresh() -> None:
    """In a forked child: no thread, and nothing of the parent's."""
    global _dropped, _reaping
    _reaping = False
    _dropped = SimpleQueue()
    for entry in list(_live.values()):
        entry.disown()
    _live.clear()
