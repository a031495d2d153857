"""What is analysed: files or an open store, narrowed to a window, an agent and a filter."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from catalyst_sdk.store import FileStore

__all__ = ["Source", "opened"]

Source = "str | Path | Sequence[str | Path] | FileStore"
"""Paths, globs, "-" for standard input, or a store that is already open."""

_LAST = "SELECT max(greatest(end_ns, start_ns)) AS last FROM spans"


@contextmanager
def opened(
    source: str | Path | Sequence[str | Path] | FileStore,
    *,
    window: str | None = None,
    agent: str | None = None,
    filter: str | None = None,  # noqa: A002 - its name everywhere
    on_progress: Callable[[int, int], None] | None = None,
) -> Generator[FileStore]:
    """Open *source* and narrow it; closes what it opened itself.

    A window counts back from the newest span, so that a file of last month can be analysed.
    """
    from catalyst_sdk.store import FileStore, open_files, parse_filter, parse_range

    wanted = parse_filter(filter) if filter else None
    seconds = parse_range(window) if window else None
    whole = source if isinstance(source, FileStore) else open_files(source, on_progress=on_progress)
    parts: list[FileStore] = [] if isinstance(source, FileStore) else [whole]
    try:
        store = whole
        if wanted or agent or seconds is not None:
            start = None
            if seconds is not None:
                last = int(whole.query(_LAST)[0]["last"] or 0)
                start = last - round(seconds * 1e9)
            store = whole.narrowed(wanted, start_ns=start, agent=agent)
            parts.append(store)
        yield store
    finally:
        for part in reversed(parts):
            part.close()
