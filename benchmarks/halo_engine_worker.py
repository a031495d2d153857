"""The same as files_worker, of halo-engine; runs in its environment."""

from __future__ import annotations

import asyncio
import importlib
import sys
from pathlib import Path
from typing import Any

from benchmarks._cost import tell


def _of(module: str, name: str) -> Any:
    return getattr(importlib.import_module(f"engine.traces.{module}"), name)


CONFIG = _of("models.trace_index_config", "TraceIndexConfig")
FILTERS = _of("models.trace_query_models", "TraceFilters")
BUILDER = _of("trace_index_builder", "TraceIndexBuilder")
STORE = _of("trace_store", "TraceStore")


def _indexed(path: str) -> Path:
    return asyncio.run(BUILDER.ensure_index_exists(Path(path), CONFIG()))


def _index(path: str) -> int:
    return STORE.load(Path(path), _indexed(path)).trace_count


def _query(path: str) -> int:
    return STORE.load(Path(path), _indexed(path)).get_overview(FILTERS()).total_traces


def _search(path: str, pattern: str) -> None:
    store = STORE.load(Path(path), _indexed(path))
    tell(lambda: store.count_traces(FILTERS(regex_pattern=pattern)).total)


if __name__ == "__main__":
    what, *arguments = sys.argv[1:]
    if what == "search":
        _search(*arguments)
    else:
        work = {"index": _index, "query": _query}[what]
        tell(lambda: work(*arguments))
