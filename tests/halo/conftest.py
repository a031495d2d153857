"""Planted data sets, opened once each: opening and indexing is what takes the time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from catalyst_sdk import halo
from catalyst_sdk.findings import Finding, Report
from catalyst_sdk.store import FileStore, open_files
from halo.planted import Traces, healthy, healthy_run
from halo.plants import PLANTS

MIXED = ("timeout", "soft-error", "repeated-call", "cut-output", "oversized-output")


@pytest.fixture(scope="session")
def opened(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., FileStore]]:
    """Open traces as a store; the same store for the same name."""
    folder = tmp_path_factory.mktemp("planted")
    stores: dict[str, FileStore] = {}

    def open_named(name: str, traces: Traces) -> FileStore:
        if name not in stores:
            stores[name] = open_files([traces.write(folder / f"{name}.jsonl")])
        return stores[name]

    yield open_named
    for store in stores.values():
        store.close()


@pytest.fixture(scope="session")
def planted(opened: Callable[..., FileStore]) -> Callable[[str], tuple[FileStore, set[str]]]:
    """Give a detector's planted data and the traces that were spoilt."""
    made: dict[str, Traces] = {}

    def make(name: str) -> tuple[FileStore, set[str]]:
        if name not in made:
            made[name] = Traces(seed=sum(map(ord, name)))
            PLANTS[name](made[name])
        return opened(name, made[name]), made[name].planted

    return make


@pytest.fixture(scope="session")
def findings_of(
    planted: Callable[[str], tuple[FileStore, set[str]]],
) -> Callable[[str], list[Finding]]:
    """Give what a detector finds in its planted data; each runs once."""
    found: dict[str, list[Finding]] = {}

    def detect(name: str) -> list[Finding]:
        if name not in found:
            found[name] = halo.detect(planted(name)[0], detectors=[name])
        return found[name]

    return detect


@pytest.fixture(scope="session")
def mixed(opened: Callable[..., FileStore]) -> Traces:
    """Several flaws at once, and a healthy majority."""
    traces = Traces(seed=11)
    for name in MIXED:
        PLANTS[name](traces)
    for _ in range(60):
        healthy_run(traces).answer()
    return traces


@pytest.fixture(scope="session")
def mixed_report(mixed: Traces, opened: Callable[..., FileStore]) -> Report:
    return halo.run(opened("mixed", mixed))


@pytest.fixture(scope="session")
def healthy_store(opened: Callable[..., FileStore]) -> FileStore:
    return opened("healthy", healthy(seed=7, runs=80))


@pytest.fixture
def tmp_traces(tmp_path: Path) -> Callable[[Traces], Path]:
    return lambda traces: traces.write(tmp_path / "traces.jsonl")
