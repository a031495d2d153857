"""Agents: how often they ran, how well, how long and for how much."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

import msgspec

from catalyst_sdk.errors import NotFound
from catalyst_sdk.store.filter import Filter, of_agent
from catalyst_sdk.store.queries._selection import EVERYTHING, Selection
from catalyst_sdk.store.queries._source import TraceSource

_OF_TRACES = """
SELECT if(t.agent_name != '', t.agent_name, t.agent_id) AS agent, any(t.agent_id) AS agent_id,
  toInt64(count()) AS traces, toInt64(countIf(t.status = 'ERROR')) AS failed_traces,
  toInt64(uniqExactIf(t.session_id, t.session_id != '')) AS sessions,
  toInt64(sum(t.span_count)) AS spans,
  toInt64(quantileExact(0.5)(t.duration_ns)) AS p50_ns,
  toInt64(quantileExact(0.95)(t.duration_ns)) AS p95_ns,
  toInt64(sum(t.total_tokens)) AS total_tokens, sum(t.cost_usd) AS cost_usd,
  arraySort(arrayDistinct(arrayFlatten(groupArray(t.models)))) AS models,
  min(t.start_ns) AS first_ns, max(t.end_ns) AS last_ns
FROM (SELECT * FROM traces WHERE {condition}) AS t GROUP BY agent ORDER BY traces DESC, agent
"""
_KNOWN = """
SELECT DISTINCT if(agent_name != '', agent_name, agent_id) AS agent, agent_id
FROM spans WHERE agent != '' ORDER BY agent, agent_id LIMIT 10000
"""
# A trace counts for the agent its root names.
OF_AGENT = (
    "trace_id IN (SELECT trace_id FROM traces WHERE (agent_name = {agent:String} "
    "OR agent_id = {agent:String}) AND {condition})"
)
_STEPS = """
SELECT {what} AS name, toInt64(count()) AS calls, toInt64(countIf(status = 'ERROR')) AS failed,
  toInt64(quantileExact(0.5)(duration_ns)) AS p50_ns,
  toInt64(quantileExact(0.95)(duration_ns)) AS p95_ns
FROM spans WHERE kind = '{kind}' AND {of_agent} GROUP BY name ORDER BY calls DESC, name LIMIT 12
"""
_ERRORS = """
SELECT error_signature AS signature, toInt64(count()) AS spans,
  toInt64(uniqExact(trace_id)) AS traces, max((start_ns, trace_id)).2 AS example
FROM spans WHERE error_signature != '' AND {of_agent}
GROUP BY signature ORDER BY traces DESC, signature LIMIT 8
"""


class AgentRow(msgspec.Struct, frozen=True, kw_only=True):
    """One agent; *agent* is its name, or its id when it has no name, "" for traces without one."""

    agent: str
    agent_id: str = ""
    traces: int = 0
    failed_traces: int = 0
    sessions: int = 0
    spans: int = 0
    p50_ns: int = 0
    p95_ns: int = 0
    total_tokens: int = 0
    cost_usd: float = 0.0
    models: list[str] = []
    first_ns: int = 0
    last_ns: int = 0


class Step(msgspec.Struct, frozen=True):
    """A model or a tool that an agent calls."""

    name: str
    calls: int
    failed: int
    p50_ns: int
    p95_ns: int


class ErrorGroup(msgspec.Struct, frozen=True):
    """Errors of one signature; *example* is the id of the newest trace that has it."""

    signature: str
    spans: int
    traces: int
    example: str


class Steps(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent calls most, and what fails most."""

    model_calls: list[Step]
    tools: list[Step]
    errors: list[ErrorGroup]


def agents(source: TraceSource, selection: Selection = EVERYTHING) -> list[AgentRow]:
    """Give one row an agent, the busiest first."""
    source, selection = selection.settled(source)
    condition, params = selection.of_traces(source)
    rows = source.query(_OF_TRACES.replace("{condition}", condition), params)
    return [AgentRow(**row) for row in rows]


def agent_row(source: TraceSource, name: str, selection: Selection = EVERYTHING) -> AgentRow:
    """Give the row of one agent, all zero when it did nothing in the window."""
    wanted = (selection.filter or Filter()) & of_agent(name)
    found = agents(source, Selection(wanted, selection.start_ns, selection.end_ns))
    return next((row for row in found if name == row.agent), AgentRow(agent=name))


def agent_named(source: TraceSource, name: str) -> str:
    """Give an agent's name from its name or id; NotFound names the closest one there is."""
    rows = source.query(_KNOWN)
    for row in rows:
        if name in (row["agent"], row["agent_id"]):
            return row["agent"]
    known = {row["agent"].casefold(): row["agent"] for row in rows}
    near = get_close_matches(name.casefold(), known, n=1, cutoff=0.6)
    few = ", ".join(list(known.values())[:20])
    hint = f"Did you mean {known[near[0]]}?" if near else f"Known: {few}." if few else ""
    raise NotFound(f"There is no agent '{name}'.", hint=hint)


def agent_steps(source: TraceSource, agent: str, selection: Selection = EVERYTHING) -> Steps:
    """Give the models and tools that an agent (by name or id) calls, and its errors."""
    source, selection = selection.settled(source)
    condition, params = selection.of_traces(source)
    scope = OF_AGENT.replace("{condition}", condition)
    bound = {**params, "agent": agent}

    def read(sql: str, **parts: str) -> list[dict[str, Any]]:
        for name, text in {**parts, "of_agent": scope}.items():
            sql = sql.replace(f"{{{name}}}", text)
        return source.query(sql, bound)

    tool = "if(tool_name != '', tool_name, name)"
    return Steps(
        model_calls=[Step(**row) for row in read(_STEPS, what="toString(model)", kind="LLM")],
        tools=[Step(**row) for row in read(_STEPS, what=tool, kind="TOOL")],
        errors=[ErrorGroup(**row) for row in read(_ERRORS)],
    )
