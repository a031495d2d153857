"""Answers that are cut off, blank, or not the JSON that was asked for."""

from __future__ import annotations

from collections.abc import Iterator

from catalyst_sdk.findings import Fix
from catalyst_sdk.halo._candidate import Candidate, Cite, Row
from catalyst_sdk.halo._dataset import Dataset
from catalyst_sdk.halo._words import code, count, share, tokens
from catalyst_sdk.halo.detectors._detector import detector
from catalyst_sdk.halo.detectors._sql import own_waste
from catalyst_sdk.halo.detectors.quality._model_calls import CUT, bad_calls, filter_bad, where_bad

__all__ = ["cut_output", "empty_answer", "invalid_json"]


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
    for row in bad_calls(data, CUT, "finish_reason != ''"):
        where = where_bad(row, CUT)
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
            filter=filter_bad(row, ("finish", "length")),
            cite=Cite("output", anchor="$", note=lambda _: "ends here"),
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
    for row in bad_calls(data, "invalid_json", "output_size > 0"):
        where = where_bad(row, "invalid_json")
        cut = data.row(f"SELECT countIf({CUT}) AS n FROM spans WHERE {where}")["n"]
        prose = data.row(
            f"SELECT countIf(NOT match(output_preview, '^\\\\s*(```|[{{\\\\[])')) AS n FROM spans "
            f"WHERE {where}"
        )["n"]
        fenced = data.row(
            f"SELECT countIf(startsWith(trim(output_preview), '```')) AS n FROM spans WHERE {where}"
        )["n"]
        if fenced * 2 > row["spans"]:
            why = (
                "The model wraps the JSON in a Markdown code block, and the parser does not expect "
                "it."
            )
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
                f"{share(row['spans'], row['calls'], 'answers')}, in "
                f"{count(row['traces'], 'run')}, cannot be parsed although the request set a JSON "
                "format."
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
            filter=filter_bad(row, ("invalid_json", "yes")),
            waste=own_waste(data.pinned(where)),
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
        "(status != 'ERROR' AND end_ns != 0 AND output_empty AND length(tools_called) = 0 AND "
        f"stream_outcome NOT IN ('aborted', 'error') AND NOT {CUT})"
    )
    for row in bad_calls(data, blank, "status != 'ERROR'"):
        if row["spans"] > (1 - data.limit("captured")) * row["calls"]:
            continue
        where = where_bad(row, blank)
        thought = data.row(f"SELECT countIf(reasoning_tokens > 0) AS n FROM spans WHERE {where}")[
            "n"
        ]
        yield Candidate(
            key=(row["agent"],),
            where=where,
            title=(
                f"{code(row['model'] or 'The model')} answers {code(row['agent'] or 'the agent')} "
                "with nothing, and the turn is lost"
            ),
            summary=(
                f"{share(row['spans'], row['calls'], 'calls')}, in {count(row['traces'], 'run')}, "
                f"came back without text and without a tool call; {tokens(row['used'])} tokens "
                "were billed for them."
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
            filter=filter_bad(row, ("empty", "yes"), ("-status", "error")),
            waste=own_waste(data.pinned(where)),
            cite=Cite("input", note=_unanswered),
        )


def _unanswered(row: Row) -> str:
    read = row["prompt_tokens"]
    return f"{tokens(read)} tokens read, no answer" if read else "no answer"
