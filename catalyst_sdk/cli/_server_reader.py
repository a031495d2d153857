"""Reading from a server: its answers as the rows that the views draw."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from catalyst_sdk.cli._filters import Asked
from catalyst_sdk.cli._listing import Listed
from catalyst_sdk.cli._reader import Rows
from catalyst_sdk.client import AgentItem, Client, SpanItem, TraceItem
from catalyst_sdk.client import Counted as AnyCounted
from catalyst_sdk.client import Listed as AnyListed
from catalyst_sdk.spans import Span, SpanFacts, decode_span, facts
from catalyst_sdk.spans._time import parse_time
from catalyst_sdk.store import Hit
from catalyst_sdk.store.queries import (
    AgentRow,
    Counted,
    ErrorGroup,
    FacetValue,
    Page,
    Row,
    Step,
    Steps,
)

_PAGE = 1_000
_TIMES = ("start_time", "end_time", "first_seen", "last_seen")
_LENGTHS = ("duration_ms", "p50_ms", "p95_ms")
_RENAMED = {"first_seen": "first_ns", "last_seen": "last_ns"}


class ServerReader:
    """Reads one project of a server."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def traces(self, asked: Asked, listed: Listed) -> Rows:
        """Give a page of traces."""
        client, terms = self._client, _terms(asked)
        items, page = _pages(client.traces, terms, listed)
        failing = {item.trace_id: item.failed_step for item in items if item.failed_step}
        return Rows(page, _total(listed, page, client.count_traces, terms), failing)

    def spans(self, asked: Asked, listed: Listed, trace_id: str | None) -> Rows:
        """Give a page of spans, of one trace if told."""
        client, terms = self._client, {**_terms(asked), "trace_id": trace_id}
        _, page = _pages(client.spans, terms, listed)
        return Rows(page, _total(listed, page, client.count_spans, terms))

    def sessions(self, asked: Asked, listed: Listed) -> Rows:
        """Give a page of sessions."""
        client, terms = self._client, _terms(asked)
        _, page = _pages(client.sessions, terms, listed)
        return Rows(page, _total(listed, page, client.count_sessions, terms))

    def session_traces(self, session_id: str) -> Sequence[Row]:
        """Give the traces of a session in order."""
        turns = self._client.session(session_id, messages=False).turns
        return [_row(turn.trace) for turn in turns]

    def agents(self, asked: Asked) -> list[AgentRow]:
        """Give one row an agent."""
        return [_agent(item) for item in self._client.agents(**_terms(asked))]

    def agent(self, name: str) -> tuple[AgentRow, Steps]:
        """Give one agent, by name or id, and what it calls."""
        found = self._client.agent(name)
        steps = found.steps
        return _agent(found.agent), Steps(
            model_calls=[Step(**_row(step)) for step in steps.model_calls],
            tools=[Step(**_row(step)) for step in steps.tools],
            errors=[ErrorGroup(**_row(error)) for error in steps.errors],
        )

    def facets(self, asked: Asked, fields: Sequence[str], limit: int) -> list[FacetValue]:
        """Count the values that occur."""
        found = self._client.facets(facet=",".join(fields), limit=limit, **_terms(asked))
        return [FacetValue(**_row(one)) for one in found]

    def search(self, asked: Asked, pattern: str, limit: int) -> Sequence[Hit]:
        """Find a regular expression in payloads, newest first."""
        found = self._client.search(pattern, limit=min(limit, _PAGE), **_terms(asked))
        return [Hit(**_row(one)) for one in found]

    def trace(self, trace_id: str) -> list[Span]:
        """Read a trace's spans in start order."""
        return self._client.read_trace(trace_id)

    def facts(self, trace_id: str) -> list[SpanFacts]:
        """Give the facts of a trace's spans in start order."""
        return [facts(span) for span in self.trace(trace_id)]

    def span(self, trace_id: str, span_id: str) -> Span:
        """Read one span."""
        return decode_span(self.raw(trace_id, span_id)[0])

    def raw(self, trace_id: str, span_id: str | None = None) -> list[bytes]:
        """Give the stored lines of a trace or of one span."""
        return self._client.raw(trace_id, span_id)

    def nothing_fits(self, asked: Asked, what: str) -> str:
        """Say that nothing was found."""
        return f"no {what} fit {asked.words}" if asked.words else f"no {what}"

    def __enter__(self) -> ServerReader:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()


def _terms(asked: Asked) -> dict[str, Any]:
    given = asked.given
    return {"q": asked.query, "range": given[0], "from": given[1], "to": given[2]}


def _pages(
    read: Callable[..., AnyListed[Any]], terms: dict[str, Any], listed: Listed
) -> tuple[list[Any], Page]:
    """Read a page; one without a limit is all pages, one after another."""
    items: list[Any] = []
    cursor = listed.cursor
    while True:
        left = listed.limit - len(items) if listed.limit else _PAGE
        found = read(
            sort=listed.sort,
            order=listed.order,
            limit=min(left, _PAGE),
            cursor=cursor,
            **terms,
        )
        items += found.items
        cursor = found.next_cursor
        if cursor is None or (listed.limit and len(items) >= listed.limit):
            return items, Page([_row(item) for item in items], cursor)


def _total(
    listed: Listed, page: Page, count: Callable[..., AnyCounted], terms: dict[str, Any]
) -> Counted:
    if listed.cursor is None and page.next_cursor is None:
        return Counted(len(page.items))
    found = count(**terms)
    return Counted(found.count, found.capped)


def _agent(item: AgentItem) -> AgentRow:
    return AgentRow(**_row(item))


def _row(item: msgspec.Struct) -> dict[str, Any]:
    """Turn an object of the API back into a row: times and lengths of time in nanoseconds."""
    row: dict[str, Any] = {}
    for name in item.__struct_fields__:
        value = getattr(item, name)
        if name in _TIMES:
            row[_RENAMED.get(name) or name[: -len("time")] + "ns"] = parse_time(value)
        elif name in _LENGTHS:
            row[name[: -len("ms")] + "ns"] = round(value * 1_000_000)
        elif name in ("input", "output") and isinstance(item, TraceItem | SpanItem):
            row[f"{name}_preview"] = value
        else:
            row[name] = value
    return row
