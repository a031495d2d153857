"""After `os.fork`, a child must not use its parent's queues, locks and connections."""

from __future__ import annotations

import importlib
import os
import threading
from typing import Any, Protocol
from weakref import WeakSet


class Forkable(Protocol):
    """Something that starts afresh in a forked child."""

    def start_afresh(self) -> None:
        """Forget what belongs to the parent; called in the child, where one thread is left."""
        ...


_alive: WeakSet[Forkable] = WeakSet()
_lock = threading.Lock()


def start_afresh_in_children(thing: Forkable) -> None:
    """Have *thing* start afresh in every child forked from now on, for as long as it lives."""
    with _lock:
        _alive.add(thing)


_importing = threading.RLock()


def import_unforked(name: str) -> Any:
    """Import a module while no fork can happen: a child would find it locked for ever."""
    with _importing:
        return importlib.import_module(name)


def _in_child() -> None:
    global _lock
    _importing.release()
    _lock = threading.Lock()
    for thing in list(_alive):
        thing.start_afresh()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_importing.acquire, after_in_parent=_importing.release, after_in_child=_in_child
    )
