"""Calls given up because they took too long."""

from __future__ import annotations

from collections.abc import Iterator

from catalyst_sdk.findings import Fix
from catalyst_sdk.halo._candidate import Candidate, Row
from catalyst_sdk.halo._dataset import Dataset
from catalyst_sdk.halo._words import code, count, duration
from catalyst_sdk.halo.detectors._detector import detector
from catalyst_sdk.halo.detectors._sql import SITE, literal
from catalyst_sdk.halo.detectors.reliability._groups import (
    ErrorGroup,
    error_groups,
)
from catalyst_sdk.halo.detectors.reliability._limit import ended_words, limit_candidate

__all__ = ["timeout"]

_NEEDS = ("1", "spans")


@detector(
    "timeout",
    category="reliability",
    looks_for="Calls that are given up because they took too long, by tool or model.",
    needs=_NEEDS,
    in_order="no timeouts",
    family="failure",
    min_traces=(2, "a timeout in two runs is more than a hiccup of the network"),
)
def timeout(data: Dataset) -> Iterator[Candidate]:
    """Yield one candidate for each tool or model that times out."""
    for group in error_groups(data, "timeout", by_signature=False):
        if not data.is_case(group.traces):
            continue
        site = code(group.site)
        good = data.row(f"""
SELECT count() AS calls, quantileExact(0.5)(duration_ns) / 1e9 AS middle,
  quantileExact(0.95)(duration_ns) / 1e9 AS tail
FROM spans WHERE kind = {literal(group.kind)} AND {SITE} = {literal(group.site)}
  AND status != 'ERROR' AND end_ns != 0""")
        yield limit_candidate(
            data,
            group,
            "timeout",
            title=(
                f"{site} times out and makes "
                + (
                    f"{count(group.traces, 'run')} wait {duration(group.seconds)} for nothing"
                    if group.seconds >= 1
                    else f"{count(group.traces, 'run')} do without its answer"
                )
            ),
            summary=(
                f"{count(group.spans, 'call')} of {site} in {count(group.traces, 'run')} timed "
                f"out; {ended_words(group)}.{_against(good, group)}{_blind(group)}"
            ),
            root_cause=_timeout_cause(good, group, site),
            fix=_timeout_fix(good, group, site),
        )


def _against(good: Row, group: ErrorGroup) -> str:
    if not good.get("calls"):
        return " Not one call of it succeeded."
    return (
        f" A failing call is held for {duration(group.seconds)}; the {count(good['calls'])} that "
        f"succeeded took {duration(good['middle'])} (95% under {duration(good['tail'])})."
    )


def _blind(group: ErrorGroup) -> str:
    if not group.retried_same:
        return ""
    return f" {count(group.retried_same, 'of them was', 'of them were')} repeated unchanged."


def _timeout_cause(good: Row, group: ErrorGroup, site: str) -> str:
    if not good.get("calls"):
        return (
            f"{site} never answers within its limit of about {duration(group.seconds)}: either the "
            "limit is below what the work takes, or what is behind it is down."
        )
    if group.seconds > 3 * good["tail"]:
        return (
            f"The limit of {site} is far above what a working call needs: when the service behind "
            f"it hangs, the run waits {duration(group.seconds)} although after "
            f"{duration(good['tail'])} there is next to no hope of an answer."
        )
    return (
        f"The limit of {site} cuts into its normal range: working calls come close to "
        f"{duration(good['tail'])}, and the slow ones are cut off at {duration(group.seconds)}."
    )


def _timeout_fix(good: Row, group: ErrorGroup, site: str) -> Fix:
    waits_too_long = bool(good.get("calls")) and group.seconds > 3 * good["tail"]
    limit = 3 * good["tail"] if waits_too_long else 0.0
    steps = (
        [
            f"Set the limit of {site} to about {duration(limit)} (three times the 95th percentile "
            "of the calls that work)."
        ]
        if waits_too_long
        else [
            f"Find out what {site} waits for; the cited spans give the arguments and the times. "
            "Make that faster, or give slow requests a limit that fits them."
        ]
    )
    steps += [
        "Retry once inside the tool after a short jittered wait, not by way of the model.",
        "When the retry fails too, return a sentence the model can act on (“the lookup is down; "
        "tell the customer and offer to follow up”) and tell the prompt not to call it again in "
        "this run.",
        "If many runs fail within the same minutes, add a circuit breaker so that later runs skip "
        "the wait.",
    ]
    return Fix(
        summary=f"Fail fast in {site}, retry once in code, and tell the model what to do next.",
        where="tool" if group.kind == "TOOL" else "harness",
        steps=steps,
    )
