"""Which traces a query is about: a filter and a stretch of time."""

from __future__ import annotations

from typing import Any

import msgspec

from catalyst_sdk.store.filter import Filter
from catalyst_sdk.store.queries._source import TraceSource, Windowed


class Selection(msgspec.Struct, frozen=True):
    """A filter and a stretch of time [start, end) in nanoseconds; None is open.

    A trace belongs to the stretch when one of its spans starts in it.
    """

    filter: Filter | None = None
    start_ns: int | None = None
    end_ns: int | None = None

    def __bool__(self) -> bool:
        """Tell whether anything is left out."""
        return bool(self.filter) or self.start_ns is not None or self.end_ns is not None

    def settled(self, source: TraceSource) -> tuple[TraceSource, Selection]:
        """Leave the stretch of time to a store that is in order of time; give what is left."""
        if not isinstance(source, Windowed) or (self.start_ns is None and self.end_ns is None):
            return source, self
        stretch = source.stretch(self.start_ns, self.end_ns, wanted=self.filter)
        return stretch, Selection(self.filter)

    def of_traces(self, source: TraceSource) -> tuple[str, dict[str, Any]]:
        """Give the condition on `traces` that keeps what was asked for, and its parameters."""
        condition, params = source.where(self.filter, "trace") if self.filter else ("1", {})
        if bounds := self.bounds():
            condition += f" AND trace_id IN (SELECT trace_id FROM spans WHERE {bounds})"
        return f"({condition})", params | self.params()

    def of_spans(self, source: TraceSource) -> tuple[str, dict[str, Any]]:
        """Give the condition on `spans`, each by itself, and its parameters."""
        condition, params = source.where(self.filter, "span") if self.filter else ("1", {})
        bounds = self.bounds()
        return f"({condition})" + (f" AND {bounds}" if bounds else ""), params | self.params()

    def bounds(self) -> str:
        """Give what a span's start must hold to, "" when nothing."""
        after = ["start_ns >= {window_start:Int64}"] if self.start_ns is not None else []
        before = ["start_ns < {window_end:Int64}"] if self.end_ns is not None else []
        return " AND ".join(after + before)

    def params(self) -> dict[str, Any]:
        """Give the parameters of `bounds`."""
        given = {"window_start": self.start_ns, "window_end": self.end_ns}
        return {name: value for name, value in given.items() if value is not None}


EVERYTHING = Selection()
