"""The span as read from anywhere: one frozen value, whatever wrote it."""

from __future__ import annotations

from typing import Any

import msgspec

AttributeMap = dict[str, Any]
"""Attribute name to str, bool, int, float or a flat list of one of these."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened at one moment of a span."""

    name: str
    time_ns: int
    attributes: AttributeMap = {}


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A pointer to a span elsewhere."""

    trace_id: str
    span_id: str
    attributes: AttributeMap = {}


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """One finished (or never finished) step of a trace.

    Ids are lower-case hex as written: 32 digits for traces, 16 for spans, but 24-digit span ids
    (halo-engine's samples) are kept as they are. Times are nanoseconds since the Unix epoch, UTC;
    `end_ns` is 0 for a span that never ended.
    """

    trace_id: str
    span_id: str
    parent_span_id: str = ""
    trace_state: str = ""
    name: str = ""
    kind: str = "SPAN_KIND_INTERNAL"
    start_ns: int = 0
    end_ns: int = 0
    status_code: str = "UNSET"
    """`UNSET`, `OK` or `ERROR`."""
    status_message: str = ""
    resource: AttributeMap = {}
    scope_name: str = ""
    scope_version: str = ""
    attributes: AttributeMap = {}
    events: tuple[Event, ...] = ()
    links: tuple[Link, ...] = ()

    @property
    def duration_ns(self) -> int:
        """Length in nanoseconds, 0 for a span that never ended or whose clock ran backwards."""
        return max(0, self.end_ns - self.start_ns) if self.end_ns else 0
