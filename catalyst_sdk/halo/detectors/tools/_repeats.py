"""Tool calls that bring nothing new: identical calls, and loops between two of them."""

from __future__ import annotations

from collections.abc import Iterator

from catalyst_sdk.findings import Fix
from catalyst_sdk.halo._candidate import Candidate, Cite, Row
from catalyst_sdk.halo._dataset import Dataset
from catalyst_sdk.halo._stats import wilson
from catalyst_sdk.halo._words import code, count, percent, share, tokens
from catalyst_sdk.halo.detectors._detector import detector
from catalyst_sdk.halo.detectors._sql import FAILED, literal, pairs, turn_waste

__all__ = ["alternating_loop", "repeated_call"]

_REPEATS = f"""
SELECT trace_id, span_id, tool_name, nth, calls FROM (
  SELECT trace_id, span_id, tool_name,
    row_number() OVER (PARTITION BY trace_id, tool_name, input_hash, output_hash
                       ORDER BY start_ns, span_id) AS nth,
    count() OVER (PARTITION BY trace_id, tool_name, input_hash, output_hash) AS calls
  FROM spans WHERE kind = 'TOOL' AND input_hash != 0 AND output_hash != 0 AND NOT {FAILED}
) WHERE nth > 1
"""


@detector(
    "repeated-call",
    category="tools",
    looks_for="A tool called again in the same run with the same arguments, and answering the "
    "same.",
    needs=(
        "kind = 'TOOL' AND input_hash != 0 AND output_hash != 0",
        "tool calls with arguments and results",
    ),
    in_order="no call was repeated for the same answer",
    family="loop",
    min_traces=(3, "three runs; one repeated call may be a deliberate check"),
    rate=(
        0.02,
        "share of the runs using the tool, at the lower bound: rarer is not worth a change",
    ),
)
def repeated_call(data: Dataset) -> Iterator[Candidate]:
    """Yield one candidate for each tool asked twice for the same."""
    for row in data.cases(
        "tools with repeated calls",
        f"""
SELECT tool_name AS tool, uniqExact(trace_id) AS traces, count() AS spans, max(calls) AS most
FROM ({_REPEATS}) GROUP BY tool ORDER BY traces DESC, spans DESC, tool""",
    ):
        use = data.row(f"""
SELECT uniqExact(trace_id) AS traces, count() AS calls FROM spans
WHERE kind = 'TOOL' AND tool_name = {literal(row["tool"])}""")
        if wilson(row["traces"], use["traces"])[0] < data.limit("rate"):
            continue
        yield _repeat(data, row, use)


def _repeat(data: Dataset, row: Row, use: Row) -> Candidate:
    tool = code(row["tool"])
    where = pairs(
        f"SELECT trace_id, span_id FROM ({_REPEATS}) WHERE tool_name = {literal(row['tool'])}"
    )
    waste = turn_waste(data.pinned(where))
    paid = data.row(f"SELECT sum(tokens) AS tokens FROM ({waste})")["tokens"]
    cost = f" The turns that asked for them used {tokens(paid)} tokens." if paid else ""
    return Candidate(
        key=(row["tool"],),
        where=where,
        title=(
            f"{tool} is called again with the same arguments for the same answer, "
            + (f"up to {row['most']} times a run" if row["most"] > 2 else "twice in a run")
        ),
        summary=(
            f"In {share(row['traces'], use['traces'], 'runs')} that use {tool}, the agent asked it "
            f"again for what it already had: {count(row['spans'], 'repeated call')}, "
            f"{percent(row['spans'] / use['calls'])} of all its calls.{cost}"
        ),
        root_cause=(
            "The first result is no longer in front of the model when it needs it (cut from the "
            "history, buried in a long one, or fetched by another agent), or the prompt asks it to "
            "look up before each step without saying that once is enough."
        ),
        fix=Fix(
            summary=f"Answer identical calls of {tool} from the run's memory, and keep its result "
            "in view.",
            where="harness",
            steps=[
                f"Remember results per run by (tool, arguments); for a repeat of {tool} return the "
                "earlier result with “unchanged since your last call”. Clear it after calls that "
                "change something.",
                "If the history is trimmed, keep the last result of each tool.",
                "If it is polling: wait in code until the answer changes, not by model turns.",
            ],
            patch=(
                "seen = {}  # one dict a run\n\n"
                "def call_tool(name, arguments):\n"
                "    key = (name, json.dumps(arguments, sort_keys=True))\n"
                "    if key not in seen:\n"
                "        seen[key] = TOOLS[name](**arguments)\n"
                "        if name in CHANGES_SOMETHING:\n"
                "            seen.clear()\n"
                "    return seen.get(key)"
            ),
        ),
        harm="wastes",
        certainty=0.9,
        waste=waste,
        cite=Cite("input", note=lambda _: "the same arguments as an earlier call of this run"),
    )


