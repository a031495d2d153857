"""Answers that are cut off, refused, blocked, blank or not the JSON that was asked for."""

from __future__ import annotations

from collections.abc import Iterator

from catalyst_sdk.findings import Fix
from catalyst_sdk.halo._candidate import Candidate, Cite, Row
from catalyst_sdk.halo._dataset import Dataset
from catalyst_sdk.halo._stats import wilson
from catalyst_sdk.halo._words import code, count, share, tokens
from catalyst_sdk.halo.detectors._detector import detector
from catalyst_sdk.halo.detectors._sql import AGENT, literal, own_waste
from catalyst_sdk.halo.detectors.reliability._groups import CLASS

__all__ = ["blocked_answer", "cut_output", "empty_answer", "invalid_json", "refusal"]

_MODEL = "if(model != '', model, request_model)"
_CUT = "lower(finish_reason) IN ('length', 'max_tokens', 'max_output_tokens', 'model_length')"
_BLOCKED = (
    f"(lower(finish_reason) IN ('content_filter', 'safety', 'content_filtered', "
    f"'guardrail_intervened', 'prohibited_content') OR status = 'ERROR' AND kind = 'LLM' AND "
    f"{CLASS} = 'content_filter')"
)


def _by_agent(data: Dataset, bad: str, among: str) -> list[Row]:
    """Count bad model calls among others, for each agent and model, the worst first."""
    return [
        row
        for row in data.rows(f"""
SELECT {AGENT} AS agent, {_MODEL} AS model, count() AS calls, countIf({bad}) AS spans,
  uniqExactIf(trace_id, {bad}) AS traces, sumIf(total_tokens, {bad}) AS used,
  quantileExactIf(0.5)(completion_tokens, {bad}) AS typical,
  uniqExactIf(completion_tokens, {bad}) AS lengths,
  countIf({bad} AND length(tools_called) > 0) AS calling
FROM spans WHERE kind = 'LLM' AND ({among})
GROUP BY agent, model HAVING spans > 0 ORDER BY traces DESC, agent, model""")
        if row["traces"] >= data.enough()
    ]


def _where(row: Row, bad: str) -> str:
    return (
        f"kind = 'LLM' AND {bad} AND {AGENT} = {literal(row['agent'])} "
        f"AND {_MODEL} = {literal(row['model'])}"
    )


