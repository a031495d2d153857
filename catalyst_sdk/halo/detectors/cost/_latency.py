"""Where the time goes: slow tails, and calls run one after the other that were asked together."""

from __future__ import annotations

from collections.abc import Iterator

from catalyst_sdk.findings import Fix
from catalyst_sdk.halo._candidate import Candidate, Cite, Row
from catalyst_sdk.halo._dataset import Dataset
from catalyst_sdk.halo._stats import unusual_above
from catalyst_sdk.halo._words import code, duration, listing, percent, share
from catalyst_sdk.halo.detectors._detector import detector
from catalyst_sdk.halo.detectors._filters import terms
from catalyst_sdk.halo.detectors._sql import AGENT, ORDER, SITE, STEP_KINDS, literal, pairs

__all__ = ["serial_calls", "slow_tail"]


_NOT_BY_A_CHILD = (
    "(trace_id, span_id) NOT IN (SELECT c.trace_id, c.parent_span_id FROM spans AS c JOIN spans AS "
    f"p ON c.trace_id = p.trace_id AND c.parent_span_id = p.span_id WHERE c.kind IN {STEP_KINDS} "
    f"AND c.duration_ns >= 0.8 * p.duration_ns AND p.kind IN {STEP_KINDS})"
)
"""A step that is slow because a step inside it is slow is not reported; the inner one is."""


@detector(
    "slow-tail",
    category="latency",
    looks_for="A tool or model whose slowest calls take many times its usual time and hold up "
    "the run.",
    needs=(
        f"kind IN {STEP_KINDS} AND end_ns != 0 AND duration_ns > 0",
        "timed model and tool calls",
    ),
    in_order="no step has a slow tail that holds runs up",
    family="slow",
    min_traces=(3, "three runs; a single slow call is weather"),
    min_calls=(20, "what is usual needs some calls"),
    sigmas=(8.0, "robust standard deviations above its own median"),
    factor=(4.0, "times its own median"),
    seconds=(1.0, "no one minds a call below that"),
    of_run=(0.2, "share of the affected runs' time that the slow calls take"),
)
def slow_tail(data: Dataset) -> Iterator[Candidate]:
    """Yield one candidate for each place with a slow tail."""
    for row in data.rows(f"""
SELECT kind, {SITE} AS site, {AGENT} AS agent, count() AS calls,
  quantileExact(0.5)(duration_ns) / 1e9 AS middle, quantileExact(0.95)(duration_ns) / 1e9 AS p95,
  arrayReduce('median', arrayMap(x -> abs(x / 1e9 - middle), groupArray(duration_ns))) AS deviation
FROM spans WHERE kind IN {STEP_KINDS} AND end_ns != 0 AND duration_ns > 0 AND status != 'ERROR'
GROUP BY kind, site, agent HAVING calls >= {data.limit("min_calls"):.0f}
ORDER BY kind, site, agent"""):
        bound = max(
            data.limit("seconds"),
            unusual_above(
                row["middle"],
                row["deviation"],
                sigmas=data.limit("sigmas"),
                factor=data.limit("factor"),
            ),
        )
        slow = (
            f"kind = {literal(row['kind'])} AND {SITE} = {literal(row['site'])} AND {AGENT} = "
            f"{literal(row['agent'])} AND status != 'ERROR' AND end_ns != 0 AND duration_ns >= "
            f"{round(bound * 1000)}000000"
        )
        if not data.row(f"SELECT count() AS n FROM spans WHERE {slow}")["n"]:
            continue
        where = f"{slow} AND {_NOT_BY_A_CHILD}"
        tail = _tail(data, data.pinned(where), row)
        rare = tail.get("spans", 0) <= 0.3 * row["calls"]
        if tail and data.is_case(tail["traces"], rare and tail["of_run"] >= data.limit("of_run")):
            yield _slow(row, tail, where, bound)


