"""What is missing or wrong in the traces themselves, and blinds every other analysis."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from catalyst_sdk.findings import Fix
from catalyst_sdk.halo._candidate import Candidate, Cite, Row
from catalyst_sdk.halo._dataset import Dataset
from catalyst_sdk.halo._words import code, count, duration, listing, percent, share
from catalyst_sdk.halo.detectors._detector import detector
from catalyst_sdk.halo.detectors._sql import literal, pairs

__all__ = [
    "clock_skew",
    "double_billing",
    "missing_agent",
    "missing_content",
    "missing_usage",
    "split_agent",
]

_NAMED = "SELECT trace_id FROM spans WHERE agent_id != '' OR agent_name != ''"


@detector(
    "missing-agent",
    category="instrumentation",
    looks_for="Traces in which no span says which agent it belongs to.",
    needs=("1", "spans"),
    in_order="every trace names its agent",
    family="identity",
    min_traces=(2, "a single script may be no agent"),
    share=(0.02, "of all traces"),
)
def missing_agent(data: Dataset) -> Iterator[Candidate]:
    """Yield a candidate when traces are anonymous."""
    where = f"trace_id NOT IN ({_NAMED})"
    row = data.row(f"""
SELECT uniqExact(trace_id) AS traces, arraySort(groupUniqArray(5)(service)) AS services
FROM spans WHERE {where}""")
    if row["traces"] < data.enough() or row["traces"] < data.limit("share") * data.totals.traces:
        return
    services = listing([code(name) for name in row["services"] if name])
    yield Candidate(
        key=("agent",),
        where=where,
        title="Traces do not say which agent they belong to, so nothing can be told apart by agent",
        summary=(
            f"{share(row['traces'], data.totals.traces, 'traces')} carry neither `agent.id` nor "
            f"`agent.name` on any span" + (f"; they come from {services}." if services else ".")
        ),
        root_cause="The SDK was started without an agent's name, or runs begin outside "
        "`agent_span`.",
        fix=Fix(
            summary="Name the agent at init, or wrap each run in `agent_span`.",
            where="harness",
            steps=["Pass `agent_name` to `init`; the id is derived from it and stays stable."],
            patch='catalyst_sdk.init(agent_name="refund-agent")',
        ),
        harm="hygiene",
        certainty=0.98,
        cite=Cite("fact", anchor="name", note=lambda _: "no span of this trace names an agent"),
    )


@detector(
    "missing-usage",
    category="instrumentation",
    looks_for="Model calls that report no tokens or do not name their model.",
    needs=("kind = 'LLM' AND status != 'ERROR'", "model calls"),
    in_order="model calls report tokens and model",
    family="usage",
    min_traces=(1, "costs of even one run are unknown then"),
    share=(0.05, "of the model calls; a cancelled call may rightly have none"),
)
def missing_usage(data: Dataset) -> Iterator[Candidate]:
    """Yield a candidate for tokens and one for models."""
    done = "kind = 'LLM' AND status != 'ERROR' AND stream_outcome != 'aborted'"
    for key, lacking, words in (
        ("tokens", "NOT has_usage", "token counts"),
        ("model", "model = '' AND request_model = ''", "the name of the model"),
    ):
        where = f"{done} AND {lacking}"
        row = data.row(f"""
SELECT countIf({lacking}) AS spans, count() AS calls, uniqExactIf(trace_id, {lacking}) AS traces,
  countIf({lacking} AND stream_outcome != '') AS streams,
  arraySort(groupUniqArrayIf(5)(scope, {lacking})) AS scopes
FROM spans WHERE {done}""")
        if row["traces"] < data.enough() or row["spans"] < data.limit("share") * row["calls"]:
            continue
        scopes = listing([code(name) for name in row["scopes"] if name])
        yield Candidate(
            key=(key,),
            where=where,
            title=f"Model calls do not report {words}, so their cost is unknown",
            summary=(
                f"{share(row['spans'], row['calls'], 'model calls')} lack {words}"
                + (f"; they were recorded by {scopes}." if scopes else ".")
            ),
            root_cause=(
                "The calls are streams, which report usage only when asked to (`stream_options`)."
                if key == "tokens" and row["streams"] * 2 > row["spans"]
                else "The instrumentation or exporter in use does not record usage."
                if key == "tokens"
                else "The instrumentation that recorded these spans does not write the model's "
                "name in a form that is known, or the exporter drops it."
            ),
            fix=Fix(
                summary=f"Record {words} on every model call.",
                where="harness",
                steps=[
                    "Use an integration of this SDK for the library, or update the one in use.",
                    *(
                        [
                            'For streams pass `stream_options={"include_usage": true}` where the '
                            "provider needs it."
                        ]
                        if key == "tokens"
                        else ["Set `llm.model_name` on the span where it is made by hand."]
                    ),
                ],
            ),
            harm="hygiene",
            certainty=0.98,
            cite=Cite("fact", anchor="name", note=_lacks(words)),
        )


def _lacks(words: str) -> Callable[[Row], str]:
    return lambda _row: f"a model call without {words}"


@detector(
    "missing-content",
    category="instrumentation",
    looks_for="Model calls recorded without what was asked and what was answered.",
    needs=("kind = 'LLM' AND status != 'ERROR'", "model calls"),
    in_order="model calls carry their messages",
    family="content",
    min_traces=(1, "what a run said cannot be judged then"),
    share=(0.2, "of the model calls; some may be left out on purpose"),
)
def missing_content(data: Dataset) -> Iterator[Candidate]:
    """Yield a candidate when payloads are not captured."""
    done, lacking = "kind = 'LLM' AND status != 'ERROR'", "input_size = 0 AND output_size = 0"
    row = data.row(f"""
