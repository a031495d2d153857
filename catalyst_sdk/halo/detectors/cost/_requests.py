"""Requests sent to a model again, word for word."""

from __future__ import annotations

from collections.abc import Iterator

from catalyst_sdk.findings import Fix
from catalyst_sdk.halo._candidate import Candidate, Cite, Row
from catalyst_sdk.halo._dataset import Dataset
from catalyst_sdk.halo._words import count, share, tokens
from catalyst_sdk.halo.detectors._detector import detector
from catalyst_sdk.halo.detectors._sql import own_waste, pairs

__all__ = ["repeated_request"]

_SAME = """
SELECT trace_id, span_id, input_hash, model, nth, run_nth FROM (
  SELECT trace_id, span_id, input_hash, model,
    row_number() OVER (PARTITION BY input_hash, model ORDER BY start_ns, trace_id, span_id) AS nth,
    row_number() OVER (PARTITION BY trace_id, input_hash, model ORDER BY start_ns, span_id)
      AS run_nth
  FROM spans
  WHERE kind = 'LLM' AND input_hash != 0 AND input_size >= 200 AND status != 'ERROR'
)
"""


@detector(
    "repeated-request",
    category="cost",
    looks_for="The very same request sent to a model again, within a run or across runs.",
    needs=("kind = 'LLM' AND input_hash != 0", "model calls with recorded input"),
    in_order="no model request was sent twice",
    family="requests",
    min_traces=(3, "three runs; a repeated question can be chance"),
    repeats=(3, "how often one request must come to be worth caching across runs"),
)
def repeated_request(data: Dataset) -> Iterator[Candidate]:
    """Yield one candidate for repeats within runs and one for repeats across runs."""
    within = f"SELECT trace_id, span_id FROM ({_SAME}) WHERE run_nth > 1"
    often = (
        f"SELECT input_hash FROM ({_SAME}) WHERE run_nth = 1 GROUP BY input_hash, model HAVING "
        f"count() >= {data.limit('repeats'):.0f}"
    )
    across = (
        f"SELECT trace_id, span_id FROM ({_SAME}) WHERE nth > 1 AND run_nth = 1 AND input_hash IN "
        f"({often})"
    )
    for key, query in (("run", within), ("runs", across)):
        where = pairs(query)
        row = data.row(f"""
SELECT uniqExact(trace_id) AS traces, count() AS spans, uniqExact(input_hash) AS requests,
  uniqExact(output_hash) AS answers, sum(total_tokens) AS used,
  (SELECT count() FROM spans WHERE kind = 'LLM') AS calls
FROM spans WHERE {where}""")
        if data.is_case(row["traces"]):
            yield _again(data, row, key, where)


def _again(data: Dataset, row: Row, key: str, where: str) -> Candidate:
    inside = key == "run"
    same = row["answers"] <= max(1, row["requests"])
    return Candidate(
        key=(key,),
        where=where,
        title=(
            "The same model request is sent twice within a run, and the second answer is paid for "
            "as well"
            if inside
            else f"{count(row['requests'], 'request')} to the model "
            f"{'comes' if row['requests'] == 1 else 'come'} back word for word in run after run "
            "and could be answered from a cache"
        ),
        summary=(
            f"{share(row['spans'], row['calls'], 'model calls')} repeat an earlier one word for "
            f"word ({count(row['requests'], 'distinct request')}, {tokens(row['used'])} tokens)."
            + (" The answers were the same, too." if same else "")
        ),
        root_cause=(
            "Two parts of the code ask the same, or the harness repeats a request that had already "
            "been answered (a retry around a call that did not fail, a branch run twice)."
            if inside
            else "This step does not depend on the run: its input is the same for every user, so "
            "its answer could be computed once."
        ),
        fix=Fix(
            summary="Send it once and keep the answer." if inside else "Cache this step's answer.",
            where="harness",
            steps=[
                "Find the two callers of a cited pair; the spans' parents name them."
                if inside
                else "Key a cache by model, parameters and messages; give it a lifetime that fits.",
                "Set temperature to 0 where the answer should not vary.",
            ],
        ),
        harm="wastes",
        certainty=0.9,
        waste=own_waste(data.pinned(where)),
        cite=Cite("input", note=lambda row: f"{tokens(row['total_tokens'])} tokens, again"),
    )
