"""How runs end: without an answer, at a step limit, in an abandoned stream."""

from __future__ import annotations

from collections.abc import Iterator

from catalyst_sdk.findings import Fix
from catalyst_sdk.halo._candidate import Candidate, Cite, Row
from catalyst_sdk.halo._dataset import Dataset
from catalyst_sdk.halo._words import code, count, duration, listing, quoted, share, tokens
from catalyst_sdk.halo.detectors._detector import detector
from catalyst_sdk.halo.detectors._filters import terms
from catalyst_sdk.halo.detectors._sql import AGENT, ORDER, STEP_KINDS, literal, own_waste, pairs
from catalyst_sdk.halo.detectors.reliability._groups import CLASS

__all__ = ["abandoned_stream", "no_answer", "step_limit"]

_EMPTY = "(output_empty OR output_size = 0)"
_ENDED = "parent_span_id = '' AND kind IN ('AGENT', 'CHAIN') AND end_ns != 0"
_LAST = f"""
SELECT trace_id,
  argMaxIf((kind, length(tools_called) > 0, finish_reason, {_EMPTY}, status), {ORDER},
    kind IN {STEP_KINDS}) AS last
FROM spans GROUP BY trace_id
"""


@detector(
    "no-answer",
    category="reliability",
    looks_for="Runs that end in good order but without any output, where most runs have one.",
    needs=(f"{_ENDED} AND NOT {_EMPTY}", "runs with a recorded answer"),
    in_order="every finished run has an answer",
    family="empty",
    min_traces=(2, "two silent runs are two users without an answer"),
    captured=(0.5, "below that, outputs are not recorded rather than missing"),
)
def no_answer(data: Dataset) -> Iterator[Candidate]:
    """Yield one candidate for each agent that sometimes ends in silence."""
    agents = data.rows(f"""
SELECT {AGENT} AS agent, count() AS runs, countIf({_EMPTY} AND status != 'ERROR') AS silent,
  countIf(NOT {_EMPTY}) / count() AS answered
FROM spans WHERE {_ENDED} GROUP BY agent ORDER BY silent DESC, agent""")
    for row in agents:
        if not data.is_case(row["silent"], row["answered"] >= data.limit("captured")):
            continue
        where = f"{_ENDED} AND status != 'ERROR' AND {_EMPTY} AND {AGENT} = {literal(row['agent'])}"
        yield _silence(data, row, where)


def _silence(data: Dataset, row: Row, where: str) -> Candidate:
    ways = data.row(f"""
SELECT countIf(last.1 = 'LLM' AND last.2) AS asking, countIf(last.1 = 'TOOL') AS tool,
  countIf(last.1 = 'LLM' AND last.3 = 'length') AS cut,
  countIf(last.1 = 'LLM' AND NOT last.2 AND last.3 != 'length' AND last.4) AS blank,
  countIf(last.5 = 'ERROR') AS failed
FROM ({_LAST}) WHERE trace_id IN (SELECT trace_id FROM spans WHERE {where})""")
    said = {
        "asking": "the model's last word is a tool call that is never executed",
        "tool": "the last step is a tool call whose result never goes back to the model",
        "cut": "the last answer is cut off by the output limit",
        "blank": "the model's last answer is empty",
    }
    causes = sorted((k for k in said if ways.get(k)), key=lambda k: (-ways[k], k))
    seen = listing([f"in {ways[k]} {said[k]}" for k in causes]) or "no step shows why"
    failed = (
        f" In {ways['failed']} the last step failed and nobody said so."
        if ways.get("failed")
        else ""
    )
    main = causes[0] if causes else ""
    reasons = {
        "asking": "The loop ends (by a limit or a condition on its turns) while the model still "
        "wants to act, and nothing asks it for a closing answer.",
        "tool": "The loop ends right after a tool, so the model never sees the result and never "
        "answers.",
        "cut": "The output limit is spent before the answer begins.",
        "blank": "The model returns an empty message, which the harness takes for the answer.",
    }
    return Candidate(
        key=(str(row["agent"]),),
        where=where,
        title=(
            f"{count(row['silent'], 'run')} of {code(row['agent'] or 'the agent')} "
            f"{'ends' if row['silent'] == 1 else 'end'} as successful with nothing to show the user"
        ),
        summary=(
            f"{share(row['silent'], row['runs'], 'runs')} finished without error and without "
            f"output: {seen}.{failed}"
        ),
        root_cause=reasons.get(main, "The run is closed without an output, and no check objects."),
        fix=Fix(
            summary="Never end a run on an empty answer: ask once more, then say so honestly.",
            where="harness",
            steps=[
                "Before a run is closed, check that the final answer is not blank.",
                "If it is, make one last model call without tools: “answer the user now with what "
                "you have”.",
                "If that fails too, mark the run as failed (status ERROR), so that it is counted.",
            ],
        ),
        harm="breaks",
        certainty=0.9,
        cite=Cite("input", note=lambda _: "what was asked and never answered"),
    )


