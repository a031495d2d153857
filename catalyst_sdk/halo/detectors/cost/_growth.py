"""Prompts that grow turn by turn, because nothing is ever left out."""

from __future__ import annotations

from collections.abc import Iterator

from catalyst_sdk.findings import Fix
from catalyst_sdk.halo._candidate import Candidate, Cite, Row
from catalyst_sdk.halo._dataset import Dataset
from catalyst_sdk.halo._words import code, listing, share, tokens
from catalyst_sdk.halo.detectors._detector import detector
from catalyst_sdk.halo.detectors._sql import AGENT, literal, pairs

__all__ = ["context_growth"]

_GROWN = f"""
SELECT trace_id, agent, turns[1].3 AS first, turns[-1].3 AS last, turns[-1].2 AS last_span,
  length(turns) AS calls, arrayMap(t -> (t.2, t.3), turns) AS sizes
FROM (
  SELECT trace_id, {AGENT} AS agent,
    arraySort(groupArray((start_ns, span_id, prompt_tokens))) AS turns
  FROM spans WHERE kind = 'LLM' AND has_usage AND status != 'ERROR' AND prompt_tokens > 0
  GROUP BY trace_id, agent
)
"""

_FLOOR = 8_000
"""Tokens of history above the first prompt that are granted as useful."""


@detector(
    "context-growth",
    category="cost",
    looks_for="Runs whose prompt keeps growing turn by turn, because nothing is ever left out.",
    needs=("kind = 'LLM' AND has_usage", "model calls with token counts"),
    in_order="prompts stay in bounds",
    family="context",
    min_traces=(3, "three runs; one long conversation is one long conversation"),
    turns=(4, "fewer turns are a step, not growth"),
    factor=(4.0, "the last prompt against the first"),
    tokens=(16_000, "below this size the growth costs little"),
)
def context_growth(data: Dataset) -> Iterator[Candidate]:
    """Yield one candidate for each agent that never forgets."""
    grown = (
        f"calls >= {data.limit('turns'):.0f} AND last >= {data.limit('tokens'):.0f} AND last >= "
        f"{data.limit('factor')} * first"
    )
    for row in data.rows(f"""
SELECT agent, countIf({grown}) AS traces, count() AS runs,
  quantileExactIf(0.5)(first, {grown}) AS begins, quantileExactIf(0.5)(last, {grown}) AS ends,
  quantileExactIf(0.5)(calls, {grown}) AS turns, maxIf(last, {grown}) AS largest
FROM ({_GROWN}) GROUP BY agent HAVING traces > 0 ORDER BY traces DESC, agent"""):
        if not data.is_case(row["traces"]):
            continue
        mine = f"{grown} AND agent = {literal(row['agent'])}"
        where = pairs(f"SELECT trace_id, last_span AS span_id FROM ({_GROWN}) WHERE {mine}")
        waste = f"""
SELECT trace_id, sized.1 AS span_id, greatest(0, sized.2 - first - {_FLOOR}) AS tokens,
  0. AS usd, 0. AS seconds
FROM ({_GROWN}) ARRAY JOIN sizes AS sized WHERE {mine}"""
        yield _growth(data, row, where, waste)


def _growth(data: Dataset, row: Row, where: str, waste: str) -> Candidate:
    heavy = data.rows(f"""
SELECT tool_name AS tool, sum(output_size) / 4 / {max(1, row["traces"])} AS used
FROM spans WHERE kind = 'TOOL' AND trace_id IN (SELECT trace_id FROM spans WHERE {where})
GROUP BY tool HAVING used >= 500 ORDER BY used DESC, tool LIMIT 3""")
    tools = listing([f"{code(t['tool'])} (about {tokens(t['used'])} tokens a run)" for t in heavy])
    agent = code(row["agent"] or "the agent")
    return Candidate(
        key=(row["agent"],),
        where=where,
        title=(
            f"{agent} never drops anything from its history: prompts grow from "
            f"{tokens(row['begins'])} to {tokens(row['ends'])} tokens within a run"
        ),
        summary=(
            f"In {share(row['traces'], row['runs'], 'runs')} the last of typically {row['turns']} "
            f"model calls reads {row['ends'] / max(1, row['begins']):.0f} times as many tokens as "
            f"the first, up to {tokens(row['largest'])}."
            + (f" Most of it are results of {tools}." if tools else "")
        ),
        root_cause=(
            "Each turn sends all earlier messages and tool results again, so cost grows with the "
            "square of the number of turns."
        ),
        fix=Fix(
            summary="Keep the last turns whole and replace older tool results by what was learnt "
            "from them.",
            where="harness",
            steps=[
                *(
                    [
                        f"Start with {code(heavy[0]['tool'])}: keep its last result, replace older "
                        "ones by one line."
                    ]
                    if heavy
                    else []
                ),
                "When the prompt passes a budget (say 12k tokens), summarise everything but the "
                "system prompt and the last four messages.",
                "Append only; a changed beginning loses the provider's cache.",
            ],
        ),
        harm="wastes",
        certainty=0.9,
        waste=waste,
        cite=Cite(
            "fact",
            anchor="prompt",
            worst="prompt_tokens",
            note=lambda row: f"{tokens(row['prompt_tokens'])} tokens in one request",
        ),
    )