_LOOPS = """
SELECT trace_id, least(names[at], names[at + 1]) AS one, greatest(names[at], names[at + 1]) AS two,
  arrayDistinct(arrayFlatten(groupArray(arraySlice(ids, at, 4)))) AS members
FROM (
  SELECT trace_id, arraySort(groupArray((start_ns, span_id, tool_name, call))) AS calls,
    arrayMap(c -> c.2, calls) AS ids, arrayMap(c -> c.3, calls) AS names,
    arrayMap(c -> c.4, calls) AS keys,
    arrayFilter(i -> keys[i] = keys[i + 2] AND keys[i + 1] = keys[i + 3] AND keys[i] != keys[i + 1],
      range(1, greatest(1, length(keys) - 2))) AS starts
  FROM (
    SELECT trace_id, start_ns, span_id, toString(tool_name) AS tool_name,
      cityHash64(tool_name, input_hash) AS call
    FROM spans WHERE kind = 'TOOL' AND input_hash != 0
      AND trace_id IN (SELECT trace_id FROM traces WHERE tool_count > 3)
  )
  GROUP BY trace_id HAVING length(calls) >= 4
)
ARRAY JOIN starts AS at GROUP BY trace_id, one, two
"""


@detector(
    "alternating-loop",
    category="tools",
    looks_for="Two tool calls made in turn, A, B, A, B, with the same arguments each time.",
    needs=("kind = 'TOOL' AND input_hash != 0", "tool calls with arguments"),
    in_order="no run goes round in circles between two calls",
    family="loop",
    min_traces=(2, "a full second round with equal arguments is hardly ever meant"),
)
def alternating_loop(data: Dataset) -> Iterator[Candidate]:
    """Yield one candidate for each pair of calls that loops."""
    for row in data.cases(
        "pairs of calls in circles",
        f"""
SELECT one, two, uniqExact(trace_id) AS traces, sum(length(members)) AS spans,
  max(length(members)) AS longest
FROM ({_LOOPS}) GROUP BY one, two ORDER BY traces DESC, spans DESC, one, two""",
    ):
        pair = f"one = {literal(row['one'])} AND two = {literal(row['two'])}"
        where = pairs(
            f"SELECT trace_id, arrayJoin(members) AS span_id FROM ({_LOOPS}) WHERE {pair}"
        )
        first = (
            "SELECT trace_id, arrayJoin(arraySlice(members, 1, 2)) AS span_id FROM "
            f"({_LOOPS}) WHERE {pair}"
        )
        waste = turn_waste(f"{data.pinned(where)} AND (trace_id, span_id) NOT IN ({first})")
        one, two = code(row["one"]), code(row["two"])
        both = f"{one} and {two}" if row["one"] != row["two"] else f"two calls of {one}"
        yield Candidate(
            key=(row["one"], row["two"]),
            where=where,
            title=f"Runs go round in circles between {both} without learning anything",
            summary=(
                f"In {count(row['traces'], 'run')} {both} follow each other again and again with "
                f"unchanged arguments, up to {row['longest']} calls in one circle."
            ),
            root_cause=(
                f"Each result sends the model back to the other call: neither {one} nor {two} "
                "says that nothing has changed, and nothing in the prompt or harness breaks the "
                "circle."
            ),
            fix=Fix(
                summary="Notice the second round in code and tell the model to leave it.",
                where="harness",
                steps=[
                    "Keep the last calls of a run; when a pair comes round with equal arguments, "
                    "answer with “nothing has changed; decide with what you have”.",
                    f"Let the results of {one} and {two} name the next step instead of pointing "
                    "at each other.",
                    "Say in the prompt what to do when the two disagree or stay open.",
                ],
            ),
            harm="degrades",
            certainty=0.9,
            waste=waste,
            cite=Cite("input", note=_in_circle),
        )


def _in_circle(row: Row) -> str:
    return f"{code(row['tool_name'])}, part of the circle"