_SAID_SO = (
    "match(lower(output_preview), 'max(imum)? (number of )?(turns|iterations|steps) "
    "(reached|exceeded)|(stopped|ended) due to (max|iteration|turn|step)|iteration limit|need more "
    "steps to process')"
)
_STUCK = f"""
SELECT trace_id, agent, calls FROM (
  SELECT trace_id, countIf(kind = 'LLM') AS calls,
    argMinIf({AGENT}, (parent_span_id != '', start_ns, span_id), {AGENT} != '') AS agent,
    argMaxIf(length(tools_called) > 0, {ORDER}, kind = 'LLM') AS asking,
    argMaxIf(kind, {ORDER}, kind IN {STEP_KINDS}) AS last_kind
  FROM spans GROUP BY trace_id
) WHERE asking
"""


@detector(
    "step-limit",
    category="reliability",
    looks_for="Runs stopped by a limit on turns: by its error, its message, or a pile-up of runs "
    "that end on the same number of model calls while still calling tools.",
    needs=("kind = 'LLM'", "model calls"),
    in_order="no run hit a turn limit",
    family="ending",
    min_traces=(2, "two runs at the same ceiling are no accident"),
    above_usual=(2.0, "a ceiling that typical runs reach is the design, not a failure"),
)
def step_limit(data: Dataset) -> Iterator[Candidate]:
    """Yield a candidate for stated limits, and one for each agent with a silent ceiling."""
    told = f"(status = 'ERROR' AND {CLASS} = 'step_limit' OR parent_span_id = '' AND {_SAID_SO})"
    stated = data.row(f"SELECT uniqExact(trace_id) AS traces FROM spans WHERE {told}")
    if data.is_case(stated["traces"]):
        yield _stopped(
            data,
            told,
            "",
            stated["traces"],
            data.row(f"""
SELECT quantileExact(0.5)(calls) AS calls, quantileExact(0.5)(used) AS used FROM (
  SELECT countIf(kind = 'LLM') AS calls, sum(total_tokens) AS used FROM spans
  WHERE trace_id IN (SELECT trace_id FROM spans WHERE {told}) GROUP BY trace_id)"""),
        )
    usual = {baseline.agent: baseline.llm_calls[0] for baseline in data.agents()}
    for row in data.rows(f"""
SELECT agent, max(calls) AS ceiling, countIf(calls = most) AS traces
FROM (SELECT *, max(calls) OVER (PARTITION BY agent) AS most FROM ({_STUCK}))
GROUP BY agent ORDER BY traces DESC, agent"""):
        floor = max(4.0, data.limit("above_usual") * usual.get(row["agent"], 0.0))
        if row["traces"] < max(2, data.enough()) or row["ceiling"] < floor:
            continue
        where = (
            f"kind = 'LLM' AND trace_id IN (SELECT trace_id FROM ({_STUCK}) WHERE agent = "
            f"{literal(row['agent'])} AND calls = {row['ceiling']}) AND trace_id NOT IN (SELECT "
            f"trace_id FROM spans WHERE {told})"
        )
        left = data.row(
            "SELECT uniqExact(trace_id) AS traces, sum(total_tokens) / uniqExact(trace_id) AS used "
            f"FROM spans WHERE {where}"
        )
        if left["traces"] >= max(2, data.enough()):
            yield _stopped(
                data, where, row["agent"], left["traces"], {**left, "calls": row["ceiling"]}
            )


