"""`catalyst trace import`, `export` and `delete`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from catalyst_sdk.cli._data import report_bad_lines
from catalyst_sdk.cli._filters import Filters, select
from catalyst_sdk.cli._format import plural
from catalyst_sdk.cli._grammar import Command, OneOf, option
from catalyst_sdk.cli._metadata import a_server
from catalyst_sdk.cli._options import (
    filter_argument,
    filter_options,
    output_options,
    server_options,
)
from catalyst_sdk.cli._output import current_output
from catalyst_sdk.errors import BadInput, BadLine, ConfigError, NotFound


@click.command("import", cls=Command, example="catalyst trace import traces.jsonl langfuse.json")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@server_options
@output_options
def trace_import(files: Sequence[str]) -> None:
    """Store the spans of files in a server; any format that `--file` reads will do."""
    output = current_output(os.environ)
    spans, told = 0, list[BadLine]()
    count = 0
    with a_server() as server:
        for file in files:
            done = server.import_spans(_read(file), Path(file).name if file != "-" else "stdin")
            spans += done.spans
            count += done.bad_line_count
            told += [
                BadLine(source=file, line=line.line, reason=line.reason) for line in done.bad_lines
            ]
    report_bad_lines(output, told, count)
    if output.mode == "human":
        output.note(f"stored {plural(spans, 'span')} in {server.endpoint}")
        return
    output.document({"spans": spans, "bad_lines": told, "bad_line_count": count})


def _read(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except FileNotFoundError:
        raise NotFound(f"{file} does not exist.") from None
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}.") from None


@click.command("export", cls=Command, example="catalyst trace export status:error -o failed.jsonl")
@filter_argument
@option("--format", "form", type=OneOf("format", ("jsonl", "otlp", "csv")), default="jsonl")
@option("-o", "--output", "path", metavar="FILE", help="Write to a file.")
@filter_options()
@server_options
@output_options
def trace_export(words: Sequence[str], form: str, path: str | None, filters: Filters) -> None:
    """Write the spans of a server's traces: our JSONL, OTLP/JSON by lines, or CSV."""
    output = current_output(os.environ)
    asked = select(filters, words)
    since, start, end = asked.given
    with a_server() as server:
        pieces = server.export(form, q=asked.query, range=since, from_=start, to=end)
        if path is None:
            for piece in pieces:
                output.write_bytes(piece)
            return
        _write(pieces, path)
    output.note(f"wrote {path}")


def _write(pieces: Iterator[bytes], path: str) -> None:
    try:
        with Path(path).open("wb") as file:
            file.writelines(pieces)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}.") from None


@click.command("delete", cls=Command, example="catalyst trace delete --user u-1842 --yes")
@click.argument("trace_ids", nargs=-1, metavar="[ID]...")
@option("--session", metavar="ID", help="All traces of this session.")
@option("--user", metavar="ID", help="All traces of this user.")
@option("-y", "--yes", is_flag=True, help="Do not ask.")
@server_options
@output_options
def trace_delete(
    trace_ids: Sequence[str], session: str | None, user: str | None, yes: bool
) -> None:
    """Delete traces from a server for good, by their whole ids, by session or by user."""
    output = current_output(os.environ)
    what = [
        *(f"trace {one}" for one in trace_ids),
        *([f"session {session}"] if session else []),
        *([f"user {user}"] if user else []),
    ]
    if not what:
        raise ConfigError("Nothing is named that could be deleted.", hint="Give ids, or --session.")
    with a_server() as server:
        if not yes:
            click.confirm(f"Delete {', '.join(what)} from {server.endpoint}?", abort=True, err=True)
        spans = sum(server.delete_trace(one).spans for one in trace_ids)
        spans += server.delete_session(session).spans if session else 0
        spans += server.delete_user(user).spans if user else 0
    if output.mode == "human":
        output.note(f"deleted {plural(spans, 'span')}")
        return
    output.document({"spans": spans})
