"""Opening what a command reads: files from the command line, or the project's own traces."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from catalyst_sdk.cli._flags import given_server
from catalyst_sdk.cli._format import one_line, plural
from catalyst_sdk.cli._output import Output
from catalyst_sdk.cli._progress import reading
from catalyst_sdk.config import DEFAULT_FILE
from catalyst_sdk.errors import BadLine, ConfigError, Unreachable

if TYPE_CHECKING:
    from catalyst_sdk.cli._reader import Reader
    from catalyst_sdk.client import Client
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
    """Give the flags that name these files or this server again, for a command to type next."""
    named = {"--server": given_server().get("server"), "--project": given_server().get("project")}
    flags = [f" {flag} {shlex.quote(value)}" for flag, value in named.items() if value]
    return "".join([*flags, *(f" -f {shlex.quote(file)}" for file in files)])


def open_reader(files: Sequence[str], output: Output) -> Reader:
    """Open what a command reads: the files named, the server named, or what is at hand.

    Without either it is the server of CATALYST_SERVER, then the file `catalyst_sdk.init()` writes
    here, then the local server if one answers.
    """
    from catalyst_sdk.cli._reader import FileReader

    told = given_server()
    if told.get("server") and files:
        raise ConfigError("--server and --file exclude each other.", hint="Give one of them.")
    own = os.environ.get("CATALYST_FILE") or DEFAULT_FILE
    address = told.get("server") or os.environ.get("CATALYST_SERVER")
    if files or not (address or told.get("project") or not Path(own).exists()):
        return FileReader(open_data(source_files(files, output), output))
    from catalyst_sdk.cli._server_reader import ServerReader
    from catalyst_sdk.client import Client

    client = Client(address, told.get("key"), project=told.get("project"))
    if address is None and not told.get("project"):
        _check_at_hand(client, own)
    return ServerReader(client)


def _check_at_hand(client: Client, own: str) -> None:
    """Say what could have been read when there is nothing to read."""
    try:
        client.identity()
    except Unreachable:
        client.close()
        raise ConfigError(
            f"There are no traces to read: no --file or --server was given, there is no {own} "
            f"here, and no server at {client.endpoint}.",
            hint="Give --file traces.jsonl, or run `catalyst demo` to make some.",
        ) from None


def open_data(sources: Sequence[str], output: Output) -> FileStore:
    """Open files, telling on stderr how far that is and what could not be read of them."""
    from catalyst_sdk.store import open_files

    with reading(output) as on_progress:
        store = open_files(sources, on_progress=on_progress)
    report_bad_lines(output, store.bad_lines, store.bad_line_count)
    return store


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
