"""One agent over time: its figures, how they changed, and what it calls."""

from __future__ import annotations

from typing import Any

import msgspec

from catalyst_sdk.errors import NotFound
from catalyst_sdk.store.filter import Filter, of_agent
from catalyst_sdk.store.queries._agents import Steps, agent_named, agent_steps
from catalyst_sdk.store.queries._histogram import ends
from catalyst_sdk.store.queries._selection import EVERYTHING, Selection
from catalyst_sdk.store.queries._source import TraceSource

_S = 10**9
_STEPS_S = (1, 5, 15, 30, 60, 300, 900, 1800, 3600, 10_800, 21_600, 43_200, 86_400, 604_800)
_MOST_BUCKETS = 64
_FIGURES = """
SELECT {bucket} AS bucket, toInt64(count()) AS traces,
  toInt64(countIf(status = 'ERROR')) AS failed_traces,
  toInt64(uniqExactIf(session_id, session_id != '')) AS sessions,
  toInt64(sum(span_count)) AS spans, toInt64(sum(llm_count)) AS model_calls,
  toInt64(quantileExact(0.5)(duration_ns)) AS p50_ns,
  toInt64(quantileExact(0.95)(duration_ns)) AS p95_ns,
  toInt64(sum(prompt_tokens)) AS prompt_tokens,
  toInt64(sum(completion_tokens)) AS completion_tokens,
  toInt64(sum(total_tokens)) AS total_tokens, sum(cost_usd) AS cost_usd
FROM traces WHERE (agent_name = {agent:String} OR agent_id = {agent:String})
  AND start_ns >= {first:Int64} AND start_ns < {end:Int64} AND {condition}
GROUP BY bucket ORDER BY bucket
"""


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent did in one stretch of time."""

    traces: int = 0
    failed_traces: int = 0
    sessions: int = 0
    spans: int = 0
    model_calls: int = 0
    p50_ns: int = 0
    p95_ns: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    cost_usd: float = 0.0

    @property
    def error_rate(self) -> float:
        """Share of the traces in which something failed, 0 of none."""
        return self.failed_traces / self.traces if self.traces else 0.0


class Bucket(Figures, frozen=True, kw_only=True):
    """The figures of [start, start + step)."""

    start_ns: int


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """An agent in a window [start, end), beside the window of equal length before it."""

    agent: str
    """Its name, or its id without one."""
    start_ns: int
    end_ns: int
    step_ns: int
    """Length of a bucket."""
    figures: Figures
    before: Figures
    """Of the window before, all zero when nothing ran in it."""
    series: list[Bucket]
    """One bucket after another from `start_ns` on, empty ones too."""
    steps: Steps


def agent_overview(source: TraceSource, agent: str, selection: Selection = EVERYTHING) -> Overview:
    """Give an agent, by name or id, in the window asked for; NotFound for an unknown one.

    Open sides of the window are the data's own ends.
    """
    start, end = ends(source, selection) or (0, 1)
    step = _step(end - start)
    first = start - start % step
    wanted = (selection.filter or Filter()) & of_agent(agent)
    both = Selection(wanted, start - (end - start), end).settled(source)[0]
    try:
        name = agent_named(both, agent)  # looks at little
    except NotFound:
        name = agent_named(source, agent)
    reader = _Reader(both, name, Selection(selection.filter))
    filled = {
        int(one.pop("bucket")): one
        for one in reader.read(start, end, f"intDiv(start_ns - {first}, {step})")
    }
    return Overview(
        agent=name,
        start_ns=start,
        end_ns=end,
        step_ns=step,
        figures=reader.figures(start, end),
        before=reader.figures(start - (end - start), start),
        series=[
            Bucket(start_ns=first + number * step, **filled.get(number, {}))
            for number in range(-(-(end - first) // step))
        ],
        steps=agent_steps(both, name, Selection(selection.filter, start, end)),
    )


def _step(length_ns: int) -> int:
    wanted = length_ns / _MOST_BUCKETS / _S
    weeks = _STEPS_S[-1]
    step = next((one for one in _STEPS_S if one >= wanted), 0)
    return (step or -(-int(wanted) // weeks) * weeks) * _S


class _Reader:
    def __init__(self, source: TraceSource, agent: str, selection: Selection) -> None:
        self._source = source
        self._agent = agent
        self._condition, self._params = selection.of_traces(source)

    def read(self, start: int, end: int, bucket: str) -> list[dict[str, Any]]:
        sql = _FIGURES.replace("{bucket}", bucket).replace("{condition}", self._condition)
        bound = {"agent": self._agent, "first": start, "end": end}
        return self._source.query(sql, {**self._params, **bound})

    def figures(self, start: int, end: int) -> Figures:
        for row in self.read(start, end, "0"):
            row.pop("bucket")
            return Figures(**row)
        return Figures()
