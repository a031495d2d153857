"""A data set of trace files: SQL over its tables, spans by id, and fewer traces of the same."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any, Literal

from catalyst_sdk.errors import BadLine, EngineError
from catalyst_sdk.findings import Totals
from catalyst_sdk.spans import Span, SpanFacts, facts
from catalyst_sdk.store.embedded import Database
from catalyst_sdk.store.files import _grep
from catalyst_sdk.store.files._blocks import Block
from catalyst_sdk.store.files._dataset import DataSet, Progress, read_files
from catalyst_sdk.store.files._ids import write_ids
from catalyst_sdk.store.files._index import Index
from catalyst_sdk.store.files._payload import read_lines_at, read_spans_at
from catalyst_sdk.store.files._payload_terms import spans_with
from catalyst_sdk.store.files._search import Hit, search
from catalyst_sdk.store.files._tables import (
    copy_traces,
    create_places,
    create_spans,
    create_traces,
)
from catalyst_sdk.store.filter import Filter, Term, of_agent

Params = dict[str, Any]

TOTALS_SQL = """
SELECT (SELECT count() FROM spans) AS spans, count() AS traces,
  uniqExactIf(session_id, session_id != '') AS sessions,
  sum(error_count) AS errors, countIf(error_count > 0) AS traces_with_errors,
  sum(prompt_tokens) AS prompt_tokens, sum(completion_tokens) AS completion_tokens,
  sum(cost_usd) AS cost_usd, min(start_ns) AS first_ns, max(end_ns) AS last_ns
