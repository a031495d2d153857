"""Tools that fail too often, and tools that answer with nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from catalyst_sdk.findings import Fix
from catalyst_sdk.halo._candidate import Candidate, Cite, Row
from catalyst_sdk.halo._dataset import Dataset
from catalyst_sdk.halo._stats import wilson
from catalyst_sdk.halo._words import (
    code,
    count,
    essence,
    listing,
    of_these,
    percent,
    quoted,
    readable,
    share,
    times,
)
from catalyst_sdk.halo.detectors._detector import detector
from catalyst_sdk.halo.detectors._filters import terms
from catalyst_sdk.halo.detectors._sql import FAILED, literal, turn_waste
from catalyst_sdk.halo.detectors.reliability._advice import advice_for

__all__ = ["empty_result", "failing_tool"]

_TOOLS = f"""
SELECT tool_name AS tool, count() AS calls, countIf({FAILED}) AS failed,
  uniqExactIf(trace_id, {FAILED}) AS traces
FROM spans WHERE kind = 'TOOL' AND tool_name != '' GROUP BY tool ORDER BY failed DESC, tool
"""


@detector(
    "failing-tool",
    category="tools",
    looks_for="A tool that fails far more often than this agent's other tools, whatever the "
    "messages.",
    needs=("kind = 'TOOL' AND tool_name != ''", "tool calls"),
    in_order="no tool fails unusually often",
    family="failure",
    min_traces=(3, "three runs, so that one bad input is not a verdict on the tool"),
    rate=(0.05, "a tool that surely fails one time in twenty costs the agent turns every day"),
    against_others=(2.0, "when every tool fails alike the cause is not in this one"),
)
def failing_tool(data: Dataset) -> Iterator[Candidate]:
    """Yield one candidate for each tool whose failure rate stands out."""
    tools = data.rows(_TOOLS)
    calls, failed = sum(t["calls"] for t in tools), sum(t["failed"] for t in tools)
    for row in tools:
        low, high = wilson(row["failed"], row["calls"])
        rest = (failed - row["failed"]) / max(1, calls - row["calls"])
        stands_out = row["failed"] >= data.limit("against_others") * rest * row["calls"]
        if not data.is_case(row["traces"], low >= data.limit("rate") and stands_out):
            continue
        yield _failing(data, row, (low, high), rest)


def _failing(data: Dataset, row: Row, interval: tuple[float, float], rest: float) -> Candidate:
    tool, where = (
        code(row["tool"]),
        f"kind = 'TOOL' AND tool_name = {literal(row['tool'])} AND {FAILED}",
    )
    reasons = data.rows(f"""
SELECT if(status = 'ERROR', error_signature, soft_error) AS signature, count() AS calls
FROM spans WHERE {where} GROUP BY signature ORDER BY calls DESC, signature""")
    after = data.row(f"""
SELECT countIf({FAILED} AND next.1 = 1) AS again,
  countIf({FAILED} AND next.1 = 1 AND next.2 = input_hash) AS same,
  countIf({FAILED} AND next.1 = 1 AND next.3) AS again_failed
