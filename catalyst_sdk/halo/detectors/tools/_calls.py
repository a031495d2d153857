"""What the model calls against what it was offered: unknown tools, wrong arguments, idle tools."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator

from catalyst_sdk.findings import Fix
from catalyst_sdk.halo._candidate import Candidate, Cite, Row
from catalyst_sdk.halo._dataset import Dataset
from catalyst_sdk.halo._words import code, count, listing, percent, quoted, share
from catalyst_sdk.halo.detectors._detector import detector
from catalyst_sdk.halo.detectors._filters import terms
from catalyst_sdk.halo.detectors._sql import AGENT, any_of, literal, own_waste

__all__ = ["bad_arguments", "unknown_tool", "unused_tool"]

_OFFERED = "kind = 'LLM' AND length(tools_offered) > 0"


@detector(
    "unknown-tool",
    category="tools",
    looks_for="Answers of the model that call a tool it was not offered.",
    needs=(
        f"{_OFFERED} AND length(tools_called) > 0",
        "answers with tool calls and a list of tools",
    ),
    in_order="only tools on offer were called",
    family="calls",
    min_traces=(2, "two runs with the same invented name show what the model expects to exist"),
)
def unknown_tool(data: Dataset) -> Iterator[Candidate]:
    """Yield one candidate for each name that is called and does not exist."""
    for row in data.cases(
        "names called and not on offer",
        f"""
SELECT tool, uniqExact(trace_id) AS traces, count() AS spans,
  arraySort(arrayDistinct(arrayFlatten(groupUniqArray(offered)))) AS known
FROM (
  SELECT trace_id, arrayMap(t -> toString(t), tools_offered) AS offered,
    toString(arrayJoin(arrayDistinct(tools_called))) AS tool
  FROM spans WHERE {_OFFERED}
) WHERE NOT has(offered, tool) GROUP BY tool ORDER BY traces DESC, spans DESC, tool""",
    ):
        near = difflib.get_close_matches(row["tool"], row["known"], n=1, cutoff=0.45)
        tool, where = (
            code(row["tool"]),
            f"{_OFFERED} AND has(tools_called, {literal(row['tool'])}) AND NOT has(tools_offered, "
            f"{literal(row['tool'])})",
        )
        handed = [name for name in row["known"] if name.startswith("transfer")]
        nearest = f" The closest one on offer is {code(near[0])}." if near else ""
        yield Candidate(
            key=(row["tool"],),
            where=where,
            title=f"The model calls {tool}, which it is not offered, and loses the turn",
            summary=(
                f"{count(row['spans'], 'answer')} in {count(row['traces'], 'run')} call {tool}. On "
                f"offer were {listing([code(n) for n in row['known']], limit=6)}.{nearest}"
            ),
            root_cause=(
                "The name comes from somewhere: the prompt or an example mentions it, an earlier "
                "message in the history used it, or the task needs it and nothing on offer looks "
                "like it."
                + (" The hand-off tools may not be offered to this agent." if handed else "")
            ),
            fix=Fix(
                summary=f"Take {tool} out of the prompt, or offer it; answer unknown names with "
                "the list.",
                where="prompt",
                steps=[
                    f"Search prompts, examples and old messages for {tool} and remove it there.",
                    *(
                        [
                            f"If {code(near[0])} is meant, say so in its description: “use this to "
                            "…”."
                        ]
                        if near
                        else [f"If the task really needs {tool}, offer it."]
                    ),
                    "Answer a call of an unknown tool with the names that exist, not with a crash.",
                ],
            ),
            harm="degrades",
            certainty=0.95,
            filter=terms(("kind", "LLM"), ("calls", row["tool"]), ("-offers", row["tool"])),
            waste=own_waste(data.pinned(where)),
            cite=Cite("call", anchor=row["tool"], note=_not_on_offer(tool)),
        )


def _not_on_offer(tool: str) -> Callable[[Row], str]:
    return lambda _row: f"calls {tool}, which is not on offer"


@detector(
    "bad-arguments",
    category="tools",
    looks_for="Tool calls whose arguments break the JSON schema the tool was offered with.",
    needs=(f"{_OFFERED} AND length(tools_called) > 0", "answers with tool calls and their schemas"),
    in_order="all arguments fit their schemas",
    family="calls",
    min_traces=(3, "three runs, so that the schema and not one answer is in question"),
)
def bad_arguments(data: Dataset) -> Iterator[Candidate]:
    """Yield one candidate for each tool and way of breaking its schema."""
    for row in data.cases(
        "ways of breaking a schema",
        """
SELECT if(length(tools_called) > 0, toString(tools_called[1]), '') AS tool,
  replaceRegexpAll(bad_call, '[0-9]+', '#') AS reason, min(bad_call) AS example,
  uniqExact(trace_id) AS traces, count() AS spans
