"""Tool results that flood the context, and lookups made one model turn at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator

from catalyst_sdk.findings import Fix
from catalyst_sdk.halo._candidate import Candidate, Cite, Row
from catalyst_sdk.halo._dataset import Dataset
from catalyst_sdk.halo._stats import unusual_above
from catalyst_sdk.halo._words import code, count, duration, quoted, share, size, tokens
from catalyst_sdk.halo.detectors._detector import detector
from catalyst_sdk.halo.detectors._filters import terms
from catalyst_sdk.halo.detectors._sql import ORDER, literal, own_waste, pairs

__all__ = ["one_by_one", "oversized_output"]

_KEPT = 8_000
"""Bytes of a result that are granted as useful; about 2,000 tokens."""


@detector(
    "oversized-output",
    category="tools",
    looks_for="Tool results so large that they flood the context of every later turn.",
    needs=("kind = 'TOOL' AND output_size > 0", "tool results"),
    in_order="no tool floods the context",
    family="context",
    min_traces=(2, "two runs; one huge result may have been asked for"),
    bytes=(32_000, "about 8,000 tokens: a quarter of what many agents use in a whole run"),
    sigmas=(6.0, "far outside what this agent's tools usually return"),
    factor=(4.0, "and several times the usual size"),
)
def oversized_output(data: Dataset) -> Iterator[Candidate]:
    """Yield one candidate for each tool that returns too much."""
    usual = data.row("""
SELECT quantileExact(0.5)(output_size) AS middle,
  arrayReduce('median', arrayMap(x -> abs(x - middle), groupArray(output_size))) AS deviation
FROM spans WHERE kind = 'TOOL' AND output_size > 0 AND output_size < 1000000000""")
    few = (
        data.row("SELECT count() AS n FROM spans WHERE kind = 'TOOL' AND output_size > 0")["n"] < 8
    )
    least = int(data.limit("bytes"))
    if not few:
        far = unusual_above(
            usual["middle"],
            usual["deviation"],
            sigmas=data.limit("sigmas"),
            factor=data.limit("factor"),
        )
        least = max(least, int(far))
    for row in data.rows(f"""
SELECT tool_name AS tool, count() AS calls, countIf(output_size >= {least}) AS spans,
  uniqExactIf(trace_id, output_size >= {least}) AS traces, max(output_size) AS largest,
  quantileExactIf(0.5)(output_size, output_size >= {least}) AS typical
FROM spans WHERE kind = 'TOOL' GROUP BY tool
HAVING spans > 0 ORDER BY traces DESC, largest DESC, tool"""):
        if data.is_case(row["traces"]):
            yield _oversized(data, row, least)


def _oversized(data: Dataset, row: Row, least: int) -> Candidate:
    tool = code(row["tool"])
    where = f"kind = 'TOOL' AND tool_name = {literal(row['tool'])} AND output_size >= {least}"
    waste = f"""
