"""Long prompts that miss the provider's cache, and why they do."""

from __future__ import annotations

from collections.abc import Iterator

from catalyst_sdk.findings import Fix
from catalyst_sdk.halo._candidate import Candidate, Cite, Row
from catalyst_sdk.halo._dataset import Dataset
from catalyst_sdk.halo._words import clean, code, count, percent, quoted, tokens
from catalyst_sdk.halo.detectors._detector import detector
from catalyst_sdk.halo.detectors._sql import AGENT, literal, pairs

__all__ = ["uncached_prompt"]

_TURNS = f"""
SELECT trace_id, span_id, start_ns, {AGENT} AS agent, provider,
  if(model != '', model, request_model) AS model, system_hash, prompt_tokens, cache_read_tokens,
  lagInFrame((span_id, prompt_tokens, start_ns, system_hash)) OVER (
    PARTITION BY trace_id, {AGENT}, if(model != '', model, request_model)
    ORDER BY start_ns, span_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS before
FROM spans WHERE kind = 'LLM' AND has_usage AND status != 'ERROR'
"""

_CACHEABLE = (
    "before.1 != '' AND before.2 >= 1024 AND prompt_tokens >= before.2 AND start_ns - before.3 < "
    "300000000000"
)
"""A later request of a run that carries at least the earlier one's 1,024 tokens, in five minutes:
what OpenAI caches by itself and Anthropic when told to."""


@detector(
    "uncached-prompt",
    category="cost",
    looks_for="Long prompts sent again within minutes and billed in full, because the cache "
    "misses.",
    needs=(
        "kind = 'LLM' AND has_usage AND prompt_tokens >= 1024 AND (system_hash != 0 OR "
        "cache_read_tokens > 0)",
        "long prompts with token counts and a known beginning",
    ),
    in_order="repeated prompts hit the provider's cache",
    family="cache",
    min_traces=(3, "three runs; a cache can be cold"),
    calls=(10, "requests that could have hit; fewer say little about a rate"),
    hits=(0.1, "a working prefix cache serves far more than a tenth of repeated tokens"),
)
def uncached_prompt(data: Dataset) -> Iterator[Candidate]:
    """Yield one candidate for each agent and model whose cache misses."""
    recorded = data.row("SELECT countIf(cache_read_tokens > 0) AS n FROM spans WHERE kind = 'LLM'")
    for row in data.rows(f"""
SELECT agent, provider, model, count() AS calls, uniqExact(trace_id) AS traces,
  sum(before.2) AS cacheable, sum(cache_read_tokens) AS hit,
  countIf(before.4 != system_hash) AS changed, countIf(system_hash != 0) AS known
FROM ({_TURNS}) WHERE {_CACHEABLE}
GROUP BY agent, provider, model ORDER BY cacheable DESC, agent, provider, model"""):
        quiet = row["hit"] < data.limit("hits") * row["cacheable"]
        if row["traces"] < data.enough() or row["calls"] < data.limit("calls") or not quiet:
            continue
        unstable = row["known"] and row["changed"] >= 0.8 * row["calls"]
        told = "anthropic" in row["provider"].lower() or "claude" in row["model"].lower()
        if not (unstable or told or recorded["n"]):
            data.leave_out(
                f"Prompt caching of {code(row['model'])}: no request reports cached tokens, and "
                "the prompts begin alike, so they are more likely unrecorded than missed."
            )
            continue
        yield _uncached(data, row, bool(unstable), told)


def _uncached(data: Dataset, row: Row, unstable: bool, told: bool) -> Candidate:
    mine = (
        f"agent = {literal(row['agent'])} AND provider = {literal(row['provider'])} AND model = "
        f"{literal(row['model'])} AND {_CACHEABLE}"
    )
    where = pairs(f"SELECT trace_id, span_id FROM ({_TURNS}) WHERE {mine}")
    model, agent = code(row["model"]), code(row["agent"] or "the agent")
    lead, old, new = _difference(data, where) if unstable else ("", "", "")
    lost = row["cacheable"] - row["hit"]
    waste = (
        "SELECT trace_id, span_id, intDiv(greatest(0, before.2 - cache_read_tokens), 2) AS tokens, "
        f"0. AS usd, 0. AS seconds FROM ({_TURNS}) WHERE {mine}"
    )
    if unstable:
        shown = f": {quoted(old, 70)} became {quoted(new, 70)}" if new else ""
        cause = (
            f"The system prompt differs from request to request{shown}. A prefix cache matches "
            "from the first token, so everything after the difference is read anew."
        )
        steps = [
            "Move what changes (time, ids, user data) from the beginning of the prompt to the last "
            "user message.",
            "Round a time that must stay to the day.",
            "Keep the order of tools and messages the same in every request.",
        ]
    elif told:
        cause = (
            "This provider caches only what is marked: without `cache_control` on the system "
            "prompt and tools every request is billed in full."
        )
        steps = [
            'Mark the last stable block with `"cache_control": {"type": "ephemeral"}`: system '
            "prompt, tools, and the latest message.",
            "Keep everything before the mark the same in every request.",
        ]
    else:
        cause = (
            "The system prompt is stable, so something else before the repeated part changes: the "
            "list of tools, their order, or an early message that is edited or cut."
        )
        steps = [
            "Compare two consecutive requests of a cited run; the first difference is the cause.",
            "Send tools in a fixed order, and append to the history instead of rewriting it.",
        ]
    return Candidate(
        key=(row["agent"], row["provider"]),
        where=where,
        title=(
            f"{agent} sends {model} a slightly different beginning each time, so no prompt is "
            "cached and all is billed in full"
            if unstable
            else f"Prompts of {agent} are sent to {model} again and again without a cache hit"
        ),
        summary=(
            f"{count(row['calls'], 'request')} in {count(row['traces'], 'run')} repeat at least "
            f"the prompt of the turn before, {tokens(row['cacheable'])} tokens in all; "
            f"{percent(row['hit'] / max(1, row['cacheable']))} came from the cache. Cached input "
            f"costs half or less, so about {tokens(lost / 2)} tokens' worth is paid too much."
        ),
        root_cause=cause,
        fix=Fix(
            summary="Make the beginning of the prompt stable and let the provider cache it.",
            where="harness",
            steps=steps,
        ),
        harm="wastes",
        certainty=0.95 if unstable else 0.75,
        waste=waste,
        cite=Cite("system", anchor=lead, note=_read_in_full),
    )


def _read_in_full(row: Row) -> str:
    return f"{tokens(row['prompt_tokens'])} tokens sent, {tokens(row['cache_read_tokens'])} cached"


def _difference(data: Dataset, where: str) -> tuple[str, str, str]:
    """Give what stands before the first difference of two system prompts, and how it goes on."""
    row = data.row(f"""
SELECT trace_id, span_id, before.1 AS earlier FROM ({_TURNS})
WHERE {where} AND before.4 != system_hash ORDER BY start_ns, trace_id, span_id LIMIT 1""")
    if not row:
        return "", "", ""
    one, two = (
        clean("\n".join(m.text for m in told.input_messages if m.role == "system"))
        for told in (data.conversation(row["trace_id"], row[k]) for k in ("earlier", "span_id"))
    )
    at = next((i for i, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), 0)
    line = two.rfind("\n", 0, at) + 1
    begin = max(line, two.rfind(". ", line, at) + 2 if ". " in two[line:at] else line, at - 40)
    old, new = (text[begin : at + 30].split("\n")[0].strip() for text in (one, two))
    return two[begin:at].strip(), old, new