FROM spans WHERE bad_call != '' GROUP BY tool, reason
ORDER BY traces DESC, spans DESC, tool, reason""",
    ):
        yield _bad(data, row)


def _bad(data: Dataset, row: Row) -> Candidate:
    name = "if(length(tools_called) > 0, toString(tools_called[1]), '')"
    where = (
        f"{name} = {literal(row['tool'])} AND bad_call != '' AND replaceRegexpAll(bad_call, "
        f"'[0-9]+', '#') = {literal(row['reason'])}"
    )
    calls = data.row(
        f"SELECT countIf({name} = {literal(row['tool'])}) AS calls FROM spans WHERE kind = 'LLM'"
    )["calls"]
    tool = code(row["tool"] or "a tool")
    return Candidate(
        key=(row["tool"], row["reason"]),
        where=where,
        title=f"The model writes arguments for {tool} that its schema forbids: "
        f"{quoted(row['example'], 80)}",
        summary=(
            f"{share(row['spans'], calls, 'calls')} of {tool}, in {count(row['traces'], 'run')}, "
            f"do not fit the schema it was offered with: {quoted(row['example'], 140)}."
        ),
        root_cause=(
            "The schema is sent, but not enforced: without strict tool calling it is only advice. "
            "Descriptions and examples that show another form make it worse."
        ),
        fix=Fix(
            summary=f"Enforce the schema of {tool}, and check it before the call is executed.",
            where="tool",
            steps=[
                "Set `strict: true` on the tool (every property required, `additionalProperties: "
                "false`), or the provider's equal.",
                "Compare the description and any example with the schema; they must show the same "
                "form.",
                "Validate in the harness and answer with the field, the value and the accepted "
                "form.",
            ],
            patch='{"type": "function", "function": {"name": '
            + f'"{(row["tool"] or "…")[:60]}", "strict": true, "parameters": '
            '{"additionalProperties": false, …}}}',
        ),
        harm="degrades",
        certainty=0.95,
        waste=own_waste(data.pinned(where)),
        cite=Cite("call", anchor=row["tool"]),
    )


@detector(
    "unused-tool",
    category="tools",
    looks_for="Tools offered in every request of an agent and never called in the whole window.",
    needs=(_OFFERED, "model calls with a list of tools"),
    in_order="every offered tool is used",
    family="offers",
    min_runs=(30, "in fewer runs a rare tool may simply not have had its day"),
)
def unused_tool(data: Dataset) -> Iterator[Candidate]:
    """Yield one candidate for each agent that carries idle tools."""
    for row in data.rows(f"""
WITH used AS (
  SELECT arrayJoin(tools_called) AS tool FROM spans WHERE kind = 'LLM'
  UNION DISTINCT SELECT tool_name AS tool FROM spans WHERE kind = 'TOOL')
SELECT agent, arraySort(groupUniqArrayIf(tool, tool NOT IN used)) AS idle,
  uniqExact(tool) AS tools, max(seen_in) AS runs, max(seen) AS calls
FROM (
  SELECT {AGENT} AS agent, toString(arrayJoin(tools_offered)) AS tool,
    uniqExact(trace_id) AS seen_in, count() AS seen
  FROM spans WHERE {_OFFERED} GROUP BY agent, tool
) WHERE seen_in >= {data.limit("min_runs"):.0f}
GROUP BY agent HAVING length(idle) > 0 ORDER BY length(idle) DESC, agent"""):
        agent = code(row["agent"] or "the agent")
        idle = listing([code(name) for name in row["idle"]], limit=6)
        many = len(row["idle"])
        yield Candidate(
            key=(row["agent"],),
            where=f"{_OFFERED} AND {AGENT} = {literal(row['agent'])} "
            f"AND hasAny(tools_offered, {_array(row['idle'])})",
            title=(
                f"{agent} sends {count(many, 'tool')} with every request that no run has ever "
                "called"
            ),
            summary=(
                f"{idle} {'was' if many == 1 else 'were'} offered in "
                f"{count(row['calls'], 'request')} of {count(row['runs'], 'run')} and never called "
                f"({percent(many / row['tools'])} of the tools on offer)."
            ),
            root_cause=(
                "Their definitions are part of every prompt, cost tokens each time, and are so "
                "many more ways to choose wrongly."
            ),
            fix=Fix(
                summary="Offer these tools only where they can be needed.",
                where="harness",
                steps=[
                    f"Take {idle} out of this agent, or offer them only in the state of the "
                    "conversation that needs them.",
                    "If one should have been used, compare its description with the requests it "
                    "was meant for.",
                ],
            ),
            harm="hygiene",
            certainty=0.9,
            cite=Cite("offer", anchor=row["idle"][0], note=lambda _: "on offer here"),
        )


def _array(names: list[str]) -> str:
    return "[" + any_of(names)[1:-1] + "]"
