"""What a detector sees: span facts by SQL, totals, limits, and how each agent usually behaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from catalyst_sdk.findings import Totals
from catalyst_sdk.halo._literal import literal
from catalyst_sdk.spans import Conversation, Span, messages

__all__ = ["AgentBaseline", "Dataset", "Queries"]


class Queries(Protocol):
    """What detectors use of a store."""

    def query(self, sql: str, params: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """Run ClickHouse SQL over `spans` and `traces`."""
        ...

    def span(self, trace_id: str, span_id: str) -> Span:
        """Read one span with its payload."""
        ...


@dataclass(frozen=True)
class AgentBaseline:
    """How one agent's runs usually go: medians and median absolute deviations."""

    agent: str
    runs: int
    seconds: tuple[float, float]
    tokens: tuple[float, float]
    llm_calls: tuple[float, float]
    tool_calls: tuple[float, float]


@dataclass(frozen=True)
class Dataset:
    """The traces under analysis. Query results are remembered, so detectors may share one."""

    store: Queries
    totals: Totals
    limits: Mapping[str, float] = field(default_factory=dict[str, float])
    remarks: list[str] = field(default_factory=list[str])
    """What rules could not look at or left out, in sentences; shared by all detectors."""
    passed_over: list[int] = field(default_factory=list[int])
    """Traces of each thing seen that did not make a case; shared by all detectors."""
    _pinned: dict[str, str] = field(default_factory=dict[str, str])
    _agents: dict[str, str] = field(default_factory=dict[str, str])
    _seen: dict[str, list[dict[str, Any]]] = field(default_factory=dict[str, list[dict[str, Any]]])

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Run a query over `spans` (columns of `SpanFacts`) and `traces`."""
        if sql not in self._seen:
            self._seen[sql] = self.store.query(sql)
        return self._seen[sql]

    def row(self, sql: str) -> dict[str, Any]:
        """Run a query that gives one row; {} when it gives none."""
        rows = self.rows(sql)
        return rows[0] if rows else {}

    def pinned(self, where: str) -> str:
        """Give a condition that is cheap to use again: the spans it holds for, when they are few.

        For follow-up questions on a finding; its matcher stays the condition itself.
        """
        if where not in self._pinned:
            rows = self.store.query(
                f"SELECT trace_id, span_id FROM spans WHERE {where} ORDER BY trace_id, span_id "
                f"LIMIT {_PINNED + 1}"
            )
            few = ", ".join(
                f"({literal(row['trace_id'])}, {literal(row['span_id'])})" for row in rows
            )
            small = 0 < len(rows) <= _PINNED
            self._pinned[where] = f"(trace_id, span_id) IN ({few})" if small else where
        return self._pinned[where]

    def conversation(self, trace_id: str, span_id: str) -> Conversation:
        """Read what one model call was told and said; for a few spans, not for all."""
        return messages(self.store.span(trace_id, span_id))

    def limit(self, name: str) -> float:
        """Give one of the running detector's limits."""
        return self.limits[name]

    def enough(self, name: str = "min_traces") -> int:
        """Give how many traces make a case: the limit, less when the data set is tiny.

        In three traces one is a third; it is reported, with a confidence and severity to match.
        """
        return max(1, min(int(self.limits[name]), round(self.totals.traces * 0.3)))

    def is_case(self, traces: int, also: bool = True, limit: str = "min_traces") -> bool:
        """Tell whether *traces* make a case, *also* given; what falls short is remembered.

        A detector that saw something and passed it over does not say that all is in order.
        """
        if traces and not (traces >= self.enough(limit) and also):
            self.passed_over.append(traces)
        return bool(traces) and traces >= self.enough(limit) and also

    def view(self) -> Dataset:
        """Give the same data, answers included, to a detector with remarks of its own."""
        return replace(self, remarks=[], passed_over=[])

    def cases(self, what: str, sql: str, most: int = 8) -> list[dict[str, Any]]:
        """Give the rows (with a column `traces`) that make a case, at most so many.

        The report names *what*, in the plural, when there are more.
        """
        found = [row for row in self.rows(sql) if self.is_case(row["traces"])]
        if len(found) > most:
            self.leave_out(f"{len(found) - most} more {what}, in fewer runs, are not listed.")
        return found[:most]

    def leave_out(self, sentence: str) -> None:
        """State in the report what was not looked at or not listed."""
        if sentence not in self.remarks:
            self.remarks.append(sentence)

    def run_seconds(self) -> float:
        """Give the length of all traces together."""
        row = self.row("SELECT sum(duration_ns) / 1e9 AS seconds FROM traces")
        return float(row["seconds"] or 0.0)

    def agent_of(self, trace_id: str) -> str:
        """Name a trace's agent, "" when it has none."""
        if not self._agents:
            for row in self.store.query(
                "SELECT if(agent_name != '', agent_name, agent_id) AS agent, groupArray(trace_id) "
                "AS ids FROM traces GROUP BY agent"
            ):
                self._agents.update(dict.fromkeys(row["ids"], row["agent"]))
        return self._agents.get(trace_id, "")

    def with_limits(self, limits: Mapping[str, float]) -> Dataset:
        """Give the same data with a detector's limits."""
        return replace(self, limits=limits)

    def agents(self) -> list[AgentBaseline]:
        """Give the baseline of every agent, the busiest first."""
        return [
            AgentBaseline(
                agent=row["agent"],
                runs=row["runs"],
                seconds=(row["seconds"], row["seconds_mad"]),
                tokens=(row["tokens"], row["tokens_mad"]),
                llm_calls=(row["llm"], row["llm_mad"]),
                tool_calls=(row["tool"], row["tool_mad"]),
            )
            for row in self.rows(_BASELINE)
        ]


_PINNED = 700
"""Spans that fit into a query by their ids, three times over."""


def _spread(name: str, values: str) -> str:
    """SQL for the median and the median absolute deviation of an array."""
    middle = f"arrayReduce('median', {values})"
    return (
        f"{middle} AS {name}, arrayReduce('median', arrayMap(x -> abs(x - {middle}), {values})) AS "
        f"{name}_mad"
    )


_BASELINE = f"""
SELECT agent, count() AS runs,
  {_spread("seconds", "groupArray(trace_seconds)")},
  {_spread("tokens", "groupArray(toFloat64(trace_tokens))")},
  {_spread("llm", "groupArray(toFloat64(trace_llm))")},
  {_spread("tool", "groupArray(toFloat64(trace_tool))")}
FROM (
  SELECT trace_id,
    argMax(if(agent_name != '', agent_name, agent_id),
           (agent_id != '' OR agent_name != '', parent_span_id = '', -start_ns, span_id)) AS agent,
    greatest(0, max(end_ns) - min(start_ns)) / 1e9 AS trace_seconds,
    sumIf(total_tokens, kind = 'LLM') AS trace_tokens,
    countIf(kind = 'LLM') AS trace_llm, countIf(kind = 'TOOL') AS trace_tool
  FROM spans GROUP BY trace_id
)
GROUP BY agent ORDER BY runs DESC, agent
"""
