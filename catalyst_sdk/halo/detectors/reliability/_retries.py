"""The same thing tried again and again: retry storms, and mistakes repeated unchanged."""

from __future__ import annotations

from collections.abc import Iterator

from catalyst_sdk.findings import Fix
from catalyst_sdk.halo._candidate import Candidate, Cite, Row
from catalyst_sdk.halo._dataset import Dataset
from catalyst_sdk.halo._words import code, count, duration, percent, quoted, readable, shorten
from catalyst_sdk.halo.detectors._detector import detector
from catalyst_sdk.halo.detectors._sql import FAILED, SITE, literal, pairs, turn_waste
from catalyst_sdk.halo.detectors.reliability._groups import CLASS

__all__ = ["retry_storm", "same_mistake"]

_WORDS = "if(error_message != '', error_message, soft_error)"


def _attempts(least: int) -> str:
    """SQL: failed attempts that stand in an unbroken row of at least *least* at one place.

    A success breaks the row, and so does an answer of the model that calls no tool: then someone
    was asked in between.
    """
    return f"""
SELECT trace_id, kind, site, failed.3 AS span_id, streak
FROM (
  SELECT trace_id, kind, site, talks,
    arraySort(groupArray((start_ns, span_id, failed))) AS calls,
    arrayCumSum(arrayMap(c -> toInt64(NOT c.3), calls)) AS successes,
    arrayMap((c, s) -> s + arrayCount(t -> t < c.1, talks), calls, successes) AS block,
    arrayMap(b -> arrayCount((x, c) -> x = b AND c.3, block, calls), block) AS streaks
  FROM (
    SELECT trace_id, kind, {SITE} AS site, start_ns, span_id, {FAILED} AS failed FROM spans
    WHERE kind IN ('LLM', 'TOOL', 'RETRIEVER')
      AND trace_id IN (SELECT trace_id FROM spans WHERE {FAILED})
  ) AS steps LEFT JOIN (
    SELECT trace_id, groupArrayIf(start_ns, length(tools_called) = 0) AS talks FROM spans
    WHERE kind = 'LLM' AND status != 'ERROR' GROUP BY trace_id
    HAVING countIf(length(tools_called) > 0) > 0
  ) AS said ON steps.trace_id = said.trace_id
  GROUP BY trace_id, kind, site, talks HAVING arrayCount(c -> c.3, calls) >= {least}
)
ARRAY JOIN arrayMap((c, n) -> (n, c.1, c.2, c.3), calls, streaks) AS failed, streaks AS streak
WHERE failed.4 AND streak >= {least}
"""


@detector(
    "retry-storm",
    category="reliability",
    looks_for="The same tool or model tried again and again in one run, failing each time.",
    needs=("kind IN ('LLM', 'TOOL', 'RETRIEVER')", "model and tool calls"),
    in_order="no retry storms",
    family="loop",
    attempts=(3, "the third failure in a row says that a fourth attempt will not help"),
    min_traces=(2, "two runs show that nothing limits it"),
)
def retry_storm(data: Dataset) -> Iterator[Candidate]:
    """Yield one candidate for each place that is hammered."""
    attempts = _attempts(int(data.limit("attempts")))
    groups = data.cases(
        "places with retry storms",
        f"""
SELECT kind, site, uniqExact(trace_id) AS traces, count() AS spans, max(streak) AS longest
FROM ({attempts}) GROUP BY kind, site ORDER BY traces DESC, spans DESC, kind, site""",
    )
    for group in groups:
        here = f"kind = {literal(group['kind'])} AND site = {literal(group['site'])}"
        where = pairs(f"SELECT trace_id, span_id FROM ({attempts}) WHERE {here}")
        yield _storm(data, group, where)


