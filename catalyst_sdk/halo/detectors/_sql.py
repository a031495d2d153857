"""SQL fragments that several detectors share. ClickHouse SQL over the `spans` table."""

from __future__ import annotations

from catalyst_sdk.halo._literal import any_of, literal

__all__ = [
    "AGENT",
    "ENDED_OR_WENT_ON",
    "FAILED",
    "LEAF_ERROR",
    "ORDER",
    "SITE",
    "STEP_KINDS",
    "any_of",
    "literal",
    "own_waste",
    "pairs",
    "turn_waste",
]

AGENT = "if(agent_name != '', agent_name, agent_id)"
"""Who did it, as a person calls it: the agent's name, else its id."""

SITE = (
    "multiIf(kind = 'TOOL' AND tool_name != '', tool_name, kind = 'LLM' AND model != '', model, "
    "kind = 'LLM' AND request_model != '', request_model, name)"
)
"""Where it happened, in words a person knows: the tool, the model, else the span's name."""

ORDER = "(start_ns, span_id)"
"""A total order of the spans of a trace."""

STEP_KINDS = "('LLM', 'TOOL', 'RETRIEVER', 'EMBEDDING', 'RERANKER', 'GUARDRAIL')"
"""Kinds that do work; AGENT and CHAIN only contain it."""

FAILED = "(status = 'ERROR' OR soft_error != '')"

LEAF_ERROR = (
    "status = 'ERROR' AND (trace_id, span_id) NOT IN (SELECT trace_id, parent_span_id FROM spans "
    "WHERE status = 'ERROR')"
)
"""Errors where they began: no span below them failed."""

ENDED_OR_WENT_ON = f"""
SELECT trace_id,
  argMin((status, output_empty OR output_size = 0),
         (parent_span_id != '', start_ns, span_id)) AS root,
  argMaxIf(span_id, (start_ns, span_id), kind IN {STEP_KINDS}) AS last_step,
  argMaxIf(span_id, (start_ns, span_id), {LEAF_ERROR}) AS last_error
FROM spans GROUP BY trace_id
"""
"""For each trace: how its root ended, its last step, and its last error at the origin."""


def pairs(query: str) -> str:
    """Make a condition on `spans` of a query giving (trace_id, span_id)."""
    return f"(trace_id, span_id) IN ({query})"


def own_waste(where: str) -> str:
    """Count what the spans themselves used."""
    return (
        "SELECT trace_id, span_id, total_tokens AS tokens, cost_usd AS usd, duration_ns / 1e9 AS "
        f"seconds FROM spans WHERE {where}"
    )


def turn_waste(where: str) -> str:
    """Count tool calls, and the model turns that asked for nothing but such calls."""
    return f"""
SELECT trace_id, span_id, 0 AS tokens, 0. AS usd, duration_ns / 1e9 AS seconds
FROM spans WHERE {where}
UNION ALL
SELECT trace_id, asker.2 AS span_id, any(asker.3) AS tokens, any(asker.4) AS usd,
  any(asker.5) / 1e9 AS seconds
FROM (
  SELECT trace_id, kind, ({where}) AS wasted,
    argMaxIf((1, span_id, total_tokens, cost_usd, duration_ns), {ORDER}, kind = 'LLM')
      OVER (PARTITION BY trace_id ORDER BY start_ns, span_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS asker
  FROM spans
  WHERE kind IN ('LLM', 'TOOL') AND trace_id IN (SELECT trace_id FROM spans WHERE {where})
)
WHERE kind = 'TOOL' AND asker.1 = 1
GROUP BY trace_id, asker.2 HAVING min(wasted) = 1
"""
