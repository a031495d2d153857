"""The flags every list has: order, length, and where to go on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from catalyst_sdk.store.queries import make_order


class Listed(msgspec.Struct, frozen=True):
    """Which rows of a list are wanted."""

    sort: str
    order: str
    limit: int
    """0: all."""
    cursor: str | None = None

    def check(self, known: Mapping[str, str]) -> None:
        """Raise ConfigError for what cannot be meant, before any file is opened."""
        make_order(known, self.sort, limit=self.limit, cursor=self.cursor)

    def arguments(self) -> dict[str, Any]:
        """Give the same as arguments of a query."""
        return {
            "sort": self.sort,
            "descending": self.order == "desc",
            "limit": self.limit,
            "cursor": self.cursor,
        }