def _storm(data: Dataset, group: Row, where: str) -> Candidate:
    here = data.pinned(where)
    more = data.row(f"""
SELECT uniqExact(trace_id, input_hash) AS distinct_inputs,
  (SELECT if(status = 'ERROR', error_signature, soft_error) AS signature FROM spans WHERE {here}
    GROUP BY signature ORDER BY count() DESC, signature LIMIT 1) AS words,
  sum(duration_ns) / 1e9 / uniqExact(trace_id) AS seconds
FROM spans WHERE {here}""")
    site, spans, traces = code(group["site"]), group["spans"], group["traces"]
    unchanged = more["distinct_inputs"] <= traces + (spans - traces) // 4
    how = "with the same arguments" if unchanged else "with varying arguments"
    first = (
        f"SELECT trace_id, argMin(span_id, (start_ns, span_id)) FROM spans WHERE {here} GROUP BY "
        "trace_id"
    )
    if group["kind"] == "TOOL":
        cause = (
            "After each failure the result goes back to the model, and neither prompt nor harness "
            f"tells it when to stop; it calls {site} again {how}."
        )
    else:
        cause = f"Whatever retries {site} has no limit or a high one, and no growing wait."
    return Candidate(
        key=(group["kind"], group["site"]),
        where=where,
        title=(
            f"{site} fails and is tried again {how}, up to {group['longest']} times in a row, "
            "because nothing tells the run to stop"
        ),
        summary=(
            f"In {count(traces, 'run')} {site} failed {data.limit('attempts'):.0f} times or more "
            f"in a row, {count(spans, 'failed attempt')} in all ({spans / traces:.1f} a run), "
            f"mostly with {quoted(readable(more['words']))}. The attempts take "
            f"{duration(more['seconds'])} of each such run."
        ),
        root_cause=cause,
        fix=Fix(
            summary=f"Limit attempts of {site} in code, and say clearly when it is no use to "
            "retry.",
            where="harness",
            steps=[
                f"Allow {site} two failures in a row within a run; answer the third call without "
                "executing it.",
                "Make that answer an instruction, for example the text below.",
                "Retry what is transient inside the tool (with backoff), so that the model sees "
                "only final failures.",
            ],
            patch=(
                f"{shorten(group['site'], 60)} failed twice in this conversation and will not work "
                "now. Do not call it again. Tell the user what you could not check and what they "
                "can do instead."
            ),
        ),
        harm="degrades",
        certainty=0.95,
        waste=turn_waste(f"{here} AND (trace_id, span_id) NOT IN ({first})"),
        cite=Cite("error", note=_took),
    )


def _took(row: Row) -> str:
    seconds = row["duration_ns"] / 1e9
    return f"one of the failed attempts, {duration(seconds)}" if seconds >= 0.5 else ""


_MISTAKES = f"""
SELECT trace_id, span_id, tool_name, start_ns
FROM (
  SELECT trace_id, span_id, tool_name, start_ns, input_hash, {FAILED} AS failed,
    {CLASS} AS class,
    lagInFrame((input_hash, {FAILED})) OVER (
      PARTITION BY trace_id, tool_name ORDER BY start_ns, span_id
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS before
  FROM spans
  WHERE kind = 'TOOL' AND trace_id IN (SELECT trace_id FROM spans WHERE kind = 'TOOL' AND {FAILED})
)
WHERE failed AND before.2 AND before.1 = input_hash AND input_hash != 0
  AND class NOT IN ('timeout', 'rate_limit')
"""


@detector(
    "same-mistake",
    category="tools",
    looks_for="A rejected tool call made again with the very same arguments, and rejected again.",
    needs=("kind = 'TOOL' AND input_hash != 0", "tool calls with arguments"),
    in_order="no rejected call was repeated unchanged",
    family="loop",
    min_traces=(2, "once may be a glitch; twice the answer does not teach the model anything"),
)
def same_mistake(data: Dataset) -> Iterator[Candidate]:
    """Yield one candidate for each tool whose refusals are ignored."""
    groups = data.cases(
        "tools called again unchanged",
        f"""
SELECT tool_name AS tool, uniqExact(trace_id) AS traces, count() AS spans
FROM ({_MISTAKES}) GROUP BY tool ORDER BY traces DESC, spans DESC, tool""",
    )
    for group in groups:
        where = pairs(
            f"SELECT trace_id, span_id FROM ({_MISTAKES}) WHERE tool_name = "
            f"{literal(group['tool'])}"
        )
        failures = data.row(f"""
SELECT countIf({FAILED}) AS failed,
  argMinIf({_WORDS}, (start_ns, span_id), {data.pinned(where)}) AS words
FROM spans WHERE kind = 'TOOL' AND tool_name = {literal(group["tool"])}""")
        tool = code(group["tool"])
        yield Candidate(
            key=(group["tool"],),
            where=where,
            title=(
                f"The model calls {tool} again with the arguments just rejected, and loses a turn "
                "each time"
            ),
            summary=(
                f"{count(group['spans'], 'call')} of {tool} in {count(group['traces'], 'run')} "
                "repeated a failed call unchanged and failed again: "
                f"{percent(group['spans'] / max(1, failures['failed']))} of all its failures. The "
                f"answer it ignored: {quoted(readable(failures['words']))}."
            ),
            root_cause=(
                f"The error of {tool} does not say what to change, or reads as if trying again "
                "could help; so the most likely next call is the same one."
            ),
            fix=Fix(
                summary=f"Let {tool} say what was wrong with which argument, and refuse repeats.",
                where="tool",
                steps=[
                    "Name in the error the argument, its value and the accepted form or values.",
                    "Remember the failed calls of a run; answer an identical one at once with “you "
                    "already tried exactly this” and the earlier error.",
                    "Never write “please try again” into an error that is not transient.",
                ],
            ),
            harm="degrades",
            certainty=0.95,
            waste=turn_waste(data.pinned(where)),
            cite=Cite("input", note=lambda _: "the repeated arguments"),
        )
