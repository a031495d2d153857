"""Bad answers among others, counted for each agent and model: what the detectors here share."""

from __future__ import annotations

from catalyst_sdk.halo._candidate import Row
from catalyst_sdk.halo._dataset import Dataset
from catalyst_sdk.halo.detectors._filters import terms
from catalyst_sdk.halo.detectors._sql import AGENT, literal

__all__ = ["CUT", "bad_calls", "filter_bad", "where_bad"]

_MODEL = "if(model != '', model, request_model)"

CUT = "lower(finish_reason) IN ('length', 'max_tokens', 'max_output_tokens', 'model_length')"


def bad_calls(data: Dataset, bad: str, among: str) -> list[Row]:
    """Count bad model calls among others, for each agent and model, the worst first."""
    return [
        row
        for row in data.rows(f"""
SELECT {AGENT} AS agent, {_MODEL} AS model, count() AS calls, countIf({bad}) AS spans,
  uniqExactIf(trace_id, {bad}) AS traces, sumIf(total_tokens, {bad}) AS used,
  quantileExactIf(0.5)(completion_tokens, {bad}) AS typical,
  uniqExactIf(completion_tokens, {bad}) AS lengths,
  countIf({bad} AND length(tools_called) > 0) AS calling
FROM spans WHERE kind = 'LLM' AND ({among})
GROUP BY agent, model HAVING spans > 0 ORDER BY traces DESC, agent, model""")
        if data.is_case(row["traces"])
    ]


def where_bad(row: Row, bad: str) -> str:
    return (
        f"kind = 'LLM' AND {bad} AND {AGENT} = {literal(row['agent'])} AND {_MODEL} = "
        f"{literal(row['model'])}"
    )


def filter_bad(row: Row, *pairs: tuple[str, str]) -> str:
    return terms(("kind", "LLM"), *pairs, ("agent", row["agent"]), ("model", row["model"]))
