"""CPU of calls with and without one tracer, in a fresh process: arguments NAME ROUNDS [CASE].

With and without alternate in one process. To go without, every attribute that turning the tracer
on changed on the classes of the client libraries is put back; to go with, it is set again.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks.calls import calls
from benchmarks.setups import SETUPS, CountingExporter

_MISSING = object()
_LIBRARIES = ("openai", "anthropic")
_CALLS = 4


class Switch:
    """The attributes of the client libraries' classes, as they were and as the tracer made them."""

    def __init__(self) -> None:
        self._before = _class_attributes()
        self._changed: list[tuple[type, str, Any, Any]] = []

    def learn(self) -> None:
        """Note what is different now."""
        known = {owner for owner, _ in self._before}  # no call is made of a class loaded since
        self._changed = [
            (owner, name, before, now)
            for (owner, name), now in _class_attributes().items()
            if owner in known and (before := self._before.get((owner, name), _MISSING)) is not now
        ]
        if not self._changed:
            raise SystemExit("The tracer changed nothing.")

    def off(self) -> None:
        """As if there were no tracer."""
        for owner, name, before, _ in self._changed:
            if before is not _MISSING:
                setattr(owner, name, before)
            elif name in vars(owner):
                delattr(owner, name)

    def on(self) -> None:
        """With it."""
        for owner, name, _, now in self._changed:
            setattr(owner, name, now)


def _class_attributes() -> dict[tuple[type, str], Any]:
    owners = {
        value
        for module in list(sys.modules.values())
        if module.__name__.partition(".")[0] in _LIBRARIES
        for value in list(vars(module).values())
        if isinstance(value, type) and value.__module__.partition(".")[0] in _LIBRARIES
    }
    return {
        (owner, name): value
        for owner in owners
        for name, value in list(vars(owner).items())
        if not name.startswith("__") and callable(value)
    }


class Arm:
    """Calls of one case, with or without the tracer: microseconds of each."""

    def __init__(self, call: Callable[[], None], flush: Callable[[], object]) -> None:
        self.call, self.flush = call, flush
        self.caller: list[float] = []
        self.process: list[float] = []

    def block(self) -> None:
        """Time a few: each on the caller's thread, all in the process until they are exported."""
        call = self.call
        call()  # setting the attributes of classes made CPython forget what it knew of them
        self.flush()
        process = time.process_time_ns()
        for _ in range(_CALLS):
            thread = time.thread_time_ns()
            call()
            self.caller.append((time.thread_time_ns() - thread) / 1000)
        self.flush()
        self.process.append((time.process_time_ns() - process) / 1000 / _CALLS)

    def as_json(self) -> dict[str, list[float]]:
        return {"caller": self.caller, "process": self.process}


def measure(name: str, rounds: int, only: str = "") -> dict[str, Any]:
    """Give the samples by case, and how many spans and attributes a call made."""
    cases = {case: call for case, call in calls().items() if only in case}
    for call in cases.values():
        call()  # everything lazy is loaded before the classes are looked at
    switch, exporter = Switch(), CountingExporter()
    flush = SETUPS[name](exporter)
    switch.learn()
    found: dict[str, Any] = {}
    for case, call in cases.items():
        if spans := _spans_of(call, exporter, flush):  # else it does not trace that client
            found[case] = {"spans": spans, "attributes": _attributes(exporter)}
    arms = {case: (Arm(cases[case], flush), Arm(cases[case], flush)) for case in found}
    gc.collect()
    gc.freeze()
    gc.disable()
    for number in range(rounds):
        for without, with_it in arms.values():
            for arm in (without, with_it) if number % 2 else (with_it, without):
                (switch.on if arm is with_it else switch.off)()
                arm.block()
                gc.collect()
    switch.off()
    for case, (without, with_it) in arms.items():
        if _spans_of(cases[case], exporter, flush):
            raise SystemExit(f"{name} is still on in the baseline of {case}.")
        found[case] |= {"without": without.as_json(), "with": with_it.as_json()}
    return found


def _spans_of(
    call: Callable[[], None], exporter: CountingExporter, flush: Callable[[], object]
) -> int:
    flush()
    before = exporter.spans
    call()
    flush()
    return exporter.spans - before


def _attributes(exporter: CountingExporter) -> int:
    return len((exporter.last and exporter.last.attributes) or {})


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])))
