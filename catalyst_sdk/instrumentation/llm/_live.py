"""Streams still open, and those dropped: both get their span's one end.

A dropped stream is noticed by a weak reference, often inside the garbage collector, where any lock
may be held: the callback only queues it, and a thread of ours ends the span.
"""

from __future__ import annotations

import atexit
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


_live: dict[int, Openable] = {}
_dropped: SimpleQueue[Openable] = SimpleQueue()
_reaper_pid = 0


def keep_open(entry: Openable) -> None:
    """Remember *entry* until `close`; at exit it is interrupted."""
    _live[id(entry)] = entry
    if _reaper_pid != os.getpid():
        _start_reaper()


def forget(entry: Openable) -> None:
    """Forget *entry*: its span has ended."""
    _live.pop(id(entry), None)


def drop(entry: Openable) -> None:
    """Queue *entry* to be ended; safe inside the garbage collector."""
    _dropped.put(entry)


def settle_dropped() -> None:
    """End what was dropped so far, here and now."""
    while True:
        try:
            _dropped.get_nowait().dropped()
        except Empty:
            return


def end_open_calls() -> None:
    """End the spans of every stream still open, with what has arrived."""
    settle_dropped()
    for entry in list(_live.values()):
        entry.interrupted()


def _start_reaper() -> None:
    global _reaper_pid
    if _reaper_pid == 0:
        atexit.register(
            end_open_calls
        )  # runs before the provider's own exit: it was registered later
    else:
        _live.clear()  # after fork: the parent ends its own streams
    _reaper_pid = os.getpid()
    threading.Thread(target=_reap, name="catalyst-streams", daemon=True).start()


def _reap() -> None:
    while True:
        _dropped.get().dropped()
