"""Runs and calls that cost far more than their own kind, and versions that changed it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from catalyst_sdk.findings import Fix
from catalyst_sdk.halo._candidate import Candidate, Cite, Row
from catalyst_sdk.halo._dataset import AgentBaseline, Dataset
from catalyst_sdk.halo._stats import unusual_above, wilson
from catalyst_sdk.halo._words import (
    code,
    count,
    duration,
    listing,
    percent,
    quoted,
    readable,
    share,
    tokens,
)
from catalyst_sdk.halo.detectors._detector import detector
from catalyst_sdk.halo.detectors._sql import AGENT, ENDED_OR_WENT_ON, LEAF_ERROR, literal

__all__ = ["runaway_run", "version_regression"]

_RUN = f"""
SELECT trace_id, argMax({AGENT}, (agent_id != '' OR agent_name != '', parent_span_id = '',
    -start_ns, span_id)) AS agent,
  sumIf(total_tokens, kind = 'LLM') AS used, countIf(kind = 'LLM') AS calls
FROM spans GROUP BY trace_id
"""


@detector(
    "runaway-run",
    category="cost",
    looks_for="A few runs that use many times the tokens of this agent's usual run.",
    needs=("kind = 'LLM' AND has_usage", "model calls with token counts"),
    in_order="no run costs far more than the others",
    family="runaway",
    min_traces=(2, "two runs; one may be a single odd request"),
    min_runs=(20, "what is usual needs some runs"),
    factor=(6.0, "times the median run"),
    sigmas=(8.0, "robust standard deviations above the median"),
    share=(0.08, "of all the agent's tokens; less is not worth a look"),
)
def runaway_run(data: Dataset) -> Iterator[Candidate]:
    """Yield one candidate for each agent with runs out of all proportion."""
    for baseline in data.agents():
        if baseline.runs < data.limit("min_runs") or not baseline.tokens[0]:
            continue
        bound = unusual_above(
            *baseline.tokens, sigmas=data.limit("sigmas"), factor=data.limit("factor")
        )
        runs = (
            f"SELECT trace_id FROM ({_RUN}) WHERE agent = {literal(baseline.agent)} AND used >= "
            f"{bound:.0f}"
        )
        row = data.row(f"""
SELECT countIf(used >= {bound:.0f}) AS traces, sumIf(used, used >= {bound:.0f}) AS theirs,
  sum(used) AS total, quantileExactIf(0.5)(calls, used >= {bound:.0f}) AS turns,
  maxIf(used, used >= {bound:.0f}) AS largest
FROM ({_RUN}) WHERE agent = {literal(baseline.agent)}""")
        if not data.is_case(row["traces"], row["theirs"] >= data.limit("share") * row["total"]):
            continue
        yield _runaway(data, baseline, row, runs)


def _runaway(data: Dataset, baseline: AgentBaseline, row: Row, runs: str) -> Candidate:
    does = data.rows(f"""
SELECT tool_name AS tool, count() / {row["traces"]} AS calls FROM spans
WHERE kind = 'TOOL' AND trace_id IN ({runs}) GROUP BY tool ORDER BY calls DESC, tool LIMIT 3""")
    busy = listing([f"{code(d['tool'])} {d['calls']:.0f} times" for d in does if d["calls"] >= 2])
    usual, agent = baseline.tokens[0], code(baseline.agent or "the agent")
    last = (
        "SELECT trace_id, argMax(span_id, (prompt_tokens, start_ns, span_id)) FROM spans WHERE "
        f"kind = 'LLM' AND trace_id IN ({runs}) GROUP BY trace_id"
    )
    waste = (
        f"SELECT trace_id, span_id, toInt64(total_tokens * (1 - {usual} / used)) AS tokens, "
        f"cost_usd * (1 - {usual} / used) AS usd, 0. AS seconds FROM spans JOIN (SELECT trace_id "
        f"AS run, used FROM ({_RUN})) AS r ON trace_id = r.run WHERE kind = 'LLM' AND trace_id IN "
        f"({runs})"
    )
    return Candidate(
        key=(baseline.agent,),
        where=f"kind = 'LLM' AND (trace_id, span_id) IN ({last})",
        title=(
            f"{percent(row['traces'] / baseline.runs)} of the runs of {agent} use "
            f"{percent(row['theirs'] / row['total'])} of its tokens"
        ),
        summary=(
            f"{share(row['traces'], baseline.runs, 'runs')} used up to {tokens(row['largest'])} "
            "tokens; "
            f"the usual run needs {tokens(usual)} and {baseline.llm_calls[0]:.0f} model calls, "
            "these "
            f"made {row['turns']}." + (f" Per run they called {busy}." if busy else "")
        ),
        root_cause=(
            "Nothing bounds a single run: on some requests the agent does not converge and goes on "
            "until something else stops it."
        ),
        fix=Fix(
            summary="Give every run a budget, and find out what these requests have in common.",
            where="harness",
            steps=[
                f"Stop a run at about {tokens(4 * usual)} tokens: ask for a final answer with what "
                "is known.",
                "Read two of the cited runs from the middle on; the repeating step is the cause.",
                "Alert on single runs above the budget, not only on totals.",
            ],
        ),
        harm="wastes",
        certainty=0.85,
        waste=waste,
        cite=Cite(
            "fact",
            anchor="prompt",
            worst="prompt_tokens",
            note=lambda r: f"the largest request of its run: {tokens(r['prompt_tokens'])} tokens",
        ),
    )


_BY_VERSION = f"""
SELECT agent, service, version, count() AS runs, countIf(failed) AS failed,
  min(began) AS began, quantileExact(0.5)(seconds) AS seconds, quantileExact(0.5)(used) AS used
