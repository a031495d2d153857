"""How conversations go: users who ask again, agents that pass work to and fro."""

from __future__ import annotations

from collections.abc import Iterator

from catalyst_sdk.findings import Fix
from catalyst_sdk.halo._candidate import Candidate, Cite
from catalyst_sdk.halo._dataset import Dataset
from catalyst_sdk.halo._stats import wilson
from catalyst_sdk.halo._words import code, count, share
from catalyst_sdk.halo.detectors._detector import detector
from catalyst_sdk.halo.detectors._sql import AGENT, FAILED, literal, own_waste, pairs

__all__ = ["handoff_pingpong", "user_repeats"]

_FROM_RUN_TO_RUN = f"""
SELECT trace_id, root AS span_id, agent, asked, before.1 AS asked_before FROM (
  SELECT *, lagInFrame((asked, trace_id)) OVER (
      PARTITION BY session ORDER BY began, trace_id
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS before
  FROM (
    SELECT trace_id, argMin(span_id, (parent_span_id != '', start_ns, span_id)) AS root,
      argMin(session_id, (parent_span_id != '', start_ns, span_id)) AS session,
      argMin(input_preview, (parent_span_id != '', start_ns, span_id)) AS asked,
      argMin({AGENT}, (parent_span_id != '', start_ns, span_id)) AS agent,
      min(start_ns) AS began
    FROM spans WHERE session_id != '' GROUP BY trace_id
  )
)
"""
"""Each run of a session: what was asked, and what had been asked in the run before."""
_WITHIN_RUNS = f"""
SELECT trace_id, span_id, agent, asked, before.1 AS asked_before FROM (
  SELECT trace_id, span_id, {AGENT} AS agent, input_preview AS asked, message_count,
    lagInFrame((input_preview, message_count)) OVER (
      PARTITION BY trace_id, {AGENT}, system_hash ORDER BY start_ns, span_id
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS before
  FROM spans WHERE kind = 'LLM' AND system_hash != 0 AND message_count > 1
)
WHERE before.1 != asked AND message_count > before.2
"""
"""Each turn of a conversation within a run: the last user message, and the one before it."""
_FOLLOW_UPS = f"""
SELECT trace_id, span_id, agent, lowerUTF8(asked) AS said, lowerUTF8(asked_before) AS said_before
FROM (SELECT * FROM ({_FROM_RUN_TO_RUN})
  UNION ALL SELECT * FROM ({_WITHIN_RUNS}))
WHERE asked != '' AND asked_before != ''
  AND NOT match(asked, '^\\\\s*([\\\\[{{<`]|(?i)(observation|tool|function|result|context)\\\\b)')
"""
_OBJECTS = (
    "'(asked|told|said) (you )?(that |this )?(already|before)|already (asked|told|said)|not what i "
    "(asked|meant|wanted)|that.s (wrong|not right|not what i)|asking again|same question|you "
    "(didn.t|did not) answer|^again\\\\b|my question (was|is)|i repeat|once more|as i "
    "(said|wrote|asked|told)|(is|be|been|are) (a |some "
    ")?(confusion|misunderst|mix-?up)|encountering (some |a )?(confusion|misunderst|mix)|check "
    "(that |this |it )?again|you (please )?double.?check'"
)
"""SQL pattern: words with which people say that the answer before missed the point."""
_AGREES = "'^(yes|yeah|ok|okay|sure|great|thank|perfect|alright|got it|no problem)'"
_GAPS = "'[^\\\\pL\\\\pN]+'"
_JUDGED = f"""
SELECT trace_id, span_id, agent,
  arrayDistinct(arrayFilter(w -> lengthUTF8(w) > 2, splitByRegexp({_GAPS}, said))) AS words,
  arrayDistinct(arrayFilter(w -> lengthUTF8(w) > 2, splitByRegexp({_GAPS}, said_before)))
    AS known,
  length(arrayIntersect(words, known)) AS shared,
  lengthUTF8(said) >= 12 AND NOT match(said, {_AGREES})
    AND (ngramDistanceUTF8(said, said_before) <= 0.3
      OR shared >= 5 AND shared >= 0.75 * least(length(words), length(known))
      OR match(said, {_OBJECTS})) AS again
FROM ({_FOLLOW_UPS})
"""


@detector(
    "user-repeats",
    category="quality",
    looks_for="Users who ask the same again in their next turn, or say that they were "
    "misunderstood.",
    needs=(
        "kind = 'LLM' AND system_hash != 0 AND message_count > 2 OR session_id IN (SELECT "
        "session_id FROM traces WHERE session_id != '' GROUP BY session_id HAVING count() > 1)",
        "conversations of several turns",
    ),
    in_order="users do not have to ask twice",
    family="repeats",
    min_traces=(3, "three runs; people also repeat themselves without cause"),
    rate=(0.01, "share of follow-up turns, at the lower bound"),
)
def user_repeats(data: Dataset) -> Iterator[Candidate]:
    """Yield one candidate for each agent whose users ask again."""
    for row in data.rows(f"""
SELECT agent, count() AS follow_ups, countIf(again) AS turns, uniqExactIf(trace_id, again) AS traces
FROM ({_JUDGED}) GROUP BY agent ORDER BY traces DESC, agent"""):
        low, _ = wilson(row["turns"], row["follow_ups"])
        if not data.is_case(row["traces"], low >= data.limit("rate")):
            continue
        where = pairs(
            f"SELECT trace_id, span_id FROM ({_JUDGED}) WHERE again AND agent = "
            f"{literal(row['agent'])}"
        )
        yield Candidate(
            key=(row["agent"],),
            where=where,
            title=(
                f"Users of {code(row['agent'] or 'the agent')} ask again or object, because the "
                "answer before missed the point"
            ),
            summary=(
                f"{share(row['turns'], row['follow_ups'], 'follow-up turns')}, in "
                f"{count(row['traces'], 'run')}, repeat or rephrase the question before, or say "
                "that it was misunderstood."
            ),
            root_cause=(
                "The earlier answer missed the question, was incomplete or not believed. The cited "
                f"turns show what people insist on.{_after_failures(data, where, row['traces'])}"
            ),
            fix=Fix(
                summary="Answer what was asked, and change course when a question comes back.",
                where="prompt",
                steps=[
                    "Read the cited turns with the answer before them and name what was missing.",
                    "Put that into the prompt as a rule with one example.",
                    "Tell the agent: when a user repeats a question, say what could not be done "
                    "and ask one precise question, instead of answering alike.",
                ],
                patch="If the user asks the same again or says they were misunderstood, do not "
                "repeat your answer. Say in one sentence what you did and did not do, then ask for "
                "the one detail you need, or offer to hand over to a person.",
            ),
            harm="degrades",
            certainty=0.7,
            cite=Cite("input", note=lambda _: "asked again, or objected"),
        )


