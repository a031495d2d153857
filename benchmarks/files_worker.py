"""Our half of the file benchmarks, in a fresh process: `… files_worker index|query|search …`."""

from __future__ import annotations

import sys

from benchmarks._cost import tell
from catalyst_sdk.store import open_files


def _index(path: str) -> int:
    with open_files(path) as store:
        return len(store.trace_ids)


def _query(path: str) -> int:
    with open_files(path) as store:
        return store.totals().traces


def _search(path: str, pattern: str) -> None:
    with open_files(path) as store:
        tell(lambda: len({hit.trace_id for hit in store.search(pattern, limit=1_000_000)}))


def _analyse(path: str) -> dict[str, int]:
    from catalyst_sdk import halo  # the others do without

    report = halo.run(path)
    text = halo.render_markdown(report)
    return {
        "traces": report.totals.traces,
        "findings": len(report.findings),
        "cited": report.citations_verified,
        "characters": len(text),
    }


if __name__ == "__main__":
    what, *arguments = sys.argv[1:]
    if what == "search":
        _search(*arguments)
    else:
        work = {"index": _index, "query": _query, "analyse": _analyse}[what]
        tell(lambda: work(*arguments))
