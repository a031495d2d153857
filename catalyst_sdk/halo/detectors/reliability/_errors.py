"""Errors grouped by their folded message: those that end runs, and those that runs survive."""

from __future__ import annotations

from collections.abc import Iterator

from catalyst_sdk.findings import Fix
from catalyst_sdk.halo._candidate import Candidate, Cite
from catalyst_sdk.halo._dataset import Dataset
from catalyst_sdk.halo._words import code, count, duration, quoted, share, times
from catalyst_sdk.halo.detectors._detector import detector
from catalyst_sdk.halo.detectors._sql import turn_waste
from catalyst_sdk.halo.detectors.reliability._advice import Advice, advice_for
from catalyst_sdk.halo.detectors.reliability._groups import (
    ErrorGroup,
    error_groups,
    group_filter,
    group_where,
)

__all__ = ["recovered_error", "run_ending_error"]

_MOST = 8
"""Findings per detector; what is left out is said in the report."""
_NEEDS = ("1", "spans")


def _ends_runs(group: ErrorGroup) -> bool:
    """Most runs that meet it end, or enough do that no one would call it survived."""
    return group.broken * 2 >= group.traces or group.broken >= 5


@detector(
    "run-ending-error",
    category="reliability",
    looks_for="An error, grouped by place and folded message, that is the last thing runs do.",
    needs=_NEEDS,
    in_order="no error ended a run",
    family="failure",
    min_traces=(2, "two runs lost to one cause are worth a look; one may be chance"),
)
def run_ending_error(data: Dataset) -> Iterator[Candidate]:
    """Yield one candidate for each group that ends runs."""
    groups = [g for g in error_groups(data, "other", by_signature=True) if _ends_runs(g)]
    groups = [g for g in groups if data.is_case(g.traces)]
    if len(groups) > _MOST:
        data.leave_out(f"{len(groups) - _MOST} rarer errors that end runs are not listed.")
    for group in groups[:_MOST]:
        site, advice = code(group.site), _advice(group)
        ended = (
            "all of them ended there"
            if group.broken == group.traces
            else f"{share(group.broken, group.traces, 'runs')} ended there"
        )
        yield _candidate(
            data,
            group,
            title=f"Runs end without a result when {site} fails with {quoted(_words(group), 90)}",
            summary=(
                f"{count(group.traces, 'run')} met this error ({count(group.spans, 'span')}, "
                f"numbers and ids folded); {ended}.{_retries(group)}"
            ),
            root_cause=(
                f"{advice.why} Nothing between {site} and the end of the run catches it: the "
                "exception reaches the top and the user gets no answer."
            ),
            fix=Fix(
                summary=advice.summary,
                where=advice.where,
                steps=[
                    *advice.steps,
                    "Catch what remains where the agent calls it, and end the run with an honest "
                    "sentence to the user instead of an exception.",
                ],
            ),
        )


@detector(
    "recovered-error",
    category="reliability",
    looks_for="An error, grouped by place and folded message, after which runs go on.",
    needs=_NEEDS,
    in_order="no error came up again and again",
    family="failure",
    min_traces=(3, "an error that runs survive matters when it is systematic"),
)
def recovered_error(data: Dataset) -> Iterator[Candidate]:
    """Yield one candidate for each group that runs survive."""
    groups = [g for g in error_groups(data, "other", by_signature=True) if not _ends_runs(g)]
    groups = [g for g in groups if data.is_case(g.traces)]
    if len(groups) > _MOST:
        data.leave_out(f"{len(groups) - _MOST} rarer errors that runs survive are not listed.")
    for group in groups[:_MOST]:
        advice = _advice(group)
        lost = f"; {group.broken} did not survive it" if group.broken else ""
        yield _candidate(
            data,
            group,
            title=(
                f"{code(group.site)} fails with {quoted(_words(group), 90)} in "
                f"{count(group.traces, 'run')}, each time at the cost of a detour"
            ),
            summary=(
                f"{count(group.spans, 'span')} in {count(group.traces, 'run')} failed with this "
                f"error (numbers and ids folded); the runs went on{lost}.{_retries(group)}"
            ),
            root_cause=advice.why,
            fix=Fix(summary=advice.summary, where=advice.where, steps=list(advice.steps)),
        )


def _words(group: ErrorGroup) -> str:
    if group.message:
        return group.message
    return group.error_type or "an error without a message"


def _advice(group: ErrorGroup) -> Advice:
    return advice_for(group.error_type, group.message, code(group.site), group.kind)


def _retries(group: ErrorGroup) -> str:
    """What the model did next, for tools."""
    if group.kind != "TOOL" or not group.retried_same + group.retried_changed:
        return f" A failing call takes {duration(group.seconds)}." if group.seconds > 1 else ""
    parts: list[str] = []
    if group.retried_same:
        parts.append(f"{times(group.retried_same)} with the very same arguments")
    if group.retried_changed:
        parts.append(f"{times(group.retried_changed)} with other arguments")
    return f" The tool was called again {' and '.join(parts)}."


def _candidate(
    data: Dataset, group: ErrorGroup, *, title: str, summary: str, root_cause: str, fix: Fix
) -> Candidate:
    where = group_where(group, "other")
    ends = _ends_runs(group)
    return Candidate(
        key=(group.kind, group.site, group.signature),
        where=where,
        title=title,
        summary=summary,
        root_cause=root_cause,
        fix=fix,
        harm="breaks" if ends else "wastes",
        broken=group.broken if ends else None,
        certainty=0.95,
        filter=group_filter(group),
        waste=turn_waste(data.pinned(where)),
        cite=Cite("error"),
    )
