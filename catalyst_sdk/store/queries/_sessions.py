"""Sessions: lists of them, and one as the turns of a talk."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

import msgspec

from catalyst_sdk.errors import NotFound
from catalyst_sdk.store.filter import Filter, Pattern, Term
from catalyst_sdk.store.queries._paging import (
    MOST_COUNTED,
    SESSION_SORTS,
    Counted,
    Page,
    count_rows,
    make_order,
    read_page,
)
from catalyst_sdk.store.queries._selection import EVERYTHING, Selection
from catalyst_sdk.store.queries._source import TraceSource, Windowed
from catalyst_sdk.store.queries._transcript import Turn, conversation

_SESSIONS = """(
SELECT t.session_id AS session_id,
  if(countIf(t.status = 'ERROR') > 0, 'ERROR', 'OK') AS status,
  arraySort(groupUniqArrayIf(t.agent_name, t.agent_name != '')) AS agents,
  anyIf(t.user_id, t.user_id != '') AS user_id,
  toInt64(count()) AS traces, toInt64(countIf(t.status = 'ERROR')) AS failed_traces,
  min(t.start_ns) AS start_ns, max(t.end_ns) AS end_ns,
  max(t.end_ns) - min(t.start_ns) AS duration_ns,
  toInt64(sum(t.total_tokens)) AS total_tokens, sum(t.cost_usd) AS cost_usd,
  argMin(t.input_preview, t.start_ns) AS input,
  argMax(t.output_preview, t.start_ns) AS output
FROM (SELECT * FROM traces WHERE {condition}) AS t WHERE t.session_id != '' GROUP BY session_id
)"""
_TURNS = "SELECT * FROM traces WHERE session_id = {session:String} ORDER BY start_ns, trace_id"
_KNOWN = (
    "SELECT DISTINCT session_id FROM spans WHERE session_id != '' ORDER BY session_id LIMIT 20000"
)


class SessionTurn(msgspec.Struct, frozen=True):
    """One trace of a session: its row, and what was said in it that was not said before."""

    trace: dict[str, Any]
    messages: list[Turn]


def list_sessions(
    source: TraceSource,
    selection: Selection = EVERYTHING,
    *,
    sort: str = "end_time",
    descending: bool = True,
    limit: int = 100,
    cursor: str | None = None,
) -> Page:
    """Give a page of sessions: of each what its selected traces add up to."""
    order = make_order(SESSION_SORTS, sort, descending=descending, limit=limit, cursor=cursor)
    source, selection = selection.settled(source)
    table, params = _table(source, selection)
    return read_page(source, table, "session_id", order, "1", params)


def count_sessions(
    source: TraceSource, selection: Selection = EVERYTHING, *, cap: int = MOST_COUNTED
) -> Counted:
    """Count the sessions, at most *cap* (0: all)."""
    source, selection = selection.settled(source)
    table, params = _table(source, selection)
    return count_rows(source, table, "1", params, cap)


def session_traces(source: TraceSource, session_id: str) -> list[dict[str, Any]]:
    """Give the traces of a session in order; NotFound names the closest session."""
    wanted = Filter((Term("session", (Pattern((session_id,)),)),))
    own = source.stretch(None, None, wanted=wanted) if isinstance(source, Windowed) else source
    rows = own.query(_TURNS, {"session": session_id})
    if not rows:
        known = [row["session_id"] for row in source.query(_KNOWN)]
        near = get_close_matches(session_id, known, n=1, cutoff=0.6)
        hint = f"Did you mean {near[0]}?" if near else "catalyst session list shows them all."
        raise NotFound(f"There is no session '{session_id}'.", hint=hint)
    return rows


def session_turns(source: TraceSource, session_id: str) -> list[SessionTurn]:
    """Give a session as its turns: each trace with its messages and tool calls.

    What a later turn repeats of an earlier one is left out.
    """
    told: set[tuple[str, str]] = set()
    turns: list[SessionTurn] = []
    for row in session_traces(source, session_id):
        said = conversation(source, row["trace_id"])
        turns.append(SessionTurn(row, [turn for turn in said if _is_new(turn, told)]))
        told |= {(turn.role, turn.text) for turn in said if turn.text}
    return turns


def _is_new(turn: Turn, told: set[tuple[str, str]]) -> bool:
    """A model's own answer of this turn is new even when its words are not."""
    return turn.span is not None or bool(turn.calls) or (turn.role, turn.text) not in told


def _table(source: TraceSource, selection: Selection) -> tuple[str, dict[str, Any]]:
    condition, params = selection.of_traces(source)
    return _SESSIONS.replace("{condition}", condition), params
