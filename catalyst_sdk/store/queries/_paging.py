"""Pages of rows: an order, a keyset cursor, and what comes after."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import msgspec

from catalyst_sdk.errors import ConfigError
from catalyst_sdk.store.queries._source import Row, TraceSource

# Names the listings accept, the field's name in JSON first, then what people also call it.
TRACE_SORTS = {
    "start_time": "start_ns",
    "duration_ms": "duration_ns",
    "cost_usd": "cost_usd",
    "total_tokens": "total_tokens",
    "span_count": "span_count",
    "llm_count": "llm_count",
    "error_count": "error_count",
    "duration": "duration_ns",
    "total_cost": "cost_usd",
    "cost": "cost_usd",
    "tokens": "total_tokens",
    "spans": "span_count",
    "llm_span_count": "llm_count",
    "errors": "error_count",
}
SPAN_SORTS = {name: column for name, column in TRACE_SORTS.items() if not column.endswith("_count")}
SESSION_SORTS = {
    "end_time": "end_ns",
    "start_time": "start_ns",
    "duration": "duration_ns",
    "traces": "traces",
    "cost_usd": "cost_usd",
    "cost": "cost_usd",
    "total_tokens": "total_tokens",
    "tokens": "total_tokens",
}
MOST_COUNTED = 10_000
"""Where counting stops: a list says "10,000+" rather than make its reader wait."""
_TYPES = {"cost_usd": "Float64"}


class Page(msgspec.Struct, frozen=True):
    """Some rows of an ordered list, and the cursor of those after them, None at the end."""

    items: list[dict[str, Any]]
    next_cursor: str | None = None


class Counted(msgspec.Struct, frozen=True):
    """How many there are; *capped* when there are more than were counted."""

    count: int
    capped: bool = False


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows of an ordered list are wanted."""

    column: str = "start_ns"
    descending: bool = True
    limit: int = 100
    """0: all."""
    after: tuple[int | float, str] | None = None
    """The order value and key of the last row before this page."""

    def sql(self, key: str) -> tuple[str, str, dict[str, Any]]:
        """Give a condition, the ORDER BY and LIMIT, and the parameters; *key* makes rows unique."""
        direction = "DESC" if self.descending else "ASC"
        tail = f"ORDER BY {self.column} {direction}, {key} {direction}"
        if self.limit:
            tail += f" LIMIT {self.limit + 1}"
        if self.after is None:
            return "1", tail, {}
        kind = _TYPES.get(self.column, "Int64")
        sign = "<" if self.descending else ">"
        condition = f"({self.column}, {key}) {sign} ({{after_value:{kind}}}, {{after_key:String}})"
        return condition, tail, {"after_value": self.after[0], "after_key": self.after[1]}

    def page(self, rows: Sequence[Row], key: str) -> Page:
        """Take the page out of the rows read, one more than it holds when there are more."""
        kept = [dict(row) for row in (rows[: self.limit] if self.limit else rows)]
        if len(kept) == len(rows):
            return Page(kept)
        place = [self.column, self.descending, kept[-1][self.column], kept[-1][key]]
        return Page(kept, base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("="))


def make_order(
    known: Mapping[str, str],
    sort: str,
    *,
    descending: bool = True,
    limit: int = 100,
    cursor: str | None = None,
) -> Order:
    """Check what a list was asked for; a cursor carries its own order. Raises ConfigError."""
    if sort not in known:
        near = get_close_matches(sort, known, n=1)
        hint = f"Did you mean {near[0]}? " if near else ""
        raise ConfigError(f"There is no order '{sort}'.", hint=f"{hint}Known: {', '.join(known)}.")
    if limit < 0:
        raise ConfigError("A limit is a number of rows, 0 for all.")
    if cursor is None:
        return Order(column=known[sort], descending=descending, limit=limit)
    column, down, value, key = _decoded(cursor, known)
    return Order(column=column, descending=down, limit=limit, after=(value, key))


def _decoded(cursor: str, known: Mapping[str, str]) -> tuple[str, bool, int | float, str]:
    wrong = ConfigError(
        "The cursor is none of ours.", hint="Use next_cursor of the page before, as it is."
    )
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        place = msgspec.json.decode(text, type=tuple[str, bool, int | float, str])
    except (ValueError, msgspec.MsgspecError):
        raise wrong from None
    if place[0] not in known.values():
        raise wrong
    return place


def read_page(
    source: TraceSource,
    table: str,
    key: str,
    order: Order,
    condition: str = "1",
    params: Mapping[str, Any] | None = None,
) -> Page:
    """Read a page of what meets a condition; *table* is a name or a sub-select in brackets."""
    paged, tail, bound = order.sql(key)
    rows = source.query(
        f"SELECT * FROM {table} WHERE {condition} AND {paged} {tail}",
        {**(params or {}), **bound},
    )
    return order.page(rows, key)


def count_rows(
    source: TraceSource, table: str, condition: str, params: Mapping[str, Any], cap: int
) -> Counted:
    """Count what meets a condition, at most *cap* (0: all of it)."""
    inner = f"SELECT 1 FROM {table} WHERE {condition}" + (f" LIMIT {cap + 1}" if cap else "")
    found = int(
        source.query(f"SELECT toInt64(count()) AS found FROM ({inner})", params)[0]["found"]
    )
    return Counted(min(found, cap), found > cap) if cap else Counted(found)
