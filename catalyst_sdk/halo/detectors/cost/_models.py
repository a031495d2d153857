"""Models that are too large for what they answer, and that think longer than they speak."""

from __future__ import annotations

from collections.abc import Iterator

from catalyst_sdk.findings import Fix
from catalyst_sdk.halo._candidate import Candidate, Cite
from catalyst_sdk.halo._dataset import Dataset
from catalyst_sdk.halo._words import code, count, listing, percent, quoted, tokens
from catalyst_sdk.halo.detectors._detector import detector
from catalyst_sdk.halo.detectors._sql import AGENT, literal

__all__ = ["overpowered_model", "reasoning_heavy"]

_MODEL = "if(model != '', model, request_model)"
_SMALL = f"match(lower({_MODEL}), 'mini|nano|haiku|flash|lite|small|tiny|[^0-9](1|2|3|4|7|8|9)b')"
_FREE_TEXT = "length(tools_called) = 0 AND status != 'ERROR' AND has_usage"


@detector(
    "overpowered-model",
    category="cost",
    looks_for="A large model used for a step whose answers are always a few words.",
    needs=(
        f"kind = 'LLM' AND {_FREE_TEXT} AND NOT {_SMALL} AND {_MODEL} != ''",
        "answers of large models with token counts",
    ),
    in_order="large models are not used for one-word answers",
    family="model",
    min_traces=(10, "a step is judged by many answers"),
    words=(12, "tokens of answer, at the 95th percentile: a label, a number, yes or no"),
)
def overpowered_model(data: Dataset) -> Iterator[Candidate]:
    """Yield one candidate for each prompt that a smaller model could serve."""
    for row in data.rows(f"""
SELECT {AGENT} AS agent, {_MODEL} AS model, system_hash AS prompt, count() AS calls,
  uniqExact(trace_id) AS traces, quantileExact(0.95)(completion_tokens) AS tail,
  sum(total_tokens) AS used, uniqExact(output_preview) AS answers,
  arraySlice(arraySort(groupUniqArray(20)(output_preview)), 1, 4) AS examples,
  min(name) AS step
FROM spans
WHERE kind = 'LLM' AND {_FREE_TEXT} AND NOT {_SMALL} AND {_MODEL} != '' AND completion_tokens > 0
  AND length(tools_offered) = 0 AND reasoning_tokens = 0
GROUP BY agent, model, prompt HAVING calls >= {data.limit("min_traces"):.0f}
  AND tail <= {data.limit("words"):.0f}
ORDER BY used DESC, agent, model, prompt"""):
        if not data.is_case(row["traces"]):
            continue
        where = (
            f"kind = 'LLM' AND {_FREE_TEXT} AND {_MODEL} = {literal(row['model'])} AND {AGENT} = "
            f"{literal(row['agent'])} AND system_hash = {row['prompt']} AND completion_tokens > 0 "
            "AND length(tools_offered) = 0"
        )
        few = row["answers"] <= 12
        seen = listing([quoted(e, 24) for e in row["examples"]])
        yield Candidate(
            key=(row["agent"], row["model"], "label" if few else "short"),
            where=where,
            title=(
                f"{code(row['model'])} is paid to "
                f"{'choose between a few labels' if few else 'give answers of a few words'}, which "
                "a small model does as well"
            ),
            summary=(
                f"{count(row['calls'], 'call')} with the same prompt, {tokens(row['used'])} "
                f"tokens, gave answers of at most {row['tail']} tokens (95% of them)"
                + (f", {count(row['answers'], 'different one')} in all: {seen}." if few else ".")
                + " Small models cost a fifth or less."
            ),
            root_cause=(
                "One model is configured for every step of the agent, and this step is a "
                "classification or extraction."
            ),
            fix=Fix(
                summary=f"Give this step a small model and check it on the {row['calls']} answers "
                "you already have.",
                where="model",
                steps=[
                    "Run the inputs of the cited spans through a small model of the same family.",
                    "Compare its answers with those recorded here; switch when they agree.",
                    *(
                        ["Ask for an enum by structured output, so that only the labels can come."]
                        if few
                        else []
                    ),
                ],
            ),
            harm="wastes",
            certainty=0.7,
            waste=(
                "SELECT trace_id, span_id, toInt64(0.8 * total_tokens) AS tokens, 0.8 * cost_usd "
                f"AS usd, 0. AS seconds FROM spans WHERE {where}"
            ),
            cite=Cite("output", note=lambda _: "the whole answer"),
        )


