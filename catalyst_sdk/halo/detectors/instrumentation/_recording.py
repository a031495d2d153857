"""What model calls fail to record, and what is recorded twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from catalyst_sdk.findings import Fix
from catalyst_sdk.halo._candidate import Candidate, Cite, Row
from catalyst_sdk.halo._dataset import Dataset
from catalyst_sdk.halo._words import code, count, listing, share
from catalyst_sdk.halo.detectors._detector import detector
from catalyst_sdk.halo.detectors._sql import pairs

__all__ = ["double_billing", "missing_content", "missing_usage"]


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
        if not data.is_case(row["traces"], row["spans"] >= data.limit("share") * row["calls"]):
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
    if not data.is_case(row["traces"], row["spans"] >= data.limit("share") * row["calls"]):
        return
    yield Candidate(
        key=("content",),
        where=f"{done} AND {lacking}",
        title="Model calls carry neither prompt nor answer, so what the agent said cannot be "
        "judged",
        summary=(
            f"{share(row['spans'], row['calls'], 'model calls')} have no input and no output. "
            "Refusals, blank or cut answers, wrong arguments and repeated requests cannot be seen "
            "in them."
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
    if not data.is_case(row["traces"]):
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
