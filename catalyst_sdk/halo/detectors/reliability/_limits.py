"""Calls that run into a limit outside the agent: rate, quota, context window."""

from __future__ import annotations

from collections.abc import Iterator

from catalyst_sdk.findings import Fix
from catalyst_sdk.halo._candidate import Candidate
from catalyst_sdk.halo._dataset import Dataset
from catalyst_sdk.halo._words import code, count, quoted, tokens
from catalyst_sdk.halo.detectors._detector import detector
from catalyst_sdk.halo.detectors._sql import SITE, literal
from catalyst_sdk.halo.detectors.reliability._groups import (
    ErrorGroup,
    error_groups,
    group_where,
)
from catalyst_sdk.halo.detectors.reliability._limit import ended_words, limit_candidate

__all__ = ["context_overflow", "quota", "rate_limit"]

_NEEDS = ("1", "spans")


@detector(
    "rate-limit",
    category="reliability",
    looks_for="Requests refused because too many were sent (429, overloaded, throttled).",
    needs=_NEEDS,
    in_order="no rate limits hit",
    family="failure",
    min_traces=(2, "two runs refused show that the load passes the limit"),
)
def rate_limit(data: Dataset) -> Iterator[Candidate]:
    """Yield one candidate for each model or tool that is throttled."""
    for group in error_groups(data, "rate_limit", by_signature=False):
        if not data.is_case(group.traces):
            continue
        site, bursts = code(group.site), _bursts(data, group)
        yield limit_candidate(
            data,
            group,
            "rate_limit",
            title=(
                f"{site} refuses requests for sending too many, "
                + (
                    f"and {count(group.broken, 'run ends', 'runs end')} there"
                    if group.broken
                    else f"and {count(group.traces, 'run has', 'runs have')} to wait or do without"
                )
            ),
            summary=(
                f"{count(group.spans, 'request')} to {site} in {count(group.traces, 'run')} were "
                f"refused; {ended_words(group)}. The first one said "
                f"{quoted(group.message)}.{bursts}"
            ),
            root_cause=(
                f"Nothing on the sending side knows the limit of {site}: each run sends as soon as "
                "it can, and what is too much is found out by being refused."
            ),
            fix=Fix(
                summary=f"Keep the rate to {site} below its limit on your side, and wait as told.",
                where="harness",
                steps=[
                    "Put one limiter in front of all runs of the process (requests and tokens per "
                    "minute), set a little below the provider's limit.",
                    "On 429 wait for `Retry-After` (else back off with jitter), at most three "
                    "times; the provider's client does this when `max_retries` is not 0.",
                    "Move work that can wait (batches, evaluations) to another key or the batch "
                    "API, so that it does not compete with users.",
                ],
            ),
        )


def _bursts(data: Dataset, group: ErrorGroup) -> str:
    """Say whether refusals come when much is sent."""
    row = data.row(f"""
SELECT countIf(refused > 0) AS minutes,
  avgIf(sent, refused > 0) AS busy, avgIf(sent, refused = 0) AS calm
FROM (
  SELECT intDiv(start_ns, 60000000000) AS minute, count() AS sent,
    countIf({group_where(group, "rate_limit")}) AS refused
  FROM spans WHERE kind = {literal(group.kind)} AND {SITE} = {literal(group.site)} GROUP BY minute
)""")
    calm = row.get("calm") or 0.0
    if not row or row["minutes"] < 1 or not calm > 0 or row["busy"] < 1.5 * calm:
        return ""
    return (
        f" They fall into {count(row['minutes'], 'minute')} in which {row['busy']:.0f} requests a "
        f"minute were sent; in the others it was {calm:.0f}."
    )


@detector(
    "quota",
    category="reliability",
    looks_for="Requests refused because the account's quota or credit is used up.",
    needs=_NEEDS,
    in_order="no quota used up",
    family="failure",
    min_traces=(1, "one is enough: until someone pays or waits, every later request fails too"),
)
def quota(data: Dataset) -> Iterator[Candidate]:
    """Yield one candidate for each provider whose quota ran out."""
    for group in error_groups(data, "quota", by_signature=False):
        site = code(group.site)
        yield limit_candidate(
            data,
            group,
            "quota",
            title=f"The quota for {site} is used up, so its requests fail until it is raised",
            summary=(
                f"{count(group.spans, 'request')} in {count(group.traces, 'run')} were refused "
                f"with {quoted(group.message)}; {ended_words(group)}."
            ),
            root_cause=(
                "The account's credit or monthly quota is exhausted. Unlike a rate limit this does "
                "not pass by waiting some seconds; retries only add delay."
            ),
            fix=Fix(
                summary="Raise the quota, alert before it ends, and do not retry this error.",
                where="infra",
                steps=[
                    "Top up the account or raise its limit.",
                    "Set a budget alert at 80%.",
                    "Tell quota errors from rate limits in the harness: end at once, or fall back "
                    "to a second provider.",
                ],
            ),
        )


@detector(
    "context-overflow",
    category="reliability",
    looks_for="Model requests refused because the prompt is longer than the context window.",
    needs=("kind = 'LLM'", "model calls"),
    in_order="no prompt outgrew the context window",
    family="failure",
    min_traces=(1, "each one is a lost turn, and longer runs will all get there"),
)
def context_overflow(data: Dataset) -> Iterator[Candidate]:
    """Yield one candidate for each model whose window overflows."""
    for group in error_groups(data, "context", by_signature=False):
        if not data.is_case(group.traces):
            continue
        site = code(group.site)
        before = data.row(f"""
SELECT max(prompt_tokens) AS largest FROM spans
WHERE trace_id IN (SELECT trace_id FROM spans WHERE {group_where(group, "context")})""")
        largest = before.get("largest") or 0
        grown = (
            f" The largest prompt that still fitted had {tokens(largest)} tokens."
            if largest >= 8000
            else ""
        )
        yield limit_candidate(
            data,
            group,
            "context",
            title=f"Prompts outgrow the context window of {site} and the request is refused",
            summary=(
                f"{count(group.spans, 'request')} in {count(group.traces, 'run')} were refused "
                f"with {quoted(group.message)}; {ended_words(group)}.{grown}"
            ),
            root_cause=(
                "Everything said and every tool result stays in the prompt until it no longer "
                "fits. Nothing trims or summarises before the limit is reached."
            ),
            fix=Fix(
                summary="Trim the history before it is sent, largest tool results first.",
                where="harness",
                steps=[
                    "Count tokens before each request; at 70% of the window replace old tool "
                    "results by one-line summaries.",
                    "Cap what a single tool may return, with a way to ask for more.",
                    "As a last resort start a fresh context with a summary of the run so far.",
                ],
            ),
        )
