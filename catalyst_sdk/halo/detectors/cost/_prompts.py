"""What is sent to models: prompts that grow, that miss the cache, that were sent before."""

from __future__ import annotations

from collections.abc import Iterator

from catalyst_sdk.findings import Fix
from catalyst_sdk.halo._candidate import Candidate, Cite, Row
from catalyst_sdk.halo._dataset import Dataset
from catalyst_sdk.halo._words import clean, code, count, listing, percent, quoted, share, tokens
from catalyst_sdk.halo.detectors._detector import detector
from catalyst_sdk.halo.detectors._sql import AGENT, literal, own_waste, pairs

__all__ = ["context_growth", "repeated_request", "uncached_prompt"]

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
        f"calls >= {data.limit('turns'):.0f} AND last >= {data.limit('tokens'):.0f} "
        f"AND last >= {data.limit('factor')} * first"
    )
    for row in data.rows(f"""
SELECT agent, countIf({grown}) AS traces, count() AS runs,
  quantileExactIf(0.5)(first, {grown}) AS begins, quantileExactIf(0.5)(last, {grown}) AS ends,
  quantileExactIf(0.5)(calls, {grown}) AS turns, maxIf(last, {grown}) AS largest
FROM ({_GROWN}) GROUP BY agent HAVING traces > 0 ORDER BY traces DESC, agent"""):
        if row["traces"] < data.enough():
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
            f"model calls reads {row['ends'] / max(1, row['begins']):.0f} times as many tokens as the "
            f"first, up to {tokens(row['largest'])}."
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
                        f"Start with {code(heavy[0]['tool'])}: keep its last result, replace older ones "
                        "by one line."
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


_TURNS = f"""
SELECT trace_id, span_id, start_ns, {AGENT} AS agent, provider, if(model != '', model, request_model)
    AS model, system_hash, prompt_tokens, cache_read_tokens,
  lagInFrame((span_id, prompt_tokens, start_ns, system_hash)) OVER (
    PARTITION BY trace_id, {AGENT}, if(model != '', model, request_model)
    ORDER BY start_ns, span_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS before
FROM spans WHERE kind = 'LLM' AND has_usage AND status != 'ERROR'
"""
_CACHEABLE = (
    "before.1 != '' AND before.2 >= 1024 AND prompt_tokens >= before.2 "
    "AND start_ns - before.3 < 300000000000"
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
                f"Prompt caching of {code(row['model'])}: no request reports cached tokens, and the "
                "prompts begin alike, so they are more likely unrecorded than missed."
            )
            continue
        yield _uncached(data, row, bool(unstable), told)


def _uncached(data: Dataset, row: Row, unstable: bool, told: bool) -> Candidate:
    mine = (
        f"agent = {literal(row['agent'])} AND provider = {literal(row['provider'])} "
        f"AND model = {literal(row['model'])} AND {_CACHEABLE}"
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
            "Move what changes (time, ids, user data) from the beginning of the prompt to the "
            "last user message.",
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
            f"{count(row['calls'], 'request')} in {count(row['traces'], 'run')} repeat at least the "
            f"prompt of the turn before, {tokens(row['cacheable'])} tokens in all; "
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
    ends = (text[begin : at + 30].split("\n")[0].strip() for text in (one, two))
    return two[begin:at].strip(), *ends


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
        f"SELECT input_hash FROM ({_SAME}) WHERE run_nth = 1 GROUP BY input_hash, model "
        f"HAVING count() >= {data.limit('repeats'):.0f}"
    )
    across = f"SELECT trace_id, span_id FROM ({_SAME}) WHERE nth > 1 AND run_nth = 1 AND input_hash IN ({often})"
    for key, query in (("run", within), ("runs", across)):
        where = pairs(query)
        row = data.row(f"""
SELECT uniqExact(trace_id) AS traces, count() AS spans, uniqExact(input_hash) AS requests,
  uniqExact(output_hash) AS answers, sum(total_tokens) AS used,
  (SELECT count() FROM spans WHERE kind = 'LLM') AS calls
FROM spans WHERE {where}""")
        if row["spans"] and row["traces"] >= data.enough():
            yield _again(row, key, where)


def _again(row: Row, key: str, where: str) -> Candidate:
    inside = key == "run"
    same = row["answers"] <= max(1, row["requests"])
    return Candidate(
        key=(key,),
        where=where,
        title=(
            "The same model request is sent twice within a run, and the second answer is paid "
            "for as well"
            if inside
            else f"{count(row['requests'], 'request')} to the model "
            f"{'comes' if row['requests'] == 1 else 'come'} back word for word in run after run "
            "and could be answered from a cache"
        ),
        summary=(
            f"{share(row['spans'], row['calls'], 'model calls')} repeat an earlier one word for word "
            f"({count(row['requests'], 'distinct request')}, {tokens(row['used'])} tokens)."
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
        waste=own_waste(where),
        cite=Cite("input", note=lambda row: f"{tokens(row['total_tokens'])} tokens, again"),
    )
