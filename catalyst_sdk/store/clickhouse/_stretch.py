"""A project in order of time, read a stretch at a time from where in the table it lies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalyst_sdk.store.clickhouse._project import ProjectStore
from catalyst_sdk.store.clickhouse._schema import DATABASE

if TYPE_CHECKING:
    from catalyst_sdk.store.clickhouse._live import LiveStore

_NS = "fromUnixTimestamp64Nano"


class OrderedProject(ProjectStore):
    """A whole project, of which a stretch of time can be read without the rest."""

    def nth_newest(self, spans: int, before_ns: int | None) -> int | None:
        """Give the start of the n-th newest span that starts before a moment, None when fewer."""
        before = "" if before_ns is None else " AND start_time < fromUnixTimestamp64Nano({b:Int64})"
        rows = self._live.query(
            f"SELECT start_ns FROM {DATABASE}.spans WHERE {self._where()}{before} "
            "ORDER BY start_time DESC LIMIT 1 OFFSET {n:UInt64}",
            {**self._params(), "b": before_ns or 0, "n": spans - 1},
        )
        return int(rows[0]["start_ns"]) if rows else None

    def stretch(
        self, start_ns: int | None, end_ns: int | None, *, begun: bool = False
    ) -> ProjectStore:
        """Give the traces, whole, with a span that starts in [start, end).

        *begun*: those alone that have none before it.
        """
        return Stretch(self._live, self._project, start_ns, end_ns, begun=begun)


class Stretch(ProjectStore):
    """The traces, whole, of a project that have a span which starts in [start, end).

    *begun*: those alone that have none before it. `trace_bounds` tells from when to when the
    spans of a trace lie, so that only that part of `spans` is read.
    """

    def __init__(
        self,
        live: LiveStore,
        project: str,
        start_ns: int | None,
        end_ns: int | None,
        *,
        begun: bool = False,
    ) -> None:
        super().__init__(live, project, start_ns=start_ns, end_ns=end_ns)
        ids = f"SELECT trace_id FROM {DATABASE}.spans WHERE {super()._where()}"
        self._ids = (
            f"SELECT trace_id FROM {DATABASE}.trace_bounds WHERE project_id = {{_project:String}} "
            f"AND trace_id IN ({ids}) GROUP BY trace_id"
        )
        if begun:
            self._ids += f" HAVING min(first) >= {_NS}({{_from:Int64}})"
        self._span = self._ends()

    def _ends(self) -> tuple[int, int]:
        columns = "min(first) AS f, max(last) AS l"
        ids = self._ids.replace("SELECT trace_id", f"SELECT trace_id, {columns}", 1)
        found = self._live.query(
            f"SELECT toUnixTimestamp64Nano(min(f)) AS first, toUnixTimestamp64Nano(max(l)) AS last "
            f"FROM ({ids})",
            super()._params(),
        )[0]
        return int(found["first"]), int(found["last"])

    def _where(self) -> str:
        return (
            f"project_id = {{_project:String}} AND start_time >= {_NS}({{_first:Int64}}) "
            f"AND start_time <= {_NS}({{_last:Int64}}) AND trace_id IN ({self._ids})"
        )

    def _params(self) -> dict[str, Any]:
        first, last = self._span
        return {**super()._params(), "_first": first, "_last": last}
