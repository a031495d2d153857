"""The queue between the host's threads and the export thread: bounded, lock-free, re-entrant."""

from __future__ import annotations

from collections import deque
from typing import Any, cast

from opentelemetry.sdk.trace import ReadableSpan

from catalyst_sdk import semconv

_SPAN_OVERHEAD_BYTES = 1_000
_Item = tuple[int, ReadableSpan]


class SpanQueue:
    """Keeps at most *max_spans* and about *max_bytes*; when full, details give way to identity.

    Identity is what makes a trace findable: its root and its AGENT spans. No lock is taken, so a
    signal handler may flush while the thread it interrupted was adding: deque operations are
    atomic, and the byte count may drift by a span under a race and is set right at each emptying.
    """

    def __init__(self, *, max_spans: int, max_bytes: int) -> None:
        self._max_spans = max_spans
        self._max_bytes = max_bytes
        self._details: deque[_Item] = deque()
        self._identity: deque[_Item] = deque()
        self.bytes = 0
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._details) + len(self._identity)

    def add(self, span: ReadableSpan) -> int:
        """Add *span*, or drop it, or drop the newest details for its sake; how many are queued."""
        attributes = cast("dict[str, Any]", cast("Any", span.attributes).copy())
        size = _SPAN_OVERHEAD_BYTES
        for value in attributes.values():
            if value.__class__ is str:
                size += len(value)
        is_detail = span.parent is not None and attributes.get(semconv.SPAN_KIND) != "AGENT"
        count = len(self._details) + len(self._identity)
        if (
            self.bytes + size > self._max_bytes or count >= self._max_spans
        ) and not self._make_room(size, is_detail=is_detail):
            self.dropped += 1
            return count
        (self._details if is_detail else self._identity).append((size, span))
        self.bytes += size
        return count + 1

    def take(self, *, max_spans: int, max_bytes: int) -> list[ReadableSpan]:
        """Remove and return the oldest spans, in the order they ended."""
        taken: list[ReadableSpan] = []
        size = 0
        while len(taken) < max_spans and (not taken or size < max_bytes):
            item = self._pop_oldest()
            if item is None:
                self.bytes = 0
                break
            size += item[0]
            self.bytes -= item[0]
            taken.append(item[1])
        return taken

    def _pop_oldest(self) -> _Item | None:
        details, identity = self._details, self._identity
        try:
            if identity and (not details or _ended(identity[0]) < _ended(details[0])):
                return identity.popleft()
            return details.popleft()
        except IndexError:
            return None

    def _make_room(self, size: int, *, is_detail: bool) -> bool:
        if not len(self):
            return True  # one span larger than the whole queue: it exists anyway
        if is_detail:
            return False
        while self.bytes + size > self._max_bytes or len(self) >= self._max_spans:
            try:
                given_up = self._details.pop()
            except IndexError:
                return False
            self.bytes -= given_up[0]
            self.dropped += 1
        return True


def _ended(item: _Item) -> int:
    return item[1].end_time or 0