FROM (
  SELECT trace_id, ends.root.1 = 'ERROR' AS failed, version, service, agent, began, seconds, used
  FROM (
    SELECT trace_id, argMin(service_version, (parent_span_id != '', start_ns, span_id)) AS version,
      argMin(service, (parent_span_id != '', start_ns, span_id)) AS service,
      argMin({AGENT}, (parent_span_id != '', start_ns, span_id)) AS agent,
      min(start_ns) AS began, (max(end_ns) - min(start_ns)) / 1e9 AS seconds,
      sumIf(total_tokens, kind = 'LLM') AS used
    FROM spans GROUP BY trace_id
  ) AS runs JOIN ({ENDED_OR_WENT_ON}) AS ends ON runs.trace_id = ends.trace_id
)
WHERE version != '' GROUP BY agent, service, version ORDER BY agent, service, began, version
"""


@detector(
    "version-regression",
    category="reliability",
    looks_for="A version of the service from which on runs fail more, take longer or use more.",
    needs=("service_version != ''", "spans with a service version"),
    in_order="no version made runs worse",
    family="version",
    min_runs=(20, "of each version, so that the comparison is not chance"),
    slower=(1.5, "times the median of the version before, in time or tokens"),
)
def version_regression(data: Dataset) -> Iterator[Candidate]:
    """Yield one candidate for each version that is clearly worse than the one before."""
    rows = [r for r in data.rows(_BY_VERSION) if r["runs"] >= data.limit("min_runs")]
    for before, after in itertools.pairwise(rows):
        if (before["agent"], before["service"]) != (after["agent"], after["service"]):
            continue
        worse = _worse(before, after, data.limit("slower"))
        if not worse:
            continue
        agent = code(after["agent"] or after["service"] or "the agent")
        old, new = code(before["version"]), code(after["version"])
        fails = worse[0].startswith("fail")
        said = _last_words(data, after) if fails else ""
        yield Candidate(
            key=(after["agent"], worse[0].split()[0]),
            where=(
                f"parent_span_id = '' AND service_version = {literal(after['version'])} AND "
                f"service = {literal(after['service'])} AND {AGENT} = {literal(after['agent'])}"
                + (" AND status = 'ERROR'" if fails else "")
            ),
            title=f"Since version {new} runs of {agent} {worse[0]}",
            summary=(
                f"Compared with {old} ({count(before['runs'], 'run')}), the "
                f"{count(after['runs'], 'run')} of {new} {listing(worse)}.{said}"
            ),
            root_cause=(
                f"Something that came with {new} (prompt, model, tool or code) did this; the other "
                "findings of this report that begin at the same time name it."
            ),
            fix=Fix(
                summary=f"Compare {old} with {new}; roll back if the cause is not found soon.",
                where="harness",
                steps=[
                    f"Read the difference between {old} and {new}, prompts and model names first.",
                    "Compare a cited run with one of the version before on a like request.",
                    "Roll back while you look.",
                ],
            ),
            harm="breaks" if fails else "wastes",
            certainty=0.8,
            cite=Cite("error" if fails else "input"),
        )


def _last_words(data: Dataset, after: Row) -> str:
    """Say what the failing runs of a version mostly die of."""
    rows = data.rows(f"""
SELECT error_signature AS signature, uniqExact(trace_id) AS runs FROM spans
WHERE {LEAF_ERROR} AND service_version = {literal(after["version"])} AND error_signature != ''
GROUP BY signature ORDER BY runs DESC, signature LIMIT 1""")
    said = readable(rows[0]["signature"]) if rows else ""
    return f" Most often they end with {quoted(said)}." if said else ""


def _worse(before: Row, after: Row, slower: float) -> list[str]:
    """Say what got worse, failures first."""
    worse: list[str] = []
    _, high = wilson(before["failed"], before["runs"])
    low, _ = wilson(after["failed"], after["runs"])
    if low > high:
        worse.append(
            f"fail in {percent(after['failed'] / after['runs'])} of cases instead of "
            f"{percent(before['failed'] / before['runs'])}"
        )
    if after["seconds"] > slower * before["seconds"] and after["seconds"] - before["seconds"] > 1:
        worse.append(
            f"take {duration(after['seconds'])} instead of {duration(before['seconds'])} (median)"
        )
    if after["used"] > slower * before["used"] and after["used"] - before["used"] > 500:
        worse.append(
            f"use {tokens(after['used'])} tokens instead of {tokens(before['used'])} (median)"
        )
    return worse
