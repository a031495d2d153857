"""Trace files as a store: SQL over span facts, payloads by offset, no server and no copy."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from catalyst_sdk.errors import BadInput, BadLine
from catalyst_sdk.findings import Totals
from catalyst_sdk.spans import Span, SpanFacts, facts
from catalyst_sdk.spans._open import expand
from catalyst_sdk.store.embedded import Database
from catalyst_sdk.store.files._index import Index
from catalyst_sdk.store.files._payload import read_spans_at
from catalyst_sdk.store.files._scan import scan
from catalyst_sdk.store.files._source import LocalFile, localise
from catalyst_sdk.store.files._tables import Part, create_spans, create_traces

Progress = Callable[[int, int], None]
"""Called with bytes read and bytes in all."""

_TOTALS = """
SELECT (SELECT count() FROM spans) AS spans, count() AS traces,
  uniqExactIf(session_id, session_id != '') AS sessions,
  sum(error_count) AS errors, countIf(error_count > 0) AS traces_with_errors,
  sum(prompt_tokens) AS prompt_tokens, sum(completion_tokens) AS completion_tokens,
  sum(cost_usd) AS cost_usd, min(start_ns) AS first_ns, max(end_ns) AS last_ns
FROM traces
"""


class FileStore:
    """The spans of some files; `query` opens the engine, everything else does without."""

    def __init__(self, files: list[LocalFile], parts: list[Part], folder: str) -> None:
        self._files = files
        self._parts = parts
        self._folder = folder
        self._lock = threading.Lock()
        self._database: Database | None = None
        self._index = Index.load(parts)
        self.sources = [file.name for file in files]
        self.bad_lines: list[BadLine] = []
        self.bad_line_count = 0

    @property
    def dataset_hash(self) -> str:
        """Name the content: the same for the same traces in any order of files and lines."""
        return self._index.dataset_hash

    def query(self, sql: str, params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Answer a SELECT over `spans` and `traces` in ClickHouse SQL; `{name:Type}` binds.

        Raises EngineError for what the engine refuses, and after 60 seconds.
        """
        return self._opened().query(sql, params)

    def totals(self) -> Totals:
        """Count what was read."""
        return Totals(**self.query(_TOTALS)[0])

    def trace(self, trace_id: str) -> list[Span]:
        """Read a trace's spans in start order; a unique prefix of the id will do."""
        return read_spans_at(self._files, self._index.trace(trace_id))

    def span(self, trace_id: str, span_id: str) -> Span:
        """Read one span; unique prefixes of the ids will do."""
        return read_spans_at(self._files, [self._index.span(trace_id, span_id)])[0]

    def facts(self, trace_id: str) -> list[SpanFacts]:
        """Give the facts of a trace's spans in start order."""
        places = self._index.trace(trace_id)
        rows = [facts(span) for span in read_spans_at(self._files, places)]
        for row, place in zip(rows, places, strict=True):
            row.source, row.line_offset = place.source, place.line_offset
            row.line_length = place.line_length
        return rows

    def close(self) -> None:
        """Drop the tables and temporary files; idempotent."""
        with self._lock:
            database, self._database = self._database, None
        if database is not None:
            database.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> FileStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _opened(self) -> Database:
        with self._lock:
            if self._database is None:
                database = Database()
                create_spans(database, self._parts, repeated=self._index.repeated)
                create_traces(database)
                self._database = database
            return self._database


def open_files(
    paths: Sequence[str | Path] | str | Path, *, on_progress: Progress | None = None
) -> FileStore:
    """Index trace files (paths, globs, "-" for standard input) and open them as one data set.

    Raises NotFound for a path that does not exist and BadInput when no span can be read.
    """
    folder = tempfile.mkdtemp(prefix="catalyst-")
    files = [localise(name, folder) for name in expand(paths)]
    parts: list[Part] = []
    bad: list[BadLine] = []
    count = rows = 0
    for number, file in enumerate(files):
        target = os.path.join(folder, f"{number}.parquet")
        found = scan(file.path, target, name=file.name)
        parts.append(Part(target, number))
        bad += found.bad_lines
        count += found.bad_line_count
        rows += found.rows
    if not rows:
        first = f" ({bad[0].reason})" if bad else ""
        raise BadInput(f"{', '.join(f.name for f in files)}: no span could be read{first}.")
    store = FileStore(files, parts, folder)
    store.bad_lines, store.bad_line_count = bad[:1000], count
    return store
