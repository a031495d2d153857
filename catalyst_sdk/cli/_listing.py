"""Pages of rows out of the store: order, keyset cursors."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from catalyst_sdk.cli._suggest import unknown
from catalyst_sdk.errors import ConfigError

if TYPE_CHECKING:
    from catalyst_sdk.store import FileStore

# Names the listings accept, the field's name in JSON first, then what people also call it.
SORTS = {
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
SPAN_SORTS = {name: column for name, column in SORTS.items() if not column.endswith("_count")}
_TYPES = {"cost_usd": "Float64"}


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows of an ordered listing are wanted."""

    column: str
    descending: bool = True
    limit: int = 0
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

    def split(
        self, rows: Sequence[Mapping[str, Any]], key: str
    ) -> tuple[list[Mapping[str, Any]], str | None]:
        """Take the page out of the rows read, and the cursor of the next one if there is one."""
        if not self.limit or len(rows) <= self.limit:
            return list(rows), None
        kept = list(rows[: self.limit])
        last = kept[-1]
        place = [self.column, self.descending, last[self.column], last[key]]
        return kept, base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def make_page(
    sort: str, order: str, limit: int, cursor: str | None, known: Mapping[str, str]
) -> Page:
    """Check the flags of a listing. A cursor carries its own order."""
    if sort not in known:
        raise unknown("order", sort, dict.fromkeys(known))
    if limit < 0:
        raise ConfigError("--limit is a number of rows, 0 for all.")
    if cursor is None:
        return Page(column=known[sort], descending=order == "desc", limit=limit)
    column, descending, value, key = _decoded(cursor, known)
    return Page(column=column, descending=descending, limit=limit, after=(value, key))


def _decoded(cursor: str, known: Mapping[str, str]) -> tuple[str, bool, int | float, str]:
    wrong = ConfigError(
        "The --cursor is none of ours.", hint="Use next_cursor of the page before, as it is."
    )
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        place = msgspec.json.decode(text, type=tuple[str, bool, int | float, str])
    except (ValueError, msgspec.MsgspecError):
        raise wrong from None
    if place[0] not in known.values():
        raise wrong
    return place


def read(
    store: FileStore,
    table: str,
    key: str,
    page: Page,
    condition: str,
    params: Mapping[str, Any],
) -> tuple[list[Mapping[str, Any]], str | None, int]:
    """Read a page of what meets a condition: rows, the cursor of the next page, rows in all."""
    paged, tail, bound = page.sql(key)
    rows = store.query(
        f"SELECT * FROM {table} WHERE {condition} AND {paged} {tail}",
        {**params, **bound},
    )
    kept, after = page.split(rows, key)
    if after is None and page.after is None:
        return kept, None, len(kept)
    counted = f"SELECT toInt64(count()) AS found FROM {table} WHERE {condition}"
    return kept, after, store.query(counted, params)[0]["found"]
