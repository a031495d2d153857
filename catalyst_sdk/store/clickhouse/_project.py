"""One project's spans and traces, read with the same SQL as a file's."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import count, islice
from typing import TYPE_CHECKING, Any, Literal

from catalyst_sdk.errors import AmbiguousId, BadLine, NotFound
from catalyst_sdk.findings import Totals
from catalyst_sdk.spans import Span, SpanFacts, decode_span, facts
from catalyst_sdk.store.clickhouse._payload_terms import payload_tables
from catalyst_sdk.store.clickhouse._schema import DATABASE, FACTS
from catalyst_sdk.store.files import TOTALS_SQL, TRACES_SQL, Hit
from catalyst_sdk.store.files._grep import check_pattern
from catalyst_sdk.store.files._pattern import sieve
from catalyst_sdk.store.files._search import SpanName, hits_in
from catalyst_sdk.store.filter import Filter, of_agent

if TYPE_CHECKING:
    from catalyst_sdk.store.clickhouse._live import LiveStore

Params = dict[str, Any]

_WITH = re.compile(r"\s*WITH\b", re.IGNORECASE)
_FACTS = ", ".join(column.name for column in FACTS)
_CANDIDATES = 20
_SEARCHED = 200
"""Spans that a search reads at once."""


class ProjectStore:
    """What one project holds, by start time within a window; the same surface as a FileStore.

    `query` sees two tables, `spans` and `traces`, of this project and window alone.
    """

    bad_lines: Sequence[BadLine] = ()
    bad_line_count = 0

    def __init__(
        self,
        live: LiveStore,
        project: str,
        *,
        start_ns: int | None = None,
        end_ns: int | None = None,
    ) -> None:
        self._live = live
        self._project = project
        self._start_ns = start_ns
        self._end_ns = end_ns
        self.sources = [f"project {project}"]

    def query(self, sql: str, params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Answer a SELECT over `spans` and `traces`; `{name:Type}` binds."""
        tables, own = self._tables()
        rest = ", " + _WITH.sub("", sql, count=1) if _WITH.match(sql) else " " + sql
        return self._live.query(f"WITH {tables}{rest}", {**(params or {}), **own})

    def totals(self) -> Totals:
        """Count what is there."""
        return Totals(**self.query(TOTALS_SQL)[0])

    @property
    def dataset_hash(self) -> str:
        """Name the content by its traces and their span counts."""
        counted = "SELECT trace_id, toString(count()) AS n FROM spans GROUP BY trace_id ORDER BY 1"
        text = "\n".join(f"{row['trace_id']} {row['n']}" for row in self.query(counted))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def trace_ids(self) -> list[str]:
        """Every trace id, earliest first."""
        rows = self.query("SELECT trace_id FROM spans GROUP BY trace_id ORDER BY min(start_ns)")
        return [row["trace_id"] for row in rows]

    def trace(self, trace_id: str) -> list[Span]:
        """Read a trace's spans in start order; a unique prefix of the id will do."""
        return [decode_span(line) for line in self.raw(trace_id)]

    def span(self, trace_id: str, span_id: str) -> Span:
        """Read one span; unique prefixes of the ids will do."""
        return decode_span(self.raw(trace_id, span_id)[0])

    def raw(self, trace_id: str, span_id: str | None = None) -> list[bytes]:
        """Give the stored lines of a trace, in start order, or of one span."""
        trace = self.complete(trace_id)
        params: Params = {"id": trace, "span": (span_id or "").lower()}
        rows = self._live.query(
            "SELECT span_id, argMax(raw, version) AS line, min(start_ns) AS start "
            f"FROM {DATABASE}.spans WHERE {self._where()} AND trace_id = {{id:String}} "
            "AND startsWith(span_id, {span:String}) GROUP BY span_id ORDER BY start, span_id",
            params | self._params(),
        )
        exact = [row for row in rows if row["span_id"] == span_id]
        if span_id is not None and not exact:
            if not rows:
                raise NotFound(f"Trace {trace} has no span {span_id!r}.")
            if len(rows) > 1:
                ids = [row["span_id"] for row in rows[:_CANDIDATES]]
                raise AmbiguousId(f"{span_id!r} fits several spans.", ids)
        return [row["line"].encode() for row in exact or rows]

    def facts(self, trace_id: str) -> list[SpanFacts]:
        """Give the facts of a trace's spans in start order."""
        return [facts(span) for span in self.trace(trace_id)]

    def complete(self, prefix: str) -> str:
        """Complete a trace id; NotFound, or AmbiguousId with candidates."""
        wanted = prefix.lower()
        rows = self._live.query(
            f"SELECT DISTINCT trace_id FROM {DATABASE}.spans WHERE {self._where()} "
            "AND (trace_id = {id:String} OR startsWith(trace_id, {id:String})) "
            f"ORDER BY trace_id LIMIT {_CANDIDATES}",
            {"id": wanted} | self._params(),
        )
        ids = [str(row["trace_id"]) for row in rows]
        if wanted in ids or len(ids) == 1:
            return wanted if wanted in ids else ids[0]
        if ids:
            raise AmbiguousId(f"{prefix!r} fits several traces.", ids)
        raise NotFound(f"There is no trace {prefix!r} in project {self._project}.")

    def where(
        self,
        filter: Filter,  # noqa: A002 - its name
        level: Literal["span", "trace"] = "span",
    ) -> tuple[str, Params]:
        """Give a filter as a condition on `spans` or `traces`, and its parameters."""
        params: Params = {}
        tables = payload_tables(filter, self._where(), params)
        compiled = filter.sql if level == "span" else filter.trace_sql
        condition, own = compiled(tables)
        return condition, params | own

    def narrowed(
        self,
        filter: Filter | None = None,  # noqa: A002 - its name
        start_ns: int | None = None,
        end_ns: int | None = None,
        agent: str | None = None,
    ) -> ProjectStore:
        """Freeze fewer traces: those that meet the filter and have a span in the window.

        Later spans do not change its answers. Close it to free its tables.
        """
        from catalyst_sdk.store.clickhouse._snapshot import Snapshot

        wanted = filter or Filter()
        if agent:
            wanted &= of_agent(agent)
        window = ProjectStore(
            self._live,
            self._project,
            start_ns=start_ns if start_ns is not None else self._start_ns,
            end_ns=end_ns if end_ns is not None else self._end_ns,
        )
        condition, params = window.where(wanted, "trace")
        rows = window.query(f"SELECT trace_id FROM traces WHERE {condition}", params)
        return Snapshot(self._live, self._project, [row["trace_id"] for row in rows])

    def with_events(self, trace_id: str) -> set[str]:
        """Name the spans of a trace that have events."""
        rows = self._live.query(
            f"SELECT span_id FROM {DATABASE}.spans FINAL WHERE {self._where()} "
            'AND trace_id = {id:String} AND position(raw, \'"events":[{"name"\') > 0',
            {"id": trace_id} | self._params(),
        )
        return {row["span_id"] for row in rows}

    def version(self, trace_id: str) -> int:
        """Tell when the newest span of a trace was received, in nanoseconds."""
        rows = self._live.query(
            f"SELECT max(version) AS newest FROM {DATABASE}.spans WHERE {self._where()} "
            "AND trace_id = {id:String}",
            {"id": trace_id} | self._params(),
        )
        return int(rows[0]["newest"])

    def lines(self) -> Iterator[bytes]:
        """Give every stored line, trace by trace."""
        rows = self._live.query(
            f"SELECT argMax(raw, version) AS line FROM {DATABASE}.spans WHERE {self._where()} "
            "GROUP BY trace_id, span_id ORDER BY trace_id, min(start_ns), span_id",
            self._params(),
        )
        return (row["line"].encode() for row in rows)

    def search(
        self, pattern: str, *, limit: int = 100, within: Collection[str] | None = None
    ) -> list[Hit]:
        """Find the fields of spans that an RE2 pattern fits, newest first.

        Looks at the text that a person sees, as a FileStore does. Raises ConfigError for a
        pattern RE2 refuses, and EngineError after a minute.
        """
        check_pattern(pattern)
        raw = sieve(pattern)
        params: Params = {"pattern": raw.pattern, **self._params()}
        where = f"{self._where()} AND match(raw, {{pattern:String}})"
        if raw.words:
            params |= {f"word{number}": word for number, word in enumerate(raw.words)}
            any_of = (f"match(raw, {{word{number}:String}})" for number in range(len(raw.words)))
            where += f" AND ({' OR '.join(any_of)})"
        if within is not None:
            where += " AND trace_id IN {within:Array(String)}"
            params["within"] = list(within)
        found: list[Hit] = []
        for page in count():
            rows = self._live.query(
                f"SELECT raw FROM {DATABASE}.spans FINAL WHERE {where} ORDER BY start_time DESC, "
                f"trace_id, span_id LIMIT {_SEARCHED} OFFSET {page * _SEARCHED}",
                params,
            )
            spans = (decode_span(row["raw"].encode()) for row in rows)
            named = ((SpanName(span.trace_id, span.span_id), span) for span in spans)
            found += islice(hits_in(named, pattern), limit - len(found))
            if len(found) >= limit or len(rows) < _SEARCHED:
                break
        return found

    def close(self) -> None:
        """Free what `narrowed` made; a whole project holds nothing."""

    def __enter__(self) -> ProjectStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _tables(self) -> tuple[str, Params]:
        spans = f"SELECT {_FACTS} FROM {DATABASE}.spans FINAL WHERE {self._where()}"
        return f"spans AS ({spans}), traces AS ({TRACES_SQL})", self._params()

    def _where(self) -> str:
        condition = "project_id = {_project:String}"
        if self._start_ns is not None:
            condition += " AND start_time >= fromUnixTimestamp64Nano({_from:Int64})"
        if self._end_ns is not None:
            condition += " AND start_time < fromUnixTimestamp64Nano({_to:Int64})"
        return condition

    def _params(self) -> Params:
        bounds = {"_from": self._start_ns, "_to": self._end_ns}
        return {"_project": self._project, **{k: v for k, v in bounds.items() if v is not None}}
