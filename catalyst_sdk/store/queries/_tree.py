"""One trace as columns: what draws a tree or a timeline of ten thousand spans, never bodies."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec

from catalyst_sdk.errors import NotFound
from catalyst_sdk.semconv import SPAN_KINDS
from catalyst_sdk.store.queries._source import Row, TraceSource, only

STATUSES = ("UNSET", "OK", "ERROR")
_KIND_CODES = {kind: code for code, kind in enumerate(SPAN_KINDS)}
_UNKNOWN = _KIND_CODES["UNKNOWN"]
_SQL = """
SELECT span_id, parent_span_id, name, kind, status, model, tool_name, agent_name, start_ns, end_ns,
  duration_ns, prompt_tokens, completion_tokens, cache_read_tokens, has_usage, cost_usd, has_cost,
  error_message
FROM spans WHERE trace_id = {id:String} ORDER BY start_ns, parent_span_id != '', span_id
"""


class TraceTree(msgspec.Struct, frozen=True, kw_only=True):
    """A trace's spans in start order; the lists run in parallel, one entry a span."""

    trace_id: str
    start_ns: int
    """Of the earliest span; offsets count from it."""
    end_ns: int
    kinds: list[str]
    """What the codes in `kind` mean."""
    names: list[str]
    """What the numbers in `name` mean; the same for `models`."""
    models: list[str]
    span_id: list[str]
    parent: list[int]
    """Index of the parent, -1 for a root, -2 when the parent was not received."""
    kind: list[int]
    name: list[int]
    start: list[int]
    """Nanoseconds after `start_ns`."""
    duration: list[int]
    """Nanoseconds, -1 for a span that has not ended."""
    status: list[int]
    """0 unset, 1 OK, 2 error."""
    tokens_in: list[int]
    """-1 where usage was not recorded; the same for `tokens_out` and `tokens_cached`."""
    tokens_out: list[int]
    tokens_cached: list[int]
    cost: list[float]
    """USD, -1 where it is not known."""
    model: list[int]
    """Index in `models`, -1 without one."""
    has_events: list[bool]
    errors: dict[str, str]
    """Messages of the spans that failed, by index as text."""


class _Words:
    """Numbers for texts, in order of appearance."""

    def __init__(self) -> None:
        self.texts: dict[str, int] = {}

    def number(self, text: str) -> int:
        return self.texts.setdefault(text, len(self.texts))


def trace_tree(source: TraceSource, trace_id: str) -> TraceTree:
    """Give a trace as columns; a unique prefix of its id will do."""
    whole = source.complete(trace_id)
    source = only(source, whole)
    rows = source.query(_SQL, {"id": whole})
    if not rows:
        raise NotFound(f"There is no trace '{trace_id}'.")
    return _columns(whole, rows, source.with_events(whole))


def _columns(trace_id: str, rows: list[dict[str, Any]], eventful: Collection[str]) -> TraceTree:
    names, models = _Words(), _Words()
    first = int(rows[0]["start_ns"])
    index = {row["span_id"]: number for number, row in enumerate(rows)}
    used = [row["has_usage"] for row in rows]
    return TraceTree(
        trace_id=trace_id,
        start_ns=first,
        end_ns=max(max(int(row["end_ns"]), int(row["start_ns"])) for row in rows),
        kinds=list(SPAN_KINDS),
        span_id=[row["span_id"] for row in rows],
        parent=[_parent(row, index) for row in rows],
        kind=[_KIND_CODES.get(row["kind"], _UNKNOWN) for row in rows],
        name=[names.number(row["name"]) for row in rows],
        start=[int(row["start_ns"]) - first for row in rows],
        duration=[int(row["duration_ns"]) if row["end_ns"] else -1 for row in rows],
        status=[STATUSES.index(row["status"]) for row in rows],
        tokens_in=_known(rows, "prompt_tokens", used),
        tokens_out=_known(rows, "completion_tokens", used),
        tokens_cached=_known(rows, "cache_read_tokens", used),
        cost=_known(rows, "cost_usd", [row["has_cost"] for row in rows]),
        model=[models.number(row["model"]) if row["model"] else -1 for row in rows],
        has_events=[row["span_id"] in eventful for row in rows],
        errors={
            str(number): row["error_message"]
            for number, row in enumerate(rows)
            if row["status"] == "ERROR"
        },
        names=list(names.texts),
        models=list(models.texts),
    )


def _parent(row: Row, index: Mapping[str, int]) -> int:
    if not row["parent_span_id"]:
        return -1
    found = index.get(row["parent_span_id"], -2)
    return -2 if found == index[row["span_id"]] else found


def _known(rows: Sequence[Row], column: str, known: Sequence[bool]) -> list[Any]:
    return [row[column] if there else -1 for row, there in zip(rows, known, strict=True)]
