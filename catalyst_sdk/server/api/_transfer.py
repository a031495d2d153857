"""Import, export and deletion."""

from __future__ import annotations

import csv
import io
import itertools
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from starlette.responses import Response, StreamingResponse

from catalyst_sdk import client as api
from catalyst_sdk.errors import BadLine, NotFound
from catalyst_sdk.server.api import _forms
from catalyst_sdk.server.api._endpoint import SELECTION, Call, Endpoint, Parameter
from catalyst_sdk.server.api._otlp import otlp_line
from catalyst_sdk.spans import Span, decode_span, encode_span, facts, read_spans
from catalyst_sdk.store import queries
from catalyst_sdk.store.journal import Batch

_SPANS_A_BATCH = 2_000
_TRACES_AT_ONCE = 200
_LINES_TOLD = 1_000
_MEDIA = {"jsonl": "application/x-ndjson", "otlp": "application/x-ndjson", "csv": "text/csv"}


def _import(call: Call) -> api.Imported:
    name = Path(call.text("name")).name or "upload"
    bad: list[BadLine] = []
    with TemporaryDirectory(prefix="catalyst-") as folder:
        path = Path(folder) / name
        path.write_bytes(call.request.state.body)
        spans = read_spans(path, on_bad_line=bad.append)
        stored = _store(call, spans)
    call.held.store.flush()  # who imports looks at it next
    told = [api.BadLineItem(name, line.line, line.reason) for line in bad[:_LINES_TOLD]]
    return api.Imported(stored, told, len(bad))


def _store(call: Call, spans: Iterator[Span]) -> int:
    """Journal spans as our own lines; they are on disk when this returns."""
    waiting: list[Any] = []
    stored = 0
    while some := list(itertools.islice(spans, _SPANS_A_BATCH)):
        batch = Batch(
            project=call.who.project,
            content_type="application/x-ndjson",
            received_ns=time.time_ns(),
            body=b"".join(encode_span(span) for span in some),
        )
        waiting.append(call.held.store.accept(batch))
        stored += len(some)
    for future in waiting:
        future.result()
    return stored


def _export(call: Call) -> Response:
    form = call.text("format")
    selection = call.selection()
    lines = _selected_lines(call, selection)
    pieces = {"jsonl": lambda: lines, "otlp": lambda: _otlp(lines), "csv": lambda: _csv(lines)}
    headers = {"Content-Disposition": f'attachment; filename="traces.{form}"'}
    return StreamingResponse(pieces[form](), media_type=_MEDIA[form], headers=headers)


def _selected_lines(call: Call, selection: queries.Selection) -> Iterator[bytes]:
    source = call.source
    ids = queries.trace_ids(source, selection)
    for at in range(0, len(ids), _TRACES_AT_ONCE):
        yield from source.only(ids[at : at + _TRACES_AT_ONCE]).lines()


def _otlp(lines: Iterator[bytes]) -> Iterator[bytes]:
    spans = (decode_span(line) for line in lines)
    for _, own in itertools.groupby(spans, key=lambda span: span.trace_id):
        yield otlp_line(list(own))


def _csv(lines: Iterator[bytes]) -> Iterator[bytes]:
    fields = queries.SPAN_FIELDS
    yield _row(list(fields))
    for line in lines:
        item = _forms.span_item(facts(decode_span(line)))
        yield _row([_cell(getattr(item, field)) for field in fields])


def _cell(value: object) -> object:
    return msgspec.json.encode(value).decode() if isinstance(value, list) else value


def _row(cells: list[object] | list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue().encode()


def _delete_trace(call: Call) -> api.Deleted:
    trace = call.path("trace").lower()
    if call.source.complete(trace) != trace:
        raise NotFound("A trace is deleted by its whole id.")
    return api.Deleted(call.held.store.delete(call.who.project, trace_ids=[trace]))


def _delete_session(call: Call) -> api.Deleted:
    return api.Deleted(call.held.store.delete(call.who.project, session=call.path("session")))


def _delete_user(call: Call) -> api.Deleted:
    return api.Deleted(call.held.store.delete(call.who.project, user=call.path("user")))


ENDPOINTS = (
    Endpoint(
        "POST",
        "/import",
        _import,
        "Store the spans of a file in any readable format; .gz and .zst by content.",
        api.Imported,
        (Parameter("name", "The file's name, for messages.", default="upload"),),
        scope="ingest",
        body=bytes,
    ),
    Endpoint(
        "GET",
        "/export",
        _export,
        "Stream spans: our JSONL, OTLP/JSON by lines, or CSV of the figures.",
        bytes,
        (
            *SELECTION,
            Parameter("format", "Which.", default="jsonl", choices=tuple(_MEDIA)),
        ),
        media=_MEDIA["jsonl"],
    ),
    Endpoint(
        "DELETE", "/traces/{trace}", _delete_trace, "Delete a trace.", api.Deleted, scope="write"
    ),
    Endpoint(
        "DELETE",
        "/sessions/{session:path}",
        _delete_session,
        "Delete a session's traces.",
        api.Deleted,
        scope="write",
    ),
    Endpoint(
        "DELETE",
        "/users/{user:path}",
        _delete_user,
        "Delete a user's traces.",
        api.Deleted,
        scope="write",
    ),
)