def _tail(data: Dataset, where: str, row: Row) -> Row:
    found = data.row(f"SELECT count() AS n FROM spans WHERE {where}")["n"]
    if not found:
        return {}
    return data.row(f"""
SELECT uniqExact(trace_id) AS traces, sum(calls) AS spans, sum(slow) / sum(whole) AS of_run,
  quantileExact(0.5)(whole) AS with_it, quantileExact(0.5)(typical) AS typical,
  quantileExact(0.5)(said) AS said, length(groupUniqArrayArray(inputs)) AS different,
  max(runs.inputs[1]) != 0 AS has_inputs, any(usual.said_usually) AS said_usually,
  any(usual.whole_usually) AS without_it, sum(alone) / sum(calls) AS alone
FROM (
  SELECT trace_id, countIf({where}) AS calls, sumIf(duration_ns, {where}) / 1e9 AS slow,
    greatest(1, max(end_ns) - min(start_ns)) / 1e9 AS whole,
    maxIf(duration_ns, {where}) / 1e9 AS typical, maxIf(completion_tokens, {where}) AS said,
    groupArrayIf((start_ns, end_ns, span_id, parent_span_id), kind IN {STEP_KINDS}) AS steps,
    groupArrayIf((start_ns, end_ns, span_id, parent_span_id), {where}) AS slow_ones,
    arrayCount(s -> arrayCount(o -> o.1 < s.2 AND o.2 > s.1 AND o.3 != s.3 AND o.3 != s.4
      AND o.4 != s.3, steps) = 0, slow_ones) AS alone,
    groupUniqArrayIf(input_hash, {where}) AS inputs
  FROM spans WHERE trace_id IN (SELECT trace_id FROM spans WHERE {where}) GROUP BY trace_id
) AS runs CROSS JOIN (
  SELECT quantileExact(0.5)(duration_ns) / 1e9 AS whole_usually,
    (SELECT quantileExact(0.5)(completion_tokens) FROM spans WHERE kind = {literal(row["kind"])}
      AND {SITE} = {literal(row["site"])} AND status != 'ERROR') AS said_usually
  FROM traces WHERE trace_id NOT IN (SELECT trace_id FROM spans WHERE {where})
    AND trace_id IN (SELECT trace_id FROM spans WHERE {SITE} = {literal(row["site"])})
) AS usual""")


def _slow(row: Row, tail: Row, where: str, bound: float) -> Candidate:
    site = code(row["site"])
    same = tail["has_inputs"] and tail["different"] == 1
    wordy = row["kind"] == "LLM" and tail["said"] > 3 * max(1, tail["said_usually"])
    runs = (
        f" Runs with such a call take {duration(tail['with_it'])}, those without "
        f"{duration(tail['without_it'])} (medians)."
        if tail["without_it"] > 0
        else ""
    )
    alone = (
        f" In {percent(tail['alone'])} of the cases nothing else ran meanwhile: it is on the "
        "critical path."
        if tail["alone"] > 0.5
        else " Part of the time other steps ran beside it."
    )
    return Candidate(
        key=(row["kind"], row["site"], row["agent"]),
        where=where,
        title=(
            f"{percent(tail['spans'] / row['calls'])} of the calls of {site} take "
            f"{duration(tail['typical'])} instead of {duration(row['middle'])} and hold up the run"
        ),
        summary=(
            f"{share(tail['spans'], row['calls'], 'calls')} took longer than {duration(bound)} "
            f"(median {duration(row['middle'])}, 95% under {duration(row['p95'])}); they make up "
            f"{percent(tail['of_run'])} of the time of their runs.{runs}{alone}"
        ),
        root_cause=(
            f"The slow answers are long ones: typically {tail['said']:,} tokens instead of "
            f"{tail['said_usually']:,}, and a model writes at a steady pace."
            if wordy
            else f"Every slow call of {site} has the same arguments (see the evidence), and other "
            "arguments are quick: this one request takes a path of its own, without an index or a "
            "cache."
            if same
            else f"{site} is usually quick, so it is not the work itself: a cold start, a lock or "
            "queue, a retry inside, or some arguments that take another path. Compare the "
            "arguments of the cited calls with those of quick ones."
        ),
        fix=Fix(
            summary=f"Bound the time of {site} and remove what makes the few calls slow."
            if not wordy
            else f"Bound the length of what {site} writes, and stream it.",
            where="infra" if row["kind"] != "LLM" else "model",
            steps=(
                [
                    "Ask for a length in the prompt and set `max_tokens` accordingly.",
                    "Stream the answer, so that users read while it is written.",
                ]
                if wordy
                else [
                    f"Give {site} a time limit near {duration(max(1.0, 3 * row['p95']))} and a "
                    "second attempt; slow calls of this kind are often quick when tried again.",
                    "Trace inside it (a span for each outside call) to see where the time goes.",
                    "If certain arguments are slow by nature, run them in the background and "
                    "answer meanwhile.",
                ]
            ),
        ),
        harm="wastes",
        certainty=0.85,
        filter=terms(
            ("kind", row["kind"]),
            ("tool" if row["kind"] == "TOOL" else "model", row["site"]),
            ("agent", row["agent"]),
            ("duration_ms", f">={bound * 1000:.0f}"),
            ("-status", "error"),
        ),
        waste=(
            "SELECT trace_id, span_id, 0 AS tokens, 0. AS usd, greatest(0., duration_ns / 1e9 - "
            f"{row['middle']}) AS seconds FROM spans WHERE {where}"
        ),
        cite=Cite(
            "input", worst="duration_ns", note=lambda r: f"took {duration(r['duration_ns'] / 1e9)}"
        ),
    )