FROM (SELECT *, leadInFrame((1, input_hash, {FAILED})) OVER (
    PARTITION BY trace_id ORDER BY start_ns, span_id
    ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS next
  FROM spans WHERE kind = 'TOOL' AND tool_name = {literal(row["tool"])})""")
    again = (
        f" After {count(after['again'], 'failure')} the agent called it again in the same run, "
        f"{times(after['same'])} unchanged; {of_these(after['again_failed'], after['again'])} "
        "calls failed."
        if after.get("again")
        else ""
    )
    rate, trial = percent(row["failed"] / row["calls"]), bool(after.get("again"))
    said = [f"{_words(r['signature'])} ({r['calls']})" for r in reasons[:3]]
    more = f" and {count(len(reasons) - 3, 'more kind')}" if len(reasons) > 3 else ""
    cause, fix = _one_reason(row, reasons) if _dominates(reasons) else _many_reasons(row, reasons)
    return Candidate(
        key=(row["tool"],),
        where=where,
        title=(
            f"{tool} fails in {rate} of its calls with {_words(reasons[0]['signature'], 80)}, and "
            if _dominates(reasons)
            else f"{tool} is refused in {rate} of its calls, and "
        )
        + ("the agent works by trial and error" if trial else "the agent does without it"),
        summary=(
            f"{share(row['failed'], row['calls'], 'calls')} failed (95% interval "
            f"{percent(interval[0])} to {percent(interval[1])}; its other tools: {percent(rest)}). "
            f"Reasons: {listing(said)}{more}.{again}"
        ),
        root_cause=cause,
        fix=fix,
        harm="degrades",
        certainty=0.9,
        filter=terms(("kind", "TOOL"), ("tool", row["tool"]), ("status", "error")),
        waste=turn_waste(data.pinned(where)),
        cite=Cite("error"),
    )


def _words(signature: str, limit: int = 70) -> str:
    return quoted(essence(readable(signature)) or "no message", limit)


def _dominates(reasons: Sequence[Row]) -> bool:
    return reasons[0]["calls"] >= 0.7 * sum(r["calls"] for r in reasons)


def _one_reason(row: Row, reasons: Sequence[Row]) -> tuple[str, Fix]:
    advice = advice_for("", reasons[0]["signature"], code(row["tool"]))
    return advice.why, Fix(summary=advice.summary, where=advice.where, steps=list(advice.steps))


def _many_reasons(row: Row, reasons: Sequence[Row]) -> tuple[str, Fix]:
    tool = code(row["tool"])
    cause = (
        "The reasons differ, but each says that the call could not be carried out as written: the "
        f"agent calls {tool} before it has checked what the tool needs, and only the refusal tells "
        "it."
    )
    steps = [
        f"{_words(r['signature'])} ({count(r['calls'], 'call')}): {_remedy(r['signature'])}"
        for r in reasons[:3]
    ]
    steps.append(
        f"State these conditions in the description of {tool}: that is what the model reads before "
        "it calls."
    )
    return cause, Fix(
        summary=f"Check before {tool} is called what it will check, and let a refusal say what "
        "would be accepted.",
        where="tool",
        steps=steps,
    )


_REMEDIES = (
    (
        ("balance", "insufficient", "funds", "credit"),
        "let a read-only call return what is left, and compare in code before acting.",
    ),
    (
        ("add up", "total", "amount", "sum"),
        "compute the amount in the tool and return it; do not let the model do the sum.",
    ),
    (
        ("not available", "unavailable", "seats", "stock", "sold out", "not enough"),
        "return what is available with the search result, and the nearest alternatives with the "
        "refusal.",
    ),
    (
        ("not found", "no such", "does not exist", "unknown"),
        "say where the identifier comes from, and answer with the closest existing ones.",
    ),
    (
        ("cannot", "not allowed", "not eligible", "only", "must"),
        "put the rule into the description and, where it can be, into the schema.",
    ),
    (
        ("timeout", "timed out", "connection", "unavailable", "50"),
        "retry once inside the tool, then return a sentence the model can act on.",
    ),
    (
        ("invalid", "required", "missing", "type", "format", "validation"),
        "express the accepted form in the schema (enum, pattern, required).",
    ),
)


def _remedy(signature: str) -> str:
    text = signature.lower()
    for words, remedy in _REMEDIES:
        if any(word in text for word in words):
            return remedy
    return "say in the message what would have been accepted instead."


_NOTHING = "(kind = 'TOOL' AND output_empty AND output_size > 0)"
"""`[]`, `{}`, `null`: something was returned, and it is nothing. No output at all is not recorded
or is how a tool without a result answers."""


@detector(
    "empty-result",
    category="tools",
    looks_for="A tool that keeps answering with an empty list or object.",
    needs=("kind = 'TOOL' AND output_size > 0", "tool calls with a recorded result"),
    in_order="no tool keeps answering with nothing",
    family="emptiness",
    min_traces=(3, "an empty search is normal; three runs without result are a pattern"),
    rate=(0.15, "a search that surely comes back empty one time in seven is asked wrongly"),
)
def empty_result(data: Dataset) -> Iterator[Candidate]:
    """Yield one candidate for each tool that comes back empty too often."""
    for row in data.rows(f"""
SELECT tool_name AS tool, countIf(NOT {FAILED}) AS calls,
  countIf({_NOTHING} AND NOT {FAILED}) AS empty,
  uniqExactIf(trace_id, {_NOTHING} AND NOT {FAILED}) AS traces,
  minIf(output_preview, {_NOTHING}) AS form
FROM spans WHERE kind = 'TOOL' GROUP BY tool ORDER BY empty DESC, tool"""):
        if not data.is_case(row["traces"], row["calls"] > 0):
            continue
        low, _ = wilson(row["empty"], row["calls"])
        void = row["empty"] == row["calls"] and row["form"].strip() in ("null", "None", '""')
        if low < data.limit("rate") or void:
            continue
        yield _empty(data, row)


def _empty(data: Dataset, row: Row) -> Candidate:
    tool = code(row["tool"])
    where = f"{_NOTHING} AND tool_name = {literal(row['tool'])} AND NOT {FAILED}"
    after = data.row(f"""
SELECT countIf(here AND next.1 = 1) AS again, countIf(here AND next.1 = 1 AND NOT next.2) AS found
FROM (SELECT {_NOTHING} AS here, leadInFrame((1, {_NOTHING})) OVER (
    PARTITION BY trace_id ORDER BY start_ns, span_id
    ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS next
  FROM spans WHERE kind = 'TOOL' AND tool_name = {literal(row["tool"])})""")
    again = (
        f" The agent tried it again {times(after['again'])}, and found something "
        f"{times(after['found'])}."
        if after.get("again")
        else " The agent never tried again."
    )
    always = row["empty"] == row["calls"]
    return Candidate(
        key=(row["tool"],),
        where=where,
        title=(
            f"{tool} has never returned anything, so the agent answers without it"
            if always
            else f"{tool} comes back empty in {percent(row['empty'] / row['calls'])} of its calls, "
            "and the agent goes on without the facts"
        ),
        summary=(
            f"{share(row['empty'], row['calls'], 'successful calls')}, in "
            f"{count(row['traces'], 'run')}, returned nothing.{again}"
        ),
        root_cause=(
            "A tool that is always empty is broken or points at an empty source; its status says "
            "OK, so nothing alerts."
            if always
            else "The model asks in words or filters that the data does not hold, and an empty "
            "result does not tell it what would have matched."
        ),
        fix=Fix(
            summary=f"Let {tool} explain an empty result, and widen the query in code first.",
            where="tool",
            steps=[
                "Run a cited call by hand. If it should have found something, mend the tool.",
                "When nothing matches, relax the narrowest filter in code and say so in the "
                "result.",
                "Return what exists (“no order 123; the customer's orders are …”) instead of an "
                "empty list.",
                "Tell the prompt: with no result, ask or say so; do not answer from memory.",
            ],
        ),
        harm="degrades",
        certainty=0.8,
        filter=terms(
            ("kind", "TOOL"),
            ("tool", row["tool"]),
            ("empty", "yes"),
            ("output_size", ">0"),
            ("-status", "error"),
        ),
        waste=turn_waste(data.pinned(where)),
        cite=Cite("input", note=lambda row: f"answered {quoted(row['output_preview'], 30)}"),
    )