SELECT countIf({lacking}) AS spans, count() AS calls, uniqExactIf(trace_id, {lacking}) AS traces
FROM spans WHERE {done}""")
    if row["traces"] < data.enough() or row["spans"] < data.limit("share") * row["calls"]:
        return
    yield Candidate(
        key=("content",),
        where=f"{done} AND {lacking}",
        title="Model calls carry neither prompt nor answer, so what the agent said cannot be judged",
        summary=(
            f"{share(row['spans'], row['calls'], 'model calls')} have no input and no output. Refusals, "
            "blank or cut answers, wrong arguments and repeated requests cannot be seen in them."
        ),
        root_cause="Content capture is switched off, or the exporter drops message attributes.",
        fix=Fix(
            summary="Capture content, redacted where it must be.",
            where="harness",
            steps=[
                "Turn content capture on, with redaction patterns for personal data.",
                "If content must not leave the process, keep hashes and sizes at least; they show "
                "repeats and growth.",
            ],
        ),
        harm="hygiene",
        certainty=0.95,
        cite=Cite("fact", anchor="name", note=lambda _: "no input, no output"),
    )


_EARLY = """
SELECT c.trace_id AS trace_id, c.span_id AS span_id, c.service AS service, p.service AS above,
  p.start_ns - c.start_ns AS early
FROM (SELECT trace_id, span_id, parent_span_id, service, start_ns FROM spans
      WHERE parent_span_id != '') AS c
JOIN (SELECT trace_id, span_id, service, start_ns FROM spans) AS p
  ON c.trace_id = p.trace_id AND c.parent_span_id = p.span_id
WHERE p.start_ns > c.start_ns + 50000000
"""


@detector(
    "clock-skew",
    category="instrumentation",
    looks_for="Spans that start before their parent, or end before they start.",
    needs=("parent_span_id != ''", "spans with a parent"),
    in_order="clocks agree",
    family="clock",
    min_traces=(2, "one may be a clock being set"),
)
def clock_skew(data: Dataset) -> Iterator[Candidate]:
    """Yield a candidate when times contradict each other."""
    where = f"({pairs(f'SELECT trace_id, span_id FROM ({_EARLY})')} OR end_ns != 0 AND end_ns < start_ns)"
    row = data.row(
        f"SELECT uniqExact(trace_id) AS traces, count() AS spans FROM spans WHERE {where}"
    )
    if not row["spans"] or row["traces"] < data.enough():
        return
    off = data.rows(f"""
SELECT above, service, count() AS spans, quantileExact(0.5)(early) / 1e9 AS seconds
FROM ({_EARLY}) GROUP BY above, service ORDER BY spans DESC, above, service LIMIT 1""")
    between = (
        ""
        if not off
        else f" Between {code(off[0]['above'])} and {code(off[0]['service'])} it is typically "
        f"{duration(off[0]['seconds'])}."
        if off[0]["above"] != off[0]["service"]
        else f" Typically it is {duration(off[0]['seconds'])}."
    )
    two = bool(off) and off[0]["above"] != off[0]["service"]
    yield Candidate(
        key=("clock",),
        where=where,
        title=(
            "Clocks of two services disagree, so spans start before what called them"
            if two
            else "Spans start before their parent or end before they start, so durations are wrong"
        ),
        summary=f"{count(row['spans'], 'span')} in {count(row['traces'], 'run')} are impossible in "
        f"time by more than 50 ms.{between}",
        root_cause=(
            "The hosts' clocks are not synchronised."
            if two
            else "Times are set by hand, converted from another time zone or taken from a wall clock "
            "that was set during the run."
        ),
        fix=Fix(
            summary="Synchronise the clocks." if two else "Let the SDK take the times.",
            where="infra" if two else "harness",
            steps=[
                "Run NTP (chrony) on every host that sends traces."
                if two
                else "Do not pass start and end times by hand; or take both from one clock."
            ],
        ),
        harm="hygiene",
        certainty=0.9,
        cite=Cite("fact", anchor="name", note=lambda _: "impossible start or end"),
    )


@detector(
    "split-agent",
    category="instrumentation",
    looks_for="One agent's name under several ids, so that its history falls apart.",
    needs=("agent_id != '' AND agent_name != ''", "spans with an agent's id and name"),
    in_order="each agent has one id",
    family="identity",
    min_traces=(2, "runs under the second id; one may be a test"),
)
def split_agent(data: Dataset) -> Iterator[Candidate]:
    """Yield one candidate for each name with several ids."""
    for row in data.rows("""
