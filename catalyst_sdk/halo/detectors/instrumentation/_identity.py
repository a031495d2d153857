"""Which agent a trace belongs to: missing, or split over several ids."""

from __future__ import annotations

from collections.abc import Iterator

from catalyst_sdk.findings import Fix
from catalyst_sdk.halo._candidate import Candidate, Cite
from catalyst_sdk.halo._dataset import Dataset
from catalyst_sdk.halo._words import code, count, listing, percent, share
from catalyst_sdk.halo.detectors._detector import detector
from catalyst_sdk.halo.detectors._sql import literal

__all__ = ["missing_agent", "split_agent"]

_NAMED = "SELECT trace_id FROM spans WHERE agent_id != '' OR agent_name != ''"


@detector(
    "missing-agent",
    category="instrumentation",
    looks_for="Traces in which no span says which agent it belongs to.",
    needs=("1", "spans"),
    in_order="every trace names its agent",
    family="identity",
    min_traces=(2, "a single script may be no agent"),
    share=(0.02, "of all traces: a stray one may rightly belong to no agent"),
)
def missing_agent(data: Dataset) -> Iterator[Candidate]:
    """Yield a candidate when traces are anonymous."""
    where = f"trace_id NOT IN ({_NAMED})"
    row = data.row(f"""
SELECT uniqExact(trace_id) AS traces, arraySort(groupUniqArray(5)(service)) AS services
FROM spans WHERE {where}""")
    if not data.is_case(row["traces"], row["traces"] >= data.limit("share") * data.totals.traces):
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
GROUP BY name HAVING ids > 1 ORDER BY traces DESC, name LIMIT 20"""):
        usual = data.rows(f"""
SELECT agent_id, uniqExact(trace_id) AS traces FROM spans
WHERE agent_name = {literal(row["name"])} AND agent_id != ''
GROUP BY agent_id ORDER BY traces DESC, agent_id""")
        others = sum(r["traces"] for r in usual[1:])
        if not data.is_case(others):
            continue
        each_run = row["ids"] >= 0.7 * row["traces"] and row["ids"] > 4
        name = code(row["name"])
        where = (
            f"agent_name = {literal(row['name'])} AND agent_id NOT IN ('', "
            f"{literal(usual[0]['agent_id'])})"
        )
        yield Candidate(
            key=(row["name"],),
            where=where,
            title=(
                f"{name} gets a new id with every run, so no two of its runs belong together"
                if each_run
                else f"{name} appears under {row['ids']} ids, so its history and figures are split"
            ),
            summary=(
                f"{count(row['traces'], 'run')} of {name} carry "
                f"{count(row['ids'], 'different id')}: "
                f"{listing([code(i, 24) for i in row['examples']])}; "
                f"{percent(others / max(1, row['traces']))} are not under the commonest one."
            ),
            root_cause=(
                "The id is generated at start instead of being given or derived from the name."
                if each_run
                else "Two deployments or two code paths name their id differently."
            ),
            fix=Fix(
                summary="Give the agent one id that stays, or none and let it follow from the "
                "name.",
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
