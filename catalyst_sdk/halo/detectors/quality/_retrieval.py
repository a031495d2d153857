"""Retrievers that find nothing, or nothing that fits."""

from __future__ import annotations

from collections.abc import Iterator

from catalyst_sdk.findings import Fix
from catalyst_sdk.halo._candidate import Candidate, Cite
from catalyst_sdk.halo._dataset import Dataset
from catalyst_sdk.halo._stats import NORMAL, wilson
from catalyst_sdk.halo._words import code, count, percent, share
from catalyst_sdk.halo.detectors._detector import detector
from catalyst_sdk.halo.detectors._filters import terms
from catalyst_sdk.halo.detectors._sql import literal

__all__ = ["empty_retrieval", "weak_retrieval"]


@detector(
    "empty-retrieval",
    category="quality",
    looks_for="Retrievers that return no document.",
    needs=("kind = 'RETRIEVER' AND document_count >= 0", "retrievals with a document count"),
    in_order="retrievers find documents",
    family="retrieval",
    min_traces=(2, "two answers without a source"),
    rate=(0.05, "share of its queries, at the lower bound"),
)
def empty_retrieval(data: Dataset) -> Iterator[Candidate]:
    """Yield one candidate for each retriever that comes back empty."""
    for row in data.rows("""
SELECT name, count() AS calls, countIf(document_count = 0) AS spans,
  uniqExactIf(trace_id, document_count = 0) AS traces
FROM spans WHERE kind = 'RETRIEVER' AND document_count >= 0
GROUP BY name HAVING spans > 0 ORDER BY traces DESC, name"""):
        low, _ = wilson(row["spans"], row["calls"])
        if not data.is_case(row["traces"], low >= data.limit("rate")):
            continue
        where = f"kind = 'RETRIEVER' AND document_count = 0 AND name = {literal(row['name'])}"
        answered = data.row(f"""
SELECT uniqExact(trace_id) AS n FROM spans WHERE kind = 'LLM' AND status != 'ERROR'
  AND trace_id IN (SELECT trace_id FROM spans WHERE {where})""")["n"]
        name = code(row["name"])
        yield Candidate(
            key=(row["name"],),
            where=where,
            title=(
                f"{name} finds nothing for {percent(row['spans'] / row['calls'])} of its queries, "
                "so the model answers without sources"
            ),
            summary=(
                f"{share(row['spans'], row['calls'], 'queries')}, in "
                f"{count(row['traces'], 'run')}, returned no document; in {answered} of these runs "
                "the model answered all the same."
            ),
            root_cause=(
                "The query is the user's wording or a rewrite that the index does not contain, a "
                "filter excludes everything, or the documents are missing."
            ),
            fix=Fix(
                summary="Widen the query in code when nothing is found, and let the model say so.",
                where="tool",
                steps=[
                    "Run the cited queries by hand: is there a document that should have matched?",
                    "If so: add a keyword search beside the vectors, or drop the narrowest filter "
                    "on an empty result.",
                    "If not: add the missing documents; the cited queries are the list.",
                    "Tell the prompt what to say without sources.",
                ],
            ),
            harm="degrades",
            certainty=0.9,
            filter=terms(("kind", "RETRIEVER"), ("name", row["name"]), ("documents", 0)),
            cite=Cite("input", note=lambda _: "found nothing for this"),
        )


@detector(
    "weak-retrieval",
    category="quality",
    looks_for="Retrievals whose best score is far below what this retriever usually finds.",
    needs=("kind = 'RETRIEVER' AND top_score > 0", "retrievals with scores"),
    in_order="retrieval scores are even",
    family="retrieval",
    min_traces=(3, "three runs; some questions have no good source"),
    min_calls=(20, "what is usual needs some queries"),
    sigmas=(5.0, "robust standard deviations below the retriever's own median"),
    factor=(0.6, "and below this part of the median"),
)
def weak_retrieval(data: Dataset) -> Iterator[Candidate]:
    """Yield one candidate for each retriever with a weak tail."""
    for row in data.rows(f"""
SELECT name, count() AS calls, quantileExact(0.5)(top_score) AS middle,
  arrayReduce('median', arrayMap(x -> abs(x - middle), groupArray(top_score))) AS deviation
FROM spans WHERE kind = 'RETRIEVER' AND top_score > 0
GROUP BY name HAVING calls >= {data.limit("min_calls"):.0f} ORDER BY name"""):
        bound = min(
            row["middle"] - data.limit("sigmas") * NORMAL * row["deviation"],
            data.limit("factor") * row["middle"],
        )
        where = (
            f"kind = 'RETRIEVER' AND top_score > 0 AND top_score < {bound:.6f} AND name = "
            f"{literal(row['name'])}"
        )
        low = data.row(
            f"SELECT uniqExact(trace_id) AS traces, count() AS spans FROM spans WHERE {where}"
        )
        if not data.is_case(low["traces"], low["spans"] <= 0.4 * row["calls"]):
            continue
        name = code(row["name"])
        yield Candidate(
            key=(row["name"],),
            where=where,
            title=(
                f"{name} returns documents that hardly fit for some questions, and the model uses "
                "them all the same"
            ),
            summary=(
                f"In {share(low['spans'], row['calls'], 'queries')} the best score is below "
                f"{bound:.2f}; it is usually {row['middle']:.2f}."
            ),
            root_cause=(
                "There is no lower bound on the score, so the nearest documents are taken even "
                "when nothing is near."
            ),
            fix=Fix(
                summary=f"Drop documents scored below about {bound:.2f} and handle “nothing "
                "found”.",
                where="tool",
                steps=[
                    f"Cut off results of {name} below {bound:.2f}.",
                    "With none left, ask the user or say that the sources do not cover it.",
                    "Read the cited queries: topics that come up again need documents.",
                ],
            ),
            harm="degrades",
            certainty=0.75,
            cite=Cite(
                "input", note=lambda r: f"best score {r['top_score']:.2f}", worst="-top_score"
            ),
        )
