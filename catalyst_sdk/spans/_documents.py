"""What a retriever found: how many documents, and how well the best one scored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from catalyst_sdk.spans._json import Json, object_of, parsed

_LISTS = ("documents", "results", "matches", "hits", "chunks", "passages", "nodes", "data", "items")
_SCORES = ("score", "document.score", "similarity", "relevance_score", "relevanceScore", "_score")
_MAX_DEPTH = 3


def documents_of(value: Json, depth: int = 0) -> list[Any] | None:
    """Find the list of documents in a retriever's output, None when it holds no list."""
    value = parsed(value)
    if isinstance(value, list):
        return value
    if isinstance(value, dict) and depth < _MAX_DEPTH:
        for key in _LISTS:
            inner = documents_of(value.get(key), depth + 1)
            if inner is not None:
                return inner
    return None


def flat_documents(
    attributes: Mapping[str, Any], names: Sequence[str], prefix: str
) -> tuple[int, float]:
    """Give the number and best score of documents told as flattened attributes."""
    count, scored = _layout(tuple(names), prefix)
    scores = (attributes[name] for name in scored)
    return count, max((float(s) for s in scores if isinstance(s, (int, float))), default=0.0)


@lru_cache(maxsize=256)
def _layout(names: tuple[str, ...], prefix: str) -> tuple[int, tuple[str, ...]]:
    """Tell how many documents flattened attributes make, and which of them are scores."""
    count = len({name[len(prefix) :].partition(".")[0] for name in names})
    return count, tuple(name for name in names if name.endswith(".score"))


def top_score(documents: list[Any]) -> float:
    """Give the best score among documents, 0 when none has one."""
    return max((_score(document) for document in documents), default=0.0)


def _score(document: Json) -> float:
    if not isinstance(document, dict):
        return 0.0
    block = object_of(document.get("document")) or document
    for key in _SCORES:
        value = block.get(key, document.get(key))
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return float(value)
    return 0.0