_ASKED_TOGETHER = f"""
SELECT trace_id, asker.2 AS llm, count() AS calls, sum(duration_ns) / 1e9 AS summed,
  (max(end_ns) - min(start_ns)) / 1e9 AS took, max(duration_ns) / 1e9 AS longest,
  arraySort(groupArray((start_ns, span_id, end_ns, toString(tool_name)))) AS runs
FROM (
  SELECT *, argMaxIf((1, span_id, length(tools_called)), {ORDER}, kind = 'LLM')
    OVER (PARTITION BY trace_id ORDER BY start_ns, span_id
          ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS asker
  FROM spans WHERE kind IN ('LLM', 'TOOL')
    AND trace_id IN (SELECT trace_id FROM spans WHERE kind = 'LLM' AND length(tools_called) > 1)
)
WHERE kind = 'TOOL' AND asker.1 = 1 AND asker.3 > 1 AND end_ns != 0
GROUP BY trace_id, asker.2
HAVING calls > 1 AND arrayAll(i -> runs[i].3 <= runs[i + 1].1, range(1, length(runs)))
"""


@detector(
    "serial-calls",
    category="latency",
    looks_for="Tool calls the model asked for together, executed one after the other.",
    needs=("kind = 'LLM' AND length(tools_called) > 1", "answers with several tool calls"),
    in_order="calls asked for together run together",
    family="serial",
    min_traces=(3, "three runs show that it is how the harness works"),
    saved=(0.3, "seconds a run; less is not felt"),
    of_run=(0.03, "share of the affected runs' time that would be saved"),
)
def serial_calls(data: Dataset) -> Iterator[Candidate]:
    """Yield a candidate when the harness runs parallel calls in a row."""
    row = data.row(f"""
SELECT uniqExact(trace_id) AS traces, count() AS answers, sum(calls) AS spans,
  sum(summed - longest) AS saved, max(calls) AS most,
  arraySort(groupUniqArrayArray(arrayMap(r -> r.4, runs))) AS tools
FROM ({_ASKED_TOGETHER})""")
    if not data.is_case(row.get("traces", 0)):
        return
    where = pairs(f"SELECT trace_id, arrayJoin(runs).2 AS span_id FROM ({_ASKED_TOGETHER})")
    whole = data.row(
        "SELECT sum(duration_ns) / 1e9 AS seconds FROM traces WHERE trace_id IN (SELECT trace_id "
        f"FROM ({_ASKED_TOGETHER}))"
    )["seconds"]
    each = row["saved"] / row["traces"]
    if each < data.limit("saved") or row["saved"] < data.limit("of_run") * whole:
        return
    everything = data.row(
        "SELECT count() AS answers FROM spans WHERE kind = 'LLM' AND length(tools_called) > 1"
    )["answers"]
    tools = listing([code(tool) for tool in row["tools"]])
    yield Candidate(
        key=("harness",),
        where=where,
        title=(
            "Tool calls asked for together run one after the other, and each such run waits "
            f"{duration(each)} longer than it must"
        ),
        summary=(
            f"In {share(row['answers'], everything, 'answers')} with several tool calls (up to "
            f"{row['most']}; {tools}) no two of the calls overlapped. Run side by side, they would "
            f"have taken {duration(row['saved'])} less in all."
        ),
        root_cause="The harness loops over the calls of an answer and waits for each of them.",
        fix=Fix(
            summary="Execute the calls of one answer concurrently.",
            where="harness",
            steps=[
                "Run the calls with `asyncio.gather` or a thread pool; give the results back in "
                "the order of the calls.",
                "Keep those that change something in order, one at a time.",
            ],
            patch="results = await asyncio.gather(*(run_tool(call) for call in answer.tool_calls))",
        ),
        harm="wastes",
        certainty=0.9,
        waste=(
            "SELECT trace_id, llm AS span_id, 0 AS tokens, 0. AS usd, summed - longest AS seconds "
            f"FROM ({_ASKED_TOGETHER})"
        ),
        cite=Cite("input", note=_waited),
    )


def _waited(row: Row) -> str:
    return f"{code(row['tool_name'])}, {duration(row['duration_ns'] / 1e9)}, alone"