SELECT trace_id, span_id, toInt64(extra * later) AS tokens, 0. AS usd, 0. AS seconds
FROM (
  SELECT trace_id, span_id, bad, countIf(kind = 'LLM' AND has_usage) OVER after AS later,
    least((output_size - {_KEPT}) / 4,
      toFloat64(greatest(0, maxIf(prompt_tokens, kind = 'LLM') OVER after
                  - argMaxIf(prompt_tokens, {ORDER}, kind = 'LLM') OVER before))) AS extra
  FROM (SELECT *, ({where}) AS bad FROM spans
        WHERE kind IN ('LLM', 'TOOL')
          AND trace_id IN (SELECT trace_id FROM spans WHERE {where}))
  WINDOW
    after AS (PARTITION BY trace_id ORDER BY start_ns, span_id
              ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING),
    before AS (PARTITION BY trace_id ORDER BY start_ns, span_id
               ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
) WHERE bad
"""
    effect = data.row(f"""
SELECT max(prompt_tokens) AS largest, (SELECT sum(tokens) FROM ({waste})) AS paid
FROM spans WHERE kind = 'LLM' AND trace_id IN (SELECT trace_id FROM spans WHERE {where})""")
    read = (
        " Later requests of these runs carry it along: prompts grow to "
        f"{tokens(effect['largest'])} tokens, about {tokens(effect['paid'])} of them read for "
        "nothing."
        if effect.get("paid")
        else ""
    )
    return Candidate(
        key=(row["tool"],),
        where=where,
        title=(
            f"{tool} returns up to {size(row['largest'])} at once, and every later request pays "
            "for it again"
        ),
        summary=(
            f"{share(row['spans'], row['calls'], 'calls')} of {tool} returned more than "
            f"{size(least)} (typically {size(row['typical'])}).{read}"
        ),
        root_cause=(
            f"{tool} has no limit on what it returns; the model cannot know beforehand how much a "
            "call will bring, and the whole result stays in the history."
        ),
        fix=Fix(
            summary=f"Cap {tool} at about {size(_KEPT)}, and let the model ask for more.",
            where="tool",
            steps=[
                "Return the first part with the total (“showing 50 of 6,210; narrow the query or "
                "pass `offset`”).",
                "Leave out what the agent never needs (dependencies, binary or generated files, "
                "markup, unused columns).",
                "Add parameters to narrow the result (`limit`, `pattern`, `fields`) with small "
                "defaults.",
                "In the harness, shorten older tool results before each request.",
            ],
            patch=(
                "LIMIT = 8_000  # characters\n\ndef bounded(text: str) -> str:\n    if len(text) "
                "<= LIMIT:\n        return text\n"
                '    return text[:LIMIT] + f"\\n… {len(text) - LIMIT:,} more characters; '
                'narrow the call"'
            ),
        ),
        harm="wastes",
        certainty=0.95,
        filter=terms(("kind", "TOOL"), ("tool", row["tool"]), ("output_size", f">={least}")),
        waste=waste,
        cite=Cite(
            "input",
            note=lambda row: f"returned {size(row['output_size'])}",
            worst="output_size",
        ),
        also=Cite("output", note=lambda row: f"how its {size(row['output_size'])} begin"),
    )


_CHAINS = """
SELECT trace_id, tool, ids, length(ids) AS turns
FROM (
  SELECT trace_id, arraySort(groupArray((start_ns, span_id, asks))) AS steps,
    arraySplit((s, different) -> different, steps,
      arrayMap((s, i) -> i = 1 OR s.3 != steps[i - 1].3, steps, arrayEnumerate(steps))) AS blocks
  FROM (
    SELECT trace_id, start_ns, span_id,
      if(length(tools_called) = 1, toString(tools_called[1]), '') AS asks
    FROM spans WHERE kind = 'LLM' AND status != 'ERROR'
      AND trace_id IN (SELECT trace_id FROM traces WHERE llm_count > 2)
  )
  GROUP BY trace_id
)
ARRAY JOIN arrayMap(b -> b[1].3, blocks) AS tool,
  arrayMap(b -> arrayMap(s -> s.2, b), blocks) AS ids
WHERE tool != '' AND turns >= 3
"""
"""Stretches of three or more model turns in a row that each call the same one tool."""
_ONE_ONLY = re.compile(
    r"\b(?:one|a single) (?:tool|function) call|\b(?:only|at most) one (?:tool|function)\b",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.\n]")
_VALUE = re.compile(r'"((?:[^"\\]|\\.){2,80})"|(-?\d+(?:\.\d+)?)')


@detector(
    "one-by-one",
    category="latency",
    looks_for="The same lookup made in three or more model turns in a row, although all its "
    "arguments were known before the first.",
    needs=("kind = 'LLM' AND length(tools_called) > 0", "model answers with tool calls"),
    in_order="no lookups made one turn at a time",
    family="serial",
    min_traces=(3, "three runs; one long stretch may be a search that narrows down"),
    known=(0.6, "share of examined stretches whose arguments stood in the prompt beforehand"),
    examined=(12, "stretches read in full; enough to tell lookups from searches"),
)
def one_by_one(data: Dataset) -> Iterator[Candidate]:
    """Yield one candidate for each tool used in single file."""
    for row in data.cases(
        "tools used one call at a time",
        f"""
SELECT tool, uniqExact(trace_id) AS traces, count() AS stretches, sum(turns - 1) AS saved,
  max(turns) AS longest,
  arraySlice(arraySort(groupArray((trace_id, ids))), 1, {data.limit("examined"):.0f}) AS sample
FROM ({_CHAINS}) GROUP BY tool ORDER BY traces DESC, tool""",
    ):
        known, rule = _examine(data, row["sample"])
        if known and known >= data.limit("known") * len(row["sample"]):
            yield _single_file(data, row, known, rule)


def _examine(data: Dataset, sample: list[tuple[str, list[str]]]) -> tuple[int, str]:
    """Count stretches whose later arguments stood in the first prompt; find the rule to blame."""
    known, rule = 0, ""
    for trace_id, ids in sample:
        first = data.conversation(trace_id, ids[0])
        before = "\n".join(
            part.text + part.arguments for m in first.input_messages for part in m.parts
        )
        turns = [first, *(data.conversation(trace_id, span_id) for span_id in ids[1:])]
        asked = [c.arguments for turn in turns for m in turn.output_messages for c in m.tool_calls]
        values = {a or b for text in asked[1:] for a, b in _VALUE.findall(_values_only(text))}
        different = len(set(asked)) == len(asked) >= len(ids)
        known += different and bool(values) and all(value in before for value in values)
        rule = rule or _rule(before)
    return known, rule


def _rule(prompt: str) -> str:
    """Give the sentence that asks for one call at a time, "" without one."""
    found = _ONE_ONLY.search(prompt)
    if found is None:
        return ""
    start = max(prompt.rfind(end, 0, found.start()) for end in ".\n") + 1
    end = _SENTENCE_END.search(prompt, found.end())
    return prompt[start : end.start() if end else len(prompt)].strip(" -*•")[:300]


def _values_only(arguments: str) -> str:
    """Take the keys out of a JSON object."""
    return re.sub(r'"(?:[^"\\]|\\.)*"\s*:', "", arguments)


def _single_file(data: Dataset, row: Row, known: int, rule: str) -> Candidate:
    tool = code(row["tool"])
    later = (
        f"SELECT trace_id, arrayJoin(arraySlice(ids, 2)) AS span_id FROM ({_CHAINS}) WHERE tool = "
        f"{literal(row['tool'])}"
    )
    where = pairs(later)
    cause = (
        f"The prompt demands it: {quoted(rule, 160)}. Each lookup therefore costs a whole model "
        "turn, which reads the full history again."
        if rule
        else "Nothing asks the model to send independent calls together, so it takes one step per "
        "turn, and each turn reads the full history again."
    )
    return Candidate(
        key=(row["tool"],),
        where=where,
        title=(
            f"{tool} is called one model turn at a time, up to {row['longest']} times in a row, "
            "where one turn could ask for all"
        ),
        summary=(
            f"{count(row['stretches'], 'stretch', 'stretches')} in {count(row['traces'], 'run')} "
            f"look things up one by one; asking at once would save {count(row['saved'], 'turn')}. "
            f"In {known} of the {len(row['sample'])} stretches read in full, every later argument "
            "already stood in the prompt before the first call."
        ),
        root_cause=cause,
        fix=Fix(
            summary=f"Let the model call {tool} several times in one turn, or accept a list.",
            where="prompt" if rule else "harness",
            steps=[
                *(
                    [
                        "Relax that rule for read-only tools, keep it for those that change "
                        "something."
                    ]
                    if rule
                    else ["Allow parallel tool calls and say in the prompt when to use them."]
                ),
                f"Or let {tool} accept a list and return all results at once.",
                "Execute independent calls concurrently in the harness.",
            ],
            patch="Read-only lookups that do not depend on each other: request them all in one "
            "turn. Calls that change something: one at a time, after confirmation.",
        ),
        harm="wastes",
        certainty=0.8,
        waste=own_waste(data.pinned(where)),
        cite=Cite("call", note=_turn),
        also=Cite("input", anchor=rule[:60], note=lambda _: "the rule in the prompt")
        if rule
        else None,
    )


def _turn(row: Row) -> str:
    return f"a turn of its own: {tokens(row['prompt_tokens'])} tokens read, " + duration(
        row["duration_ns"] / 1e9
    )