SELECT agent_name AS name, uniqExact(agent_id) AS ids, uniqExact(trace_id) AS traces,
  arraySlice(arraySort(groupUniqArray(agent_id)), 1, 6) AS examples,
  topK(1)(agent_id)[1] AS usual
FROM spans WHERE agent_id != '' AND agent_name != ''
GROUP BY name HAVING ids > 1 ORDER BY traces DESC, name LIMIT 4"""):
        usual = data.rows(f"""
SELECT agent_id, uniqExact(trace_id) AS traces FROM spans
WHERE agent_name = {literal(row["name"])} AND agent_id != ''
GROUP BY agent_id ORDER BY traces DESC, agent_id""")
        others = sum(r["traces"] for r in usual[1:])
        if others < data.enough():
            continue
        each_run = row["ids"] >= 0.7 * row["traces"] and row["ids"] > 4
        name = code(row["name"])
        where = f"agent_name = {literal(row['name'])} AND agent_id NOT IN ('', {literal(usual[0]['agent_id'])})"
        yield Candidate(
            key=(row["name"],),
            where=where,
            title=(
                f"{name} gets a new id with every run, so no two of its runs belong together"
                if each_run
                else f"{name} appears under {row['ids']} ids, so its history and figures are split"
            ),
            summary=(
                f"{count(row['traces'], 'run')} of {name} carry {count(row['ids'], 'different id')}: "
                f"{listing([code(i, 24) for i in row['examples']])}; "
                f"{percent(others / max(1, row['traces']))} are not under the commonest one."
            ),
            root_cause=(
                "The id is generated at start instead of being given or derived from the name."
                if each_run
                else "Two deployments or two code paths name their id differently."
            ),
            fix=Fix(
                summary="Give the agent one id that stays, or none and let it follow from the name.",
                where="harness",
                steps=[
                    "Leave `agent_id` out of `init`: it is derived from the name and stable.",
                    "Or set the same constant everywhere, without host names or random parts.",
                ],
            ),
            harm="hygiene",
            certainty=0.95,
            cite=Cite("fact", anchor="agent.id"),
        )


_DOUBLE = """
SELECT c.trace_id AS trace_id, c.parent_span_id AS span_id, c.name AS below, p.name AS above
FROM (SELECT * FROM spans WHERE kind = 'LLM' AND has_usage) AS c
JOIN (SELECT * FROM spans WHERE kind = 'LLM' AND has_usage) AS p
  ON c.trace_id = p.trace_id AND c.parent_span_id = p.span_id
WHERE c.prompt_tokens = p.prompt_tokens AND c.completion_tokens = p.completion_tokens
"""


@detector(
    "double-billing",
    category="instrumentation",
    looks_for="The same model call recorded by two spans, one inside the other, both with tokens.",
    needs=("kind = 'LLM' AND has_usage", "model calls with token counts"),
    in_order="no model call is counted twice",
    family="usage",
    min_traces=(2, "two runs show that two instrumentations are on"),
)
def double_billing(data: Dataset) -> Iterator[Candidate]:
    """Yield a candidate when two instrumentations record one call."""
    row = data.row(f"""
SELECT uniqExact(trace_id) AS traces, uniqExact(trace_id, span_id) AS spans,
  min(above) AS outer, min(below) AS inner FROM ({_DOUBLE})""")
    if not row["spans"] or row["traces"] < data.enough():
        return
    yield Candidate(
        key=("double",),
        where=pairs(f"SELECT trace_id, span_id FROM ({_DOUBLE})"),
        title="The same model call is recorded twice, so tokens and cost read double elsewhere",
        summary=(
            f"{count(row['spans'], 'model call')} in {count(row['traces'], 'run')} contain another "
            f"with the same token counts: {code(row['outer'] or 'one span')} around "
            f"{code(row['inner'] or 'another')}. This report counts them once."
        ),
        root_cause="Two instrumentations record the same request: the framework's and the "
        "provider's.",
        fix=Fix(
            summary="Leave the model span to one of them.",
            where="harness",
            steps=[
                "Switch one off; this SDK's framework integrations leave model calls to the "
                "provider's integration when both are active."
            ],
        ),
        harm="hygiene",
        certainty=0.9,
        cite=Cite("fact", anchor="token_count"),
    )
