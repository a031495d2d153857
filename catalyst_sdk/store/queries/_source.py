"""What a query needs of a store: files, a live project and a snapshot of one all have it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal, Protocol, runtime_checkable

from catalyst_sdk.spans import Span, SpanFacts
from catalyst_sdk.store.files import Hit
from catalyst_sdk.store.filter import Filter

Row = Mapping[str, Any]
"""One row of `traces` or `spans`, by column; times are nanoseconds since the epoch."""


class TraceSource(Protocol):
    """The reading surface of a store: SQL over `spans` and `traces`, and spans by id."""

    def query(self, sql: str, params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Answer a SELECT over `spans` and `traces`; `{name:Type}` binds."""
        ...

    def where(
        self,
        filter: Filter,  # noqa: A002 - its name
        level: Literal["span", "trace"] = "span",
    ) -> tuple[str, dict[str, Any]]:
        """Give a filter as a condition on `spans` or `traces`, and its parameters."""
        ...

    def trace(self, trace_id: str) -> list[Span]:
        """Read a trace's spans in start order; a unique prefix of the id will do."""
        ...

    def span(self, trace_id: str, span_id: str) -> Span:
        """Read one span; unique prefixes of the ids will do."""
        ...

    def facts(self, trace_id: str) -> list[SpanFacts]:
        """Give the facts of a trace's spans in start order."""
        ...

    def complete(self, prefix: str) -> str:
        """Complete a trace id; NotFound, or AmbiguousId with candidates."""
        ...

    def with_events(self, trace_id: str) -> Collection[str]:
        """Name the spans of a trace that have events."""
        ...

    def raw(self, trace_id: str, span_id: str | None = None) -> list[bytes]:
        """Give the stored lines of a trace or of one span."""
        ...

    def search(
        self, pattern: str, *, limit: int = 100, within: Collection[str] | None = None
    ) -> Sequence[Hit]:
        """Find the fields of spans that an RE2 pattern fits."""
        ...


@runtime_checkable
class Windowed(Protocol):
    """A store in order of time, which reads a stretch of it without reading the rest."""

    def ends(self) -> tuple[int, int] | None:
        """Give the starts of the earliest and of the newest span, None without any."""
        ...

    def nth_newest(self, spans: int, before_ns: int | None, wanted: Filter | None) -> int | None:
        """Give the start of the n-th newest span that starts before a moment, None when fewer.

        Counted are spans of which each trace that meets the filter has one, roots without one.
        """
        ...

    def stretch(
        self,
        start_ns: int | None,
        end_ns: int | None,
        *,
        begun: bool = False,
        wanted: Filter | None = None,
    ) -> TraceSource:
        """Give the traces, whole, with a span that starts in [start, end).

        *begun*: those alone that have none before it. *wanted*: those that cannot meet it may be
        left out.
        """
        ...

    def only(self, trace_ids: Sequence[str]) -> TraceSource:
        """Give these traces alone, by their whole ids."""
        ...


def only(source: TraceSource, trace_id: str) -> TraceSource:
    """Limit a store to one trace where that saves reading the others."""
    return source.only([trace_id]) if isinstance(source, Windowed) else source