def _after_failures(data: Dataset, where: str, runs: int) -> str:
    """Say in how many of the runs a tool had failed the agent."""
    failed = data.row(f"""
SELECT uniqExact(trace_id) AS n FROM spans WHERE kind = 'TOOL' AND {FAILED}
  AND trace_id IN (SELECT trace_id FROM spans WHERE {data.pinned(where)})""")["n"]
    return f" In {failed} of the {runs} runs a tool had failed." if failed else ""


def _alternating(sequence: str) -> str:
    """SQL: traces in which the same two names come in turn four times, and these names."""
    return f"""
SELECT trace_id, arrayFilter(i -> names[i] = names[i + 2] AND names[i + 1] = names[i + 3]
    AND names[i] != names[i + 1], range(1, greatest(1, length(names) - 2))) AS starts,
  least(names[starts[1]], names[starts[1] + 1]) AS one,
  greatest(names[starts[1]], names[starts[1] + 1]) AS two
FROM (
  SELECT trace_id, arrayMap(s -> s.3, arraySort(groupArray((start_ns, span_id, who)))) AS all_names,
    arrayMap(p -> p.1, arrayFilter(p -> p.1 != p.2,
      arrayZip(all_names, arrayPushFront(arrayPopBack(all_names), '')))) AS names
  FROM ({sequence}) GROUP BY trace_id HAVING length(all_names) >= 4
) WHERE length(starts) > 0
"""


_AGENTS_IN_TURN = _alternating(
    "SELECT trace_id, start_ns, span_id, toString(if(agent_name != '', agent_name, agent_id)) AS "
    "who FROM spans WHERE kind = 'AGENT' AND (agent_name != '' OR agent_id != '')"
)
_TARGETS_IN_TURN = _alternating(
    "SELECT trace_id, start_ns, span_id, toString(handoff_target) AS who FROM spans WHERE "
    "handoff_target != ''"
)
_PINGPONG = (
    f"SELECT trace_id, one, two FROM ({_AGENTS_IN_TURN}) UNION DISTINCT SELECT trace_id, one, two "
    f"FROM ({_TARGETS_IN_TURN})"
)


@detector(
    "handoff-pingpong",
    category="quality",
    looks_for="Agents that hand the same run to and fro: A, B, A, B.",
    needs=("kind = 'AGENT' AND parent_span_id != '' OR handoff_target != ''", "hand-offs"),
    in_order="no run is passed to and fro",
    family="handoffs",
    min_traces=(2, "two runs; handing back once is normal and is not counted"),
)
def handoff_pingpong(data: Dataset) -> Iterator[Candidate]:
    """Yield one candidate for each pair of agents that play ping-pong."""
    for row in data.cases(
        "pairs of agents",
        f"""
SELECT one, two, uniqExact(trace_id) AS traces FROM ({_PINGPONG})
GROUP BY one, two ORDER BY traces DESC, one, two""",
    ):
        runs = (
            f"trace_id IN (SELECT trace_id FROM ({_PINGPONG}) WHERE one = {literal(row['one'])} "
            f"AND two = {literal(row['two'])})"
        )
        names = f"({literal(row['one'])}, {literal(row['two'])})"
        where = (
            f"{runs} AND (kind = 'AGENT' AND (agent_name IN {names} OR agent_id IN {names}) OR "
            f"handoff_target IN {names})"
        )
        one, two = code(row["one"]), code(row["two"])
        turns = data.row(f"SELECT count() AS n FROM spans WHERE {where}")["n"] / row["traces"]
        yield Candidate(
            key=(row["one"], row["two"]),
            where=where,
            title=f"{one} and {two} hand the same run to and fro, and neither takes it on",
            summary=(
                f"In {count(row['traces'], 'run')} work changes between {one} and {two} at least "
                f"four times, {turns:.0f} steps a run."
            ),
            root_cause=(
                f"Each believes the request is the other's: the descriptions of {one} and {two} "
                "overlap or leave a gap, and a hand-off does not say why it was made."
            ),
            fix=Fix(
                summary="Draw the line between the two, and forbid handing straight back.",
                where="prompt",
                steps=[
                    f"Write into both prompts which requests belong to {one} and which to {two}; "
                    "use the cited ones as examples.",
                    "Give each hand-off a reason and what has been tried; the receiver must act or "
                    "ask the user.",
                    "In the harness, refuse the second hand-off back within a run.",
                ],
            ),
            harm="degrades",
            certainty=0.9,
            waste=own_waste(f"kind = 'LLM' AND {runs} AND {AGENT} IN {names}"),
            cite=Cite("input", note=lambda r: f"here it is with {code(r['agent_name'])}"),
        )
