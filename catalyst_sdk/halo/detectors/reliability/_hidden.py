"""Failures that no status shows: errors inside payloads, and traces that arrive with holes."""

from __future__ import annotations

from collections.abc import Iterator

from catalyst_sdk.findings import Fix
from catalyst_sdk.halo._candidate import Candidate, Cite, Row
from catalyst_sdk.halo._dataset import Dataset
from catalyst_sdk.halo._words import code, count, quoted, readable, share
from catalyst_sdk.halo.detectors._detector import detector
from catalyst_sdk.halo.detectors._filters import core_of, site_term, terms
from catalyst_sdk.halo.detectors._sql import SITE, literal, turn_waste
from catalyst_sdk.halo.detectors.reliability._advice import advice_for

__all__ = ["incomplete_trace", "soft_error"]


@detector(
    "soft-error",
    category="reliability",
    looks_for="Results that say they failed (success=false, HTTP 4xx/5xx, a traceback) under a "
    "status that says OK.",
    needs=(
        "kind IN ('TOOL', 'RETRIEVER', 'CHAIN', 'AGENT') AND output_size > 0",
        "tool results with content",
    ),
    in_order="no result hides an error behind status OK",
    family="failure",
    min_traces=(3, "single refusals are part of life; three of a kind are a failure mode"),
)
def soft_error(data: Dataset) -> Iterator[Candidate]:
    """Yield one candidate for each place and folded message."""
    found = "soft_error != '' AND status != 'ERROR'"
    groups = data.rows(f"""
SELECT kind, {SITE} AS site, soft_error AS signature, uniqExact(trace_id) AS traces,
  count() AS spans
FROM spans WHERE {found}
GROUP BY kind, site, signature ORDER BY traces DESC, spans DESC, kind, site, signature""")
    groups = [row for row in groups if data.is_case(row["traces"])]
    if len(groups) > 8:
        data.leave_out(f"{len(groups) - 8} rarer errors inside results are not listed.")
    for row in groups[:8]:
        site = code(row["site"])
        here = (
            f"kind = {literal(row['kind'])} AND {SITE} = {literal(row['site'])} AND soft_error = "
            f"{literal(row['signature'])} AND status != 'ERROR'"
        )
        calls = data.row(
            f"SELECT count() AS calls FROM spans WHERE kind = {literal(row['kind'])} AND {SITE} = "
            f"{literal(row['site'])}"
        )["calls"]
        advice = advice_for("", row["signature"], site)
        yield Candidate(
            key=(row["kind"], row["site"], row["signature"]),
            where=here,
            title=f"{site} fails with {quoted(readable(row['signature']), 90)} but reports success",
            summary=(
                f"{share(row['spans'], calls, 'calls')} of {site}, in "
                f"{count(row['traces'], 'run')}, returned an error in their content while the "
                "span's status is OK: no error rate and no alert has counted them."
            ),
            root_cause=(
                f"{advice.why} The tool turns the failure into an ordinary result, so only the "
                "model sees it, as text among text."
            ),
            fix=Fix(
                summary=f"{advice.summary} Mark the span as failed, so that it is counted.",
                where=advice.where,
                steps=[
                    *advice.steps,
                    "Set the span's status to ERROR when the result is an error (raise inside the "
                    "traced function and translate it for the model outside).",
                ],
            ),
            harm="degrades",
            certainty=0.85,
            filter=terms(
                ("kind", row["kind"]),
                site_term(row["kind"], row["site"]),
                ("error", core_of(row["signature"])),
                ("-status", "error"),
            ),
            waste=turn_waste(data.pinned(here)),
            cite=Cite("output"),
        )


_ORPHAN = (
    "parent_span_id != '' AND (trace_id, parent_span_id) NOT IN (SELECT trace_id, span_id FROM "
    "spans)"
)


@detector(
    "incomplete-trace",
    category="reliability",
    looks_for="Traces without their root or with spans missing, and spans that never ended.",
    needs=("1", "spans"),
    in_order="all traces are whole",
    family="holes",
    min_traces=(2, "one can be a run still going on when the file was cut"),
)
def incomplete_trace(data: Dataset) -> Iterator[Candidate]:
    """Yield one candidate for holes and one for spans without an end."""
    for key, where, words in (
        ("orphans", _ORPHAN, _HOLES),
        ("unfinished", "end_ns = 0", _UNFINISHED),
    ):
        row = data.row(
            f"SELECT uniqExact(trace_id) AS traces, count() AS spans FROM spans WHERE {where}"
        )
        if not data.is_case(row["traces"]):
            continue
        yield Candidate(
            key=(key,),
            where=where,
            title=words["title"].format(runs=count(row["traces"], "run")),
            summary=words["summary"].format(
                spans=count(row["spans"], "span"),
                share=share(row["traces"], data.totals.traces, "traces"),
            ),
            root_cause=words["cause"],
            fix=Fix(
                summary=words["fix"],
                where="harness",
                steps=[
                    "Call `catalyst_sdk.shutdown()` (or `flush()`) before the process may be "
                    "frozen or killed: in the lambda handler, the worker's stop hook, the CLI's "
                    "end.",
                    "Handle SIGTERM so that the exporter gets its last seconds.",
                    "Look at what ended the cited runs: a crash there takes spans with it.",
                ],
            ),
            harm="hygiene",
            certainty=0.9,
            cite=Cite("fact", anchor="parent_span_id" if key == "orphans" else "name", note=_name),
        )


def _name(row: Row) -> str:
    return f"{quoted(row['name'], 50)} stands without its {'parent' if row['end_ns'] else 'end'}"


_HOLES = {
    "title": "{runs} arrive with spans missing above others, so their course cannot be trusted",
    "summary": "{spans} name a parent that is not in the data; {share} are affected.",
    "cause": (
        "The parent was never exported: the process ended before its last batch was sent, the "
        "parent's service is not traced or is sampled differently, or the data was cut in time."
    ),
    "fix": "Flush before the process ends, and sample whole traces only.",
}
_UNFINISHED = {
    "title": "{runs} contain steps that never ended: they were killed or hung in the middle",
    "summary": "{spans} have a start and no end; {share} are affected.",
    "cause": (
        "The process was killed, crashed or is still waiting inside these spans. What they were "
        "doing last is the place to look."
    ),
    "fix": "Give the cited steps a time limit, and end spans in a `finally`.",
}