@detector(
    "cut-output",
    category="quality",
    looks_for="Answers cut off by the limit on output tokens (finish reason `length`).",
    needs=("kind = 'LLM' AND finish_reason != ''", "model calls with a finish reason"),
    in_order="no answer was cut off",
    family="emptiness",
    min_traces=(2, "two answers cut in the middle of a sentence are two too many"),
)
def cut_output(data: Dataset) -> Iterator[Candidate]:
    """Yield one candidate for each agent and model that is cut short."""
    for row in _by_agent(data, _CUT, "finish_reason != ''"):
        where = _where(row, _CUT)
        fixed = row["lengths"] <= 2 and row["typical"] > 0
        calling = (
            f" {count(row['calling'])} of them end in the middle of a tool call, whose arguments "
            "are then broken."
            if row["calling"]
            else ""
        )
        yield Candidate(
            key=(row["agent"],),
            where=where,
            title=(
                (
                    f"A limit of {row['typical']:,} output tokens cuts answers"
                    if fixed
                    else "The limit on output tokens cuts answers"
                )
                + f" of {code(row['agent'] or row['model'])} off before they are finished"
            ),
            summary=(
                f"{share(row['spans'], row['calls'], 'answers')} of {code(row['model'])}, in "
                f"{count(row['traces'], 'run')}, stop with finish reason `length`"
                + (
                    f", each at {row['typical']:,} tokens."
                    if fixed
                    else f", typically at {tokens(row['typical'])} tokens."
                )
                + calling
            ),
            root_cause=(
                "`max_tokens` is smaller than what the prompt asks for"
                + (
                    f": every cut answer has the same length, {row['typical']:,} tokens."
                    if fixed
                    else ", or the model repeats itself until the limit."
                )
                + " Nothing looks at the finish reason, so the torso is used as if it were whole."
            ),
            fix=Fix(
                summary="Raise the limit above what the longest good answer needs, and check the "
                "finish reason.",
                where="model",
                steps=[
                    f"Set `max_tokens` to about {max(512, 2 * int(row['typical'])):,}, or ask for "
                    "a shorter answer.",
                    "On finish reason `length`: continue the answer or ask for a shorter one; "
                    "never parse or show it as it is.",
                    "For structured output leave generous room: cut JSON cannot be parsed.",
                ],
            ),
            harm="degrades",
            certainty=0.98,
            cite=Cite("output", anchor="$", note=lambda _: "ends here"),
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
    for row in _by_agent(data, "refused", "output_size > 0"):
        if wilson(row["spans"], row["calls"])[0] < data.limit("rate"):
            continue
        where = _where(row, "refused")
        yield Candidate(
            key=(row["agent"],),
            where=where,
            title=f"{code(row['model'])} refuses requests of {code(row['agent'] or 'the agent')}, "
            "and the user is sent away",
            summary=(
                f"{share(row['spans'], row['calls'], 'answers')}, in {count(row['traces'], 'run')}, are "
                "refusals by their wording or their refusal field."
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
            waste=own_waste(where),
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
    for row in _by_agent(data, _BLOCKED, "1"):
        where = _where(row, _BLOCKED)
        yield Candidate(
            key=(row["agent"],),
            where=where,
            title=(
                f"The provider's content filter stops answers of {code(row['model'] or 'the model')}"
                " and nothing takes their place"
            ),
            summary=(
                f"{share(row['spans'], row['calls'], 'requests')}, in {count(row['traces'], 'run')}, "
                "ended with the content filter."
            ),
            root_cause=(
                "Text in the prompt (a user's words, a retrieved page, a tool result) trips the "
                "filter; the harness passes the empty or broken answer on."
            ),
            fix=Fix(
                summary="Handle the filter as an outcome of its own, and find the text that trips it.",
                where="harness",
                steps=[
                    "On finish reason `content_filter` tell the user plainly and offer another way.",
                    "Compare the cited inputs: user text, or content your tools bring in?",
                    "If it is false alarm, adjust the filter's level with the provider.",
                ],
            ),
            harm="degrades",
            certainty=0.95,
            waste=own_waste(where),
            cite=Cite("input", note=lambda _: "what was asked"),
        )


@detector(
    "invalid-json",
    category="quality",
    looks_for="Answers to requests for structured output that do not parse.",
    needs=("kind = 'LLM' AND output_size > 0", "recorded answers"),
    in_order="structured output always parses",
    family="emptiness",
    min_traces=(2, "code that parses the answer fails each time"),
)
def invalid_json(data: Dataset) -> Iterator[Candidate]:
    """Yield one candidate for each agent and model that breaks the format."""
    for row in _by_agent(data, "invalid_json", "output_size > 0"):
        where = _where(row, "invalid_json")
        cut = data.row(f"SELECT countIf({_CUT}) AS n FROM spans WHERE {where}")["n"]
        prose = data.row(
            "SELECT countIf(NOT match(output_preview, '^\\\\s*(```|[{\\\\[])')) AS n FROM spans "
            f"WHERE {where}"
        )["n"]
        fenced = data.row(
            f"SELECT countIf(startsWith(trim(output_preview), '```')) AS n FROM spans WHERE {where}"
        )["n"]
        if fenced * 2 > row["spans"]:
            why = "The model wraps the JSON in a Markdown code block, and the parser does not expect it."
        elif cut * 2 > row["spans"]:
            why = "The answers are cut off by the limit on output tokens before the JSON is closed."
        elif prose * 2 > row["spans"]:
            why = "The model writes prose before the JSON: nothing holds it to the bare object."
        else:
            why = (
                "The format is asked for in words (or in the weaker JSON mode), so the model may "
                "add prose or leave the schema."
            )
        yield Candidate(
            key=(row["agent"],),
            where=where,
            title=(
                f"{code(row['model'])} is asked for JSON and answers with something that does not "
                "parse"
            ),
            summary=(
                f"{share(row['spans'], row['calls'], 'answers')}, in {count(row['traces'], 'run')}, "
                "cannot be parsed although the request set a JSON format."
            ),
            root_cause=why,
            fix=Fix(
                summary="Use strict structured output, and repair once before failing.",
                where="model",
                steps=[
                    'Pass a JSON schema with `"strict": true` as response format.',
                    "Strip code fences before parsing; on failure send the parser's message back "
                    "once.",
                    "Leave room in `max_tokens` for the whole object.",
                ],
                patch='response_format={"type": "json_schema", "json_schema": {"name": "answer", '
                '"strict": True, "schema": SCHEMA}}',
            ),
            harm="degrades",
            certainty=0.95,
            waste=own_waste(where),
            cite=Cite("output"),
        )


@detector(
    "empty-answer",
    category="quality",
    looks_for="Model calls that succeed and answer with neither text nor a tool call.",
    needs=("kind = 'LLM' AND output_size > 0", "recorded answers"),
    in_order="no blank answers",
    family="emptiness",
    min_traces=(2, "each is a turn that was paid for and lost"),
    captured=(0.5, "share of calls with recorded output; below that it is not recorded"),
)
def empty_answer(data: Dataset) -> Iterator[Candidate]:
    """Yield one candidate for each agent and model that stays silent."""
    blank = (
        "(status != 'ERROR' AND end_ns != 0 AND output_empty AND length(tools_called) = 0 "
        f"AND stream_outcome NOT IN ('aborted', 'error') AND NOT {_CUT})"
    )
    for row in _by_agent(data, blank, "status != 'ERROR'"):
        if row["spans"] > (1 - data.limit("captured")) * row["calls"]:
            continue
        where = _where(row, blank)
        thought = data.row(f"SELECT countIf(reasoning_tokens > 0) AS n FROM spans WHERE {where}")[
            "n"
        ]
        yield Candidate(
            key=(row["agent"],),
            where=where,
            title=(
                f"{code(row['model'] or 'The model')} answers "
                f"{code(row['agent'] or 'the agent')} with nothing, and the turn is lost"
            ),
            summary=(
                f"{share(row['spans'], row['calls'], 'calls')}, in {count(row['traces'], 'run')}, came "
                f"back without text and without a tool call; "
                f"{tokens(row['used'])} tokens were billed for them."
            ),
            root_cause=(
                "The output budget goes into hidden reasoning and nothing is left for the answer."
                if thought * 2 > row["spans"]
                else "Typical causes: a stop sequence that matches at once, a last message that "
                "leaves nothing to say (an assistant turn, an empty user turn), or a prompt that "
                "allows silence."
            ),
            fix=Fix(
                summary="Ask again once when an answer is blank, and remove what invites silence.",
                where="harness",
                steps=[
                    "Treat a blank answer as a failure: retry once with “please answer the user”.",
                    "Look at the last message of a cited request: it should call for an answer.",
                    *(
                        ["Raise the limit on output tokens or lower the reasoning effort."]
                        if thought * 2 > row["spans"]
                        else ["Check the stop sequences."]
                    ),
                ],
            ),
            harm="degrades",
            certainty=0.85,
            waste=own_waste(where),
            cite=Cite("input", note=_unanswered),
        )


def _unanswered(row: Row) -> str:
    read = row["prompt_tokens"]
    return f"{tokens(read)} tokens read, no answer" if read else "no answer"