FROM traces
"""


class FileStore:
    """The spans of some files; `query` opens the engine, reading spans by id does without."""

    def __init__(
        self, data: DataSet, index: Index, fill: Callable[[Database], None], owned: bool
    ) -> None:
        self._data = data
        self._index = index
        self._fill = fill
        self._owned = owned
        self._lock = threading.Lock()
        self._database: Database | None = None
        self._closed = False
        self._term_tables: dict[Term, str] = {}
        self._numbers = count(1)
        self.sources: list[str] = [file.name for file in data.files]
        self.bad_lines: list[BadLine] = data.bad_lines
        """What could not be read, the first thousand."""
        self.bad_line_count: int = data.bad_line_count

    @property
    def dataset_hash(self) -> str:
        """Name the content: the same for the same traces in any order of files and lines."""
        return self._index.dataset_hash

    @property
    def trace_ids(self) -> list[str]:
        """Every trace id, in the order of the files."""
        return self._index.trace_ids

    def query(self, sql: str, params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Answer a SELECT over `spans` and `traces` in ClickHouse SQL; `{name:Type}` binds.

        Raises EngineError for what the engine refuses, and after a minute.
        """
        return self._opened().query(sql, params)

    def totals(self) -> Totals:
        """Count what was read."""
        return Totals(**self.query(TOTALS_SQL)[0])

    def trace(self, trace_id: str) -> list[Span]:
        """Read a trace's spans in start order; a unique prefix of the id will do."""
        return read_spans_at(self._data.files, self._index.trace(trace_id))

    def span(self, trace_id: str, span_id: str) -> Span:
        """Read one span; unique prefixes of the ids will do."""
        return read_spans_at(self._data.files, [self._index.span(trace_id, span_id)])[0]

    def complete(self, prefix: str) -> str:
        """Complete a trace id; NotFound, or AmbiguousId with candidates."""
        return self._index.trace(prefix)[0].trace_id

    def with_events(self, trace_id: str) -> set[str]:
        """Name the spans of a trace that have events."""
        return {span.span_id for span in self.trace(trace_id) if span.events}

    def raw(self, trace_id: str, span_id: str | None = None) -> list[bytes]:
        """Give the stored lines of a trace or of one span, byte for byte, each once."""
        places = self._index.trace(trace_id)
        if span_id is not None:
            places = [self._index.span(trace_id, span_id)]
        return read_lines_at(self._data.files, places)

    def facts(self, trace_id: str) -> list[SpanFacts]:
        """Give the facts of a trace's spans in start order."""
        places = self._index.trace(trace_id)
        rows = [facts(span) for span in read_spans_at(self._data.files, places)]
        for row, place in zip(rows, places, strict=True):
            row.source, row.line_offset = place.source, place.line_offset
            row.line_length = place.line_length
        return rows

    def search(
        self, pattern: str, *, limit: int = 100, within: Collection[str] | None = None
    ) -> list[Hit]:
        """Find the fields of spans that an RE2 pattern fits, in the order of the files.

        Searched is the text a person sees: names, messages and attribute values, with the JSON
        inside them opened. *within* names the traces to look at. Takes time linear in the files;
        raises ConfigError for a pattern RE2 refuses, and EngineError after a minute.
        """
        return search(self._data.files, self._blocks(within), pattern, limit)

    def where(
        self,
        filter: Filter,  # noqa: A002 - its name
        level: Literal["span", "trace"] = "span",
    ) -> tuple[str, Params]:
        """Give a filter as a condition on `spans` or `traces`, and its parameters.

        Free text, `attr.` and `resource.` read the payloads here, once for each term.
        """
        tables = {term: self._table_of(term) for term in filter.payload_terms}
        return filter.sql(tables) if level == "span" else filter.trace_sql(tables)

    def narrowed(
        self,
        filter: Filter | None = None,  # noqa: A002 - its name
        start_ns: int | None = None,
        end_ns: int | None = None,
        agent: str | None = None,
    ) -> FileStore:
        """Give the same data with fewer traces; close it like any other.

        Kept are the traces that meet the filter and have a span that starts in [start, end) and
        one of the agent, given by name or id.
        """
        wanted = filter or Filter()
        if agent:
            wanted &= of_agent(agent)
        condition, params = self.where(wanted, "trace")
        if window := _window(start_ns, end_ns):
            condition += f" AND trace_id IN (SELECT trace_id FROM spans WHERE {window})"
            params |= {"start_ns": start_ns or 0, "end_ns": end_ns or 0}
        rows = self.query(f"SELECT trace_id FROM traces WHERE {condition}", params)
        return self._narrowed([row["trace_id"] for row in rows])

    def close(self) -> None:
        """Drop the tables and temporary files; idempotent."""
        with self._lock:
            database, self._database = self._database, None
            self._closed = True
        if database is not None:
            database.close()
        if self._owned:
            self._data.close()

    def __enter__(self) -> FileStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _narrowed(self, trace_ids: Collection[str]) -> FileStore:
        kept = self._new_table([(trace_id, "") for trace_id in trace_ids])
        origin = self._opened().name
        store = FileStore(
            self._data,
            self._index.narrowed(trace_ids),
            lambda database: copy_traces(database, origin, kept),
            owned=False,
        )
        store._opened()  # while the origin is still there
        return store

    def _table_of(self, term: Term) -> str:
        """Name the table of the spans for which a term on payloads holds, filling it once."""
        positive = Term(term.field, term.matches, False, term.key)
        if positive not in self._term_tables:
            places = spans_with(self._data.files, self._blocks(), positive)
            pairs = [(place.trace_id, place.span_id) for place in places]
            self._term_tables[positive] = self._new_table(pairs)
        return self._term_tables[positive]

    def _blocks(self, within: Collection[str] | None = None) -> Iterator[Block]:
        return self._index.blocks(_grep.BLOCK, within)

    def _new_table(self, pairs: list[tuple[str, str]]) -> str:
        path = self._data.workspace.new(".parquet")
        write_ids(pairs, path)
        name = f"ids_{next(self._numbers)}"
        create_places(self._opened(), name, path)
        return name

    def _opened(self) -> Database:
        with self._lock:
            if self._closed:
                raise EngineError("This data set is closed.", hint="Open the files again.")
            if self._database is None:
                database = Database()
                self._fill(database)
                self._database = database
            return self._database


def _window(start_ns: int | None, end_ns: int | None) -> str:
    after = ["start_ns >= {start_ns:Int64}"] if start_ns is not None else []
    before = ["start_ns < {end_ns:Int64}"] if end_ns is not None else []
    return " AND ".join(after + before)


def open_files(
    paths: Sequence[str | Path] | str | Path, *, on_progress: Progress | None = None
) -> FileStore:
    """Index trace files (paths, globs, "-" for standard input) and open them as one data set.

    *on_progress* hears the bytes read and the bytes to read. Raises NotFound for a path that does
    not exist and BadInput when no span can be read.
    """
    data = read_files(paths, on_progress)
    index = Index.load(data.parts)

    def fill(database: Database) -> None:
        create_spans(database, data.parts, repeated=index.repeated)
        create_traces(database)

    return FileStore(data, index, fill, owned=True)
