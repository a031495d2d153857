"""What the reading commands ask of traces, whether files or a server answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Protocol

import msgspec

from catalyst_sdk.cli._filters import Asked
from catalyst_sdk.cli._format import moment
from catalyst_sdk.cli._listing import Listed
from catalyst_sdk.spans import Span, SpanFacts
from catalyst_sdk.store import FileStore, Hit, queries
from catalyst_sdk.store.queries import AgentRow, Counted, FacetValue, Page, Row, Steps


class Rows(msgspec.Struct, frozen=True):
    """One page of a list, and how many rows there are in all."""

    page: Page
    total: Counted
    failing: dict[str, str] = {}
    """For traces that failed the step that failed first, by trace id."""


class Reader(Protocol):
    """Files or a server, open for reading."""

    def traces(self, asked: Asked, listed: Listed) -> Rows:
        """Give a page of traces."""
        ...

    def spans(self, asked: Asked, listed: Listed, trace_id: str | None) -> Rows:
        """Give a page of spans, of one trace if told (a prefix of its id will do)."""
        ...

    def sessions(self, asked: Asked, listed: Listed) -> Rows:
        """Give a page of sessions."""
        ...

    def session_traces(self, session_id: str) -> Sequence[Row]:
        """Give the traces of a session in order."""
        ...

    def agents(self, asked: Asked) -> list[AgentRow]:
        """Give one row an agent."""
        ...

    def agent(self, name: str) -> tuple[AgentRow, Steps]:
        """Give one agent, by name or id, and what it calls."""
        ...

    def facets(self, asked: Asked, fields: Sequence[str], limit: int) -> list[FacetValue]:
        """Count the values that occur."""
        ...

    def search(self, asked: Asked, pattern: str, limit: int) -> Sequence[Hit]:
        """Find a regular expression in payloads."""
        ...

    def trace(self, trace_id: str) -> list[Span]:
        """Read a trace's spans in start order."""
        ...

    def facts(self, trace_id: str) -> list[SpanFacts]:
        """Give the facts of a trace's spans in start order."""
        ...

    def span(self, trace_id: str, span_id: str) -> Span:
        """Read one span."""
        ...

    def raw(self, trace_id: str, span_id: str | None = None) -> list[bytes]:
        """Give the stored lines of a trace or of one span."""
        ...

    def nothing_fits(self, asked: Asked, what: str) -> str:
        """Say that nothing was found."""
        ...

    def __enter__(self) -> Reader: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None: ...


class FileReader:
    """Reads files."""

    def __init__(self, store: FileStore) -> None:
        self._store = store

    def traces(self, asked: Asked, listed: Listed) -> Rows:
        """Give a page of traces."""
        store, selection = self._store, asked.of(self._store)
        page = queries.list_traces(store, selection, **listed.arguments())
        total = _total(listed, page, lambda: queries.count_traces(store, selection, cap=0))
        return Rows(page, total, queries.first_errors(store, page.items))

    def spans(self, asked: Asked, listed: Listed, trace_id: str | None) -> Rows:
        """Give a page of spans, of one trace if told."""
        store, selection = self._store, asked.of(self._store)
        own = store.complete(trace_id) if trace_id else None
        page = queries.list_spans(store, selection, trace_id=own, **listed.arguments())
        return Rows(
            page,
            _total(
                listed, page, lambda: queries.count_spans(store, selection, trace_id=own, cap=0)
            ),
        )

    def sessions(self, asked: Asked, listed: Listed) -> Rows:
        """Give a page of sessions."""
        store, selection = self._store, asked.of(self._store)
        page = queries.list_sessions(store, selection, **listed.arguments())
        return Rows(
            page, _total(listed, page, lambda: queries.count_sessions(store, selection, cap=0))
        )

    def session_traces(self, session_id: str) -> Sequence[Row]:
        """Give the traces of a session in order."""
        return queries.session_traces(self._store, session_id)

    def agents(self, asked: Asked) -> list[AgentRow]:
        """Give one row an agent."""
        return queries.agents(self._store, asked.of(self._store))

    def agent(self, name: str) -> tuple[AgentRow, Steps]:
        """Give one agent, by name or id, and what it calls."""
        known = queries.agent_named(self._store, name)
        return queries.agent_row(self._store, known), queries.agent_steps(self._store, known)

    def facets(self, asked: Asked, fields: Sequence[str], limit: int) -> list[FacetValue]:
        """Count the values that occur."""
        return queries.facets(self._store, asked.of(self._store), fields, limit=limit)

    def search(self, asked: Asked, pattern: str, limit: int) -> Sequence[Hit]:
        """Find a regular expression in payloads."""
        with asked.narrowed(self._store) as narrowed:
            return narrowed.search(pattern, limit=limit)

    def trace(self, trace_id: str) -> list[Span]:
        """Read a trace's spans in start order."""
        return self._store.trace(trace_id)

    def facts(self, trace_id: str) -> list[SpanFacts]:
        """Give the facts of a trace's spans in start order."""
        return self._store.facts(trace_id)

    def span(self, trace_id: str, span_id: str) -> Span:
        """Read one span."""
        return self._store.span(trace_id, span_id)

    def raw(self, trace_id: str, span_id: str | None = None) -> list[bytes]:
        """Give the stored lines of a trace or of one span, byte for byte."""
        return self._store.raw(trace_id, span_id)

    def nothing_fits(self, asked: Asked, what: str) -> str:
        """Say that nothing was found, and from when the data is if a time was asked for."""
        by_time = asked.window.words and (asked.window.back_ns is None or asked.filter is None)
        said = f"no {what} fit {asked.words}" if asked.words else f"no {what}"
        if not by_time:
            return said
        sql = "SELECT min(start_ns) AS first, max(start_ns) AS last FROM traces"
        ends = self._store.query(sql)[0]
        return f"{said}; these are from {moment(ends['first'])} to {moment(ends['last'])}"

    def __enter__(self) -> FileReader:
        return self

    def __exit__(self, *_: object) -> None:
        self._store.close()


def _total(listed: Listed, page: Page, count: Callable[[], Counted]) -> Counted:
    """Count the rows in all, only when the page does not tell."""
    if listed.cursor is None and page.next_cursor is None:
        return Counted(len(page.items))
    return count()
