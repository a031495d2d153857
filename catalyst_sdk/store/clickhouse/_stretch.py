"""A project in order of time, read a stretch at a time from where in the table it lies."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from catalyst_sdk.store.clickhouse._hints import first_look, hint
from catalyst_sdk.store.clickhouse._project import ProjectStore
from catalyst_sdk.store.clickhouse._schema import DATABASE
from catalyst_sdk.store.filter import Filter

if TYPE_CHECKING:
    from catalyst_sdk.store.clickhouse._live import LiveStore

_NS = "fromUnixTimestamp64Nano"
_DAY_NS = 86_400 * 10**9
_LOOK_BACK_NS = (_DAY_NS, 30 * _DAY_NS, None)
_IDS_BY_NAME = 10_000
"""More traces than these are named by a sub-select."""
_IDS_A_PARAMETER = 2_000
"""ClickHouse takes 128 KiB a form field."""


class OrderedProject(ProjectStore):
    """A whole project, of which a stretch of time can be read without the rest."""

    def ends(self) -> tuple[int, int] | None:
        """Give the starts of the earliest and of the newest span, None without any."""
        rows = self._live.query(
            "SELECT toUnixTimestamp64Nano(min(first)) AS first, "
            f"toUnixTimestamp64Nano(max(last)) AS last, count() AS found "
            f"FROM {DATABASE}.trace_bounds WHERE {self._where()}",
            self._params(),
        )
        return (int(rows[0]["first"]), int(rows[0]["last"])) if rows[0]["found"] else None

    def nth_newest(self, spans: int, before_ns: int | None, wanted: Filter | None) -> int | None:
        """Give the start of the n-th newest span that starts before a moment, None when fewer.

        Counted are spans of which each trace that meets the filter has one, roots without one.
        """
        params: dict[str, Any] = {"n": spans - 1} | self._params()
        where = f"{self._where()} AND {first_look(wanted, params)}"
        if before_ns is not None:
            where += f" AND start_time < {_NS}({{before:Int64}})"
            params["before"] = before_ns
        latest = before_ns or time.time_ns() + _DAY_NS
        for back in _LOOK_BACK_NS:  # parts older than that need not be opened
            after = "" if back is None else f" AND start_time >= {_NS}({latest - back})"
            rows = self._live.query(
                f"SELECT start_ns FROM {DATABASE}.spans WHERE {where}{after} "
                "ORDER BY start_time DESC LIMIT 1 OFFSET {n:UInt64}",
                params,
            )
            if rows:
                return int(rows[0]["start_ns"])
        return None

    def stretch(
        self,
        start_ns: int | None,
        end_ns: int | None,
        *,
        begun: bool = False,
        wanted: Filter | None = None,
    ) -> ProjectStore:
        """Give the traces, whole, with a span that starts in [start, end).

        *begun*: those alone that have none before it. *wanted*: those that cannot meet it may be
        left out.
        """
        window = ProjectStore(self._live, self._project, start_ns=start_ns, end_ns=end_ns)
        bound = window._params()
        ids = _sub_select(window._where(), bound, wanted, begun=begun)
        return Stretch(self._live, self._project, ids, bound)

    def complete(self, prefix: str) -> str:
        """Complete a trace id; NotFound, or AmbiguousId with candidates."""
        wanted = prefix.lower()
        rows = self._live.query(
            f"SELECT DISTINCT trace_id FROM {DATABASE}.trace_bounds WHERE {self._where()} "
            "AND startsWith(trace_id, {id:String}) ORDER BY trace_id LIMIT 20",
            {"id": wanted} | self._params(),
        )
        ids = [str(row["trace_id"]) for row in rows]
        return wanted if wanted in ids else super().complete(prefix) if len(ids) != 1 else ids[0]

    def raw(self, trace_id: str, span_id: str | None = None) -> list[bytes]:
        """Give the stored lines of a trace, in start order, or of one span."""
        whole = self.complete(trace_id)
        return self.only([whole]).raw(whole, span_id)

    def with_events(self, trace_id: str) -> set[str]:
        """Name the spans of a trace that have events."""
        return self.only([trace_id]).with_events(trace_id)

    def only(self, trace_ids: Sequence[str]) -> ProjectStore:
        """Give these traces alone, by their whole ids."""
        bound: dict[str, Any] = {**self._params(), "_asked": list(trace_ids)}
        ids = (
            f"SELECT trace_id FROM {DATABASE}.trace_bounds WHERE project_id = {{_project:String}} "
            "AND trace_id IN {_asked:Array(String)} GROUP BY trace_id"
        )
        return Stretch(self._live, self._project, ids, bound)


def _sub_select(where: str, bound: dict[str, Any], wanted: Filter | None, *, begun: bool) -> str:
    """Name the traces with a span *where*; values that the filter needs are added to *bound*."""
    ids = f"SELECT trace_id FROM {DATABASE}.spans WHERE {where}"
    hinted = hint(wanted, bound)
    if hinted:
        # The span that meets the filter may start after the stretch, in a trace of it.
        after = f" AND start_time >= {_NS}({{_from:Int64}})" if begun else ""
        ids += (
            f" AND trace_id IN (SELECT trace_id FROM {DATABASE}.spans "
            f"WHERE project_id = {{_project:String}}{after} AND {hinted})"
        )
    having = f" HAVING min(first) >= {_NS}({{_from:Int64}})" if begun else ""
    return (
        f"SELECT trace_id FROM {DATABASE}.trace_bounds WHERE project_id = {{_project:String}} "
        f"AND trace_id IN ({ids}) GROUP BY trace_id{having}"
    )


class Stretch(ProjectStore):
    """Some traces of a project, named by a SELECT of their ids with its parameters.

    `trace_bounds` tells from when to when the spans of a trace lie, so that only that part of
    `spans` is read.
    """

    def __init__(self, live: LiveStore, project: str, ids: str, bound: dict[str, Any]) -> None:
        super().__init__(live, project)
        self._ids = ids
        self._bound = bound
        self._settle()

    def _settle(self) -> None:
        """Learn where the traces lie, and which they are when they are few."""
        columns = "SELECT trace_id, min(first) AS f, max(last) AS l"
        ids = self._ids.replace("SELECT trace_id", columns, 1)
        found = self._live.query(
            "SELECT toUnixTimestamp64Nano(min(f)) AS first, toUnixTimestamp64Nano(max(l)) AS last, "
            f"groupArray({_IDS_BY_NAME + 1})(trace_id) AS ids FROM ({ids})",
            self._bound,
        )[0]
        self._bound |= {"_first": int(found["first"]), "_last": int(found["last"])}
        if len(found["ids"]) <= _IDS_BY_NAME:
            self._ids = self._named(found["ids"])

    def _where(self) -> str:
        return (
            f"project_id = {{_project:String}} AND start_time >= {_NS}({{_first:Int64}}) "
            f"AND start_time <= {_NS}({{_last:Int64}}) AND trace_id IN ({self._ids})"
        )

    def _named(self, ids: Sequence[str]) -> str:
        """Bind the ids as parameters; give the expression that puts them together."""
        names: list[str] = []
        for at in range(0, max(len(ids), 1), _IDS_A_PARAMETER):
            names.append(f"{{_ids{at}:Array(String)}}")
            self._bound[f"_ids{at}"] = ids[at : at + _IDS_A_PARAMETER]
        return names[0] if len(names) == 1 else f"arrayConcat({', '.join(names)})"

    def _params(self) -> dict[str, Any]:
        return self._bound
