"""Answers refused by the model or stopped by a content filter."""

from __future__ import annotations

from collections.abc import Iterator

from catalyst_sdk.findings import Fix
from catalyst_sdk.halo._candidate import Candidate, Cite
from catalyst_sdk.halo._dataset import Dataset
from catalyst_sdk.halo._stats import wilson
from catalyst_sdk.halo._words import code, count, share
from catalyst_sdk.halo.detectors._detector import detector
from catalyst_sdk.halo.detectors._sql import own_waste
from catalyst_sdk.halo.detectors.quality._model_calls import bad_calls, filter_bad, where_bad
from catalyst_sdk.halo.detectors.reliability._groups import CLASS

__all__ = ["blocked_answer", "refusal"]

_BLOCKED = (
    "(lower(finish_reason) IN ('content_filter', 'safety', 'content_filtered', "
    "'guardrail_intervened', 'prohibited_content') OR status = 'ERROR' AND kind = 'LLM' AND "
    f"{CLASS} = 'content_filter')"
)


@detector(
    "refusal",
    category="quality",
    looks_for="Answers in which the model refuses what it was asked.",
    needs=("kind = 'LLM' AND output_size > 0", "recorded answers"),
    in_order="no refusals",
    family="refused",
    min_traces=(3, "a refusal now and then is right; three alike are a prompt that provokes them"),
    rate=(0.01, "share of answers, at the lower bound"),
)
def refusal(data: Dataset) -> Iterator[Candidate]:
    """Yield one candidate for each agent and model that refuses."""
    for row in bad_calls(data, "refused", "output_size > 0"):
        if wilson(row["spans"], row["calls"])[0] < data.limit("rate"):
            continue
        where = where_bad(row, "refused")
        yield Candidate(
            key=(row["agent"],),
            where=where,
            title=f"{code(row['model'])} refuses requests of {code(row['agent'] or 'the agent')}, "
            "and the user is sent away",
            summary=(
                f"{share(row['spans'], row['calls'], 'answers')}, in "
                f"{count(row['traces'], 'run')}, are refusals by their wording or their refusal "
                "field."
            ),
            root_cause=(
                "Either the prompt forbids more than it means to, or requests look riskier to the "
                "model than they are because it lacks the context."
            ),
            fix=Fix(
                summary="Read what was refused; say in the prompt what is allowed and what to do "
                "instead.",
                where="prompt",
                steps=[
                    "Sort the cited requests: should have been served, or rightly refused.",
                    "For the first, state the permitted case in the system prompt with one "
                    "example.",
                    "For the second, give the agent a way to help anyway (hand-off, link, form).",
                ],
            ),
            harm="degrades",
            certainty=0.8,
            filter=filter_bad(row, ("refused", "yes")),
            waste=own_waste(data.pinned(where)),
            cite=Cite("output"),
        )


@detector(
    "blocked-answer",
    category="quality",
    looks_for="Requests or answers stopped by a content filter.",
    needs=("kind = 'LLM'", "model calls"),
    in_order="no content filter stepped in",
    family="refused",
    min_traces=(2, "two blocked users are worth a look at what they asked"),
)
def blocked_answer(data: Dataset) -> Iterator[Candidate]:
    """Yield one candidate for each agent and model that is filtered."""
    for row in bad_calls(data, _BLOCKED, "1"):
        where = where_bad(row, _BLOCKED)
        yield Candidate(
            key=(row["agent"],),
            where=where,
            title=(
                "The provider's content filter stops answers of "
                f"{code(row['model'] or 'the model')} and nothing takes their place"
            ),
            summary=(
                f"{share(row['spans'], row['calls'], 'requests')}, in "
                f"{count(row['traces'], 'run')}, ended with the content filter."
            ),
            root_cause=(
                "Text in the prompt (a user's words, a retrieved page, a tool result) trips the "
                "filter; the harness passes the empty or broken answer on."
            ),
            fix=Fix(
                summary="Handle the filter as an outcome of its own, and find the text that "
                "trips it.",
                where="harness",
                steps=[
                    "On finish reason `content_filter` tell the user plainly and offer another "
                    "way.",
                    "Compare the cited inputs: user text, or content your tools bring in?",
                    "If it is false alarm, adjust the filter's level with the provider.",
                ],
            ),
            harm="degrades",
            certainty=0.95,
            filter=filter_bad(row, ("finish", "content_filter")),
            waste=own_waste(data.pinned(where)),
            cite=Cite("input", note=lambda _: "what was asked"),
        )
