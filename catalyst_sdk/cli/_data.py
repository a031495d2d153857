"""Opening what a command reads: files from the command line, or the project's own traces."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from catalyst_sdk.cli._filters import Asked
from catalyst_sdk.cli._format import moment, one_line, plural
from catalyst_sdk.cli._output import Output
from catalyst_sdk.cli._progress import reading
from catalyst_sdk.config import DEFAULT_FILE
from catalyst_sdk.errors import BadLine, ConfigError

if TYPE_CHECKING:
    from catalyst_sdk.store import FileStore

_BAD_LINES_SHOWN = 3


def source_files(files: Sequence[str], output: Output) -> list[str]:
    """Give the files to read: those named, or the one `catalyst_sdk.init()` writes here."""
    if files:
        return list(files)
    own = os.environ.get("CATALYST_FILE") or DEFAULT_FILE
    if Path(own).exists():
        output.note(f"reading {own}")
        return [own]
    raise ConfigError(
        f"There are no traces to read: no --file was given and there is no {own} here.",
        hint="Give --file traces.jsonl, or run `catalyst demo` to make some.",
    )


def file_flags(files: Sequence[str]) -> str:
    """Give the flags that name these files again, for a command to type next."""
    return "".join(f" -f {shlex.quote(file)}" for file in files)


def open_data(sources: Sequence[str], output: Output) -> FileStore:
    """Open files, telling on stderr how far that is and what could not be read of them."""
    from catalyst_sdk.store import open_files

    with reading(output) as on_progress:
        store = open_files(sources, on_progress=on_progress)
    report_bad_lines(output, store.bad_lines, store.bad_line_count)
    return store


def nothing_fits(store: FileStore, asked: Asked, what: str) -> str:
    """Say that nothing was found, and from when the data is if a time was asked for."""
    if not asked.words:
        return f"no {what}"
    if not asked.window.words:
        return f"no {what} fit {asked.text}"
    if asked.window.back_ns is not None and asked.filter is not None:
        return f"no {what} fit {asked.words}"
    ends = store.query("SELECT min(start_ns) AS first, max(start_ns) AS last FROM traces")[0]
    return (
        f"no {what} fit {asked.words}; "
        f"these are from {moment(ends['first'])} to {moment(ends['last'])}"
    )


def report_bad_lines(output: Output, bad_lines: Sequence[BadLine], count: int) -> None:
    """Say how many lines were skipped, and the number and reason of the first ones."""
    if not count:
        return
    shown = [
        f"{one_line(bad.source)}{f':{bad.line}' if bad.line else ''} ({one_line(bad.reason)})"
        for bad in bad_lines[:_BAD_LINES_SHOWN]
    ]
    rest = f", and {count - len(shown):,} more" if count > len(shown) else ""
    output.note(f"skipped {plural(count, 'line')}: {'; '.join(shown)}{rest}", "warn")