@detector(
    "reasoning-heavy",
    category="cost",
    looks_for="Hidden reasoning far longer than the answers it leads to.",
    needs=("kind = 'LLM' AND reasoning_tokens > 0", "model calls with reasoning tokens"),
    in_order="reasoning is in proportion to the answers",
    family="model",
    min_traces=(5, "hard questions need thought; five runs show a setting"),
    ratio=(8.0, "reasoning tokens per visible token, over all calls"),
    tokens=(400, "per call; below that it is cheap"),
)
def reasoning_heavy(data: Dataset) -> Iterator[Candidate]:
    """Yield one candidate for each agent and model that overthinks."""
    for row in data.rows(f"""
SELECT {AGENT} AS agent, {_MODEL} AS model, count() AS calls, uniqExact(trace_id) AS traces,
  sum(reasoning_tokens) AS thought, sum(greatest(1, completion_tokens - reasoning_tokens)) AS said,
  quantileExact(0.5)(reasoning_tokens) AS typical,
  countIf(length(tools_called) > 0) / count() AS calling,
  quantileExact(0.5)(duration_ns) / 1e9 AS seconds
FROM spans WHERE kind = 'LLM' AND reasoning_tokens > 0 AND status != 'ERROR'
GROUP BY agent, model ORDER BY thought DESC, agent, model"""):
        ratio = row["thought"] / max(1, row["said"])
        much = row["typical"] >= data.limit("tokens") and ratio >= data.limit("ratio")
        if not data.is_case(row["traces"], much):
            continue
        where = (
            f"kind = 'LLM' AND reasoning_tokens > 0 AND status != 'ERROR' AND {_MODEL} = "
            f"{literal(row['model'])} AND {AGENT} = {literal(row['agent'])} AND reasoning_tokens "
            f">= {data.limit('ratio')} * greatest(1, completion_tokens - reasoning_tokens)"
        )
        spare = (
            "SELECT trace_id, span_id, toInt64(greatest(0, reasoning_tokens - 2 * "
            "(completion_tokens - reasoning_tokens))) AS tokens, 0. AS usd, 0. AS seconds FROM "
            f"spans WHERE {where}"
        )
        yield Candidate(
            key=(row["agent"], row["model"]),
            where=where,
            title=(
                f"{code(row['model'])} reasons {ratio:.0f} tokens for each one it says, which "
                "users wait and pay for"
            ),
            summary=(
                f"{count(row['calls'], 'call')} in {count(row['traces'], 'run')} spent "
                f"{tokens(row['thought'])} tokens on hidden reasoning and {tokens(row['said'])} on "
                f"answers; a typical call thinks for {tokens(row['typical'])} tokens."
            ),
            root_cause=(
                "The reasoning effort is set (or left) too high for these steps: "
                + (
                    f"{percent(row['calling'])} of the answers only choose a tool."
                    if row["calling"] >= 0.5
                    else f"the answers have {row['said'] / row['calls']:.0f} tokens on average."
                )
            ),
            fix=Fix(
                summary="Lower the effort for this step and keep it high only where it decides.",
                where="model",
                steps=[
                    "Set the effort to low (or a thinking budget near "
                    f"{max(256, int(row['typical'] // 4)):,} tokens) for tool-choosing turns.",
                    "Compare results on the cited runs before and after.",
                ],
                patch='reasoning={"effort": "low"}',
            ),
            harm="wastes",
            certainty=0.75,
            waste=spare,
            cite=Cite(
                "fact",
                anchor="reasoning",
                worst="reasoning_tokens",
                note=lambda r: (
                    f"{tokens(r['reasoning_tokens'])} of {tokens(r['completion_tokens'])} "
                    "completion tokens"
                ),
            ),
        )