def _stopped(data: Dataset, where: str, agent: str, traces: int, usual: Row) -> Candidate:
    calls = int(usual["calls"])
    loops = data.rows(f"""
SELECT tool_name AS tool, count() AS calls, uniqExact(trace_id, input_hash) AS different
FROM spans WHERE kind = 'TOOL' AND trace_id IN (SELECT trace_id FROM spans WHERE {where})
GROUP BY tool ORDER BY calls DESC, tool LIMIT 3""")
    busiest = next((r["tool"] for r in loops if r["calls"] >= 2 * traces), "")
    doing = code(busiest) if busiest else "tools"
    did = listing([f"{code(r['tool'])} {r['calls']} times" for r in loops])
    busy = f" In these runs they called {did}." if did else ""
    last = (
        f"SELECT trace_id, argMax(span_id, {ORDER}) FROM spans WHERE kind = 'LLM' AND trace_id IN "
        f"(SELECT trace_id FROM spans WHERE {where}) GROUP BY trace_id"
    )
    return Candidate(
        key=(agent, "ceiling" if agent else "stated"),
        where=where if not agent else f"{where} AND {pairs(last)}",
        title=(
            f"{count(traces, 'run')} {'is' if traces == 1 else 'are'} stopped after {calls} model "
            f"calls while still calling {doing}, so the work is paid for and lost"
        ),
        summary=(
            f"{count(traces, 'run')} ended on exactly {calls} model calls, the last of them asking "
            f"for another tool; about {tokens(usual['used'])} tokens each.{busy}"
            if agent
            else f"{count(traces, 'run')} ended with the message that the limit on turns was "
            f"reached, typically after {calls} model calls and {tokens(usual['used'])} "
            f"tokens.{busy}"
        ),
        root_cause=(
            "The agent does not converge on these requests: it keeps acting until the limit stops "
            "it, and the limit ends the run instead of asking for an answer with what is known."
        ),
        fix=Fix(
            summary="Two turns before the limit, tell the model to finish; find what it loops on.",
            where="harness",
            steps=[
                "Tell the model how many turns are left once three remain.",
                "On the last turn offer no tools and ask for the best answer it can give.",
                "Open two of the cited runs and see which call repeats; mend that before you raise "
                "the limit.",
            ],
            patch="You have one turn left and no more tools. Answer now with what you know, and "
            "say plainly what you could not find out.",
        ),
        harm="breaks",
        certainty=0.9 if not agent else 0.75,
        waste=own_waste(f"kind = 'LLM' AND trace_id IN (SELECT trace_id FROM spans WHERE {where})"),
        cite=Cite("error") if not agent else Cite("call", note=_last_thing),
    )


def _last_thing(row: Row) -> str:
    return f"calls {listing([code(tool) for tool in row['tools_called']])} as the last thing it did"


@detector(
    "abandoned-stream",
    category="reliability",
    looks_for="Streamed answers that the caller stopped reading before the end.",
    needs=("stream_outcome != ''", "streamed model calls"),
    in_order="every stream was read to its end",
    family="ending",
    min_traces=(3, "people close windows; three times is a pattern"),
    share=(0.03, "a few per cent of readers always leave"),
)
def abandoned_stream(data: Dataset) -> Iterator[Candidate]:
    """Yield one candidate for each agent whose streams are cut by the reader."""
    for row in data.rows(f"""
SELECT {AGENT} AS agent, count() AS streams, countIf(stream_outcome = 'aborted') AS cut,
  uniqExactIf(trace_id, stream_outcome = 'aborted') AS traces,
  quantileExactIf(0.5)(duration_ns, stream_outcome = 'aborted') / 1e9 AS patience,
  quantileExactIf(0.5)(duration_ns, stream_outcome = 'complete') / 1e9 AS whole
FROM spans WHERE stream_outcome != '' GROUP BY agent ORDER BY traces DESC, agent"""):
        if not data.is_case(row["traces"], row["cut"] >= data.limit("share") * row["streams"]):
            continue
        where = f"stream_outcome = 'aborted' AND {AGENT} = {literal(row['agent'])}"
        yield Candidate(
            key=(row["agent"],),
            where=where,
            title=(
                f"Streams of {code(row['agent'] or 'the agent')} are abandoned half-way, so "
                "answers are paid for and not read"
            ),
            summary=(
                f"{share(row['cut'], row['streams'], 'streams')} were closed before their end, "
                f"typically after {duration(row['patience'])}; whole ones take "
                f"{duration(row['whole'])}."
            ),
            root_cause=(
                "Either readers leave before the answer is done, or code breaks out of the stream "
                "once it has what it needs. Both leave a request running that is billed, and its "
                "usage is not reported."
            ),
            fix=Fix(
                summary="Find out who closes the stream; shorten the answer or close it properly.",
                where="harness",
                steps=[
                    "If users leave: answer shorter or show progress earlier (look at the time to "
                    "the first token).",
                    "If code stops reading: use a stop sequence or `max_tokens`, and close the "
                    "stream with its context manager.",
                ],
            ),
            harm="wastes",
            certainty=0.9,
            filter=terms(("outcome", "aborted"), ("agent", row["agent"])),
            waste=own_waste(data.pinned(where)),
            cite=Cite("output", note=_left),
        )


def _left(row: Row) -> str:
    return f"left after {duration(row['duration_ns'] / 1e9)}, {quoted(row['model'], 40)}"
