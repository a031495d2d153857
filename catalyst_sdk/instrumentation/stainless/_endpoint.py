"""How one URL of a provider's API is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from catalyst_sdk.instrumentation.llm import Answer, Reader


def _never_pending(_response: Any) -> None:
    return None


@dataclass(frozen=True)
class Endpoint:
    """Readers of one endpoint's request, response and stream.

    They read attributes of what the SDK returns, or of a `View` of the same JSON.
    """

    operation: str
    """First word of the span's name."""
    parameters: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    """Attributes of the request body that are not content."""
    content: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    """Attributes of the request body that are content."""
    answer: Callable[[Any], Answer]
    """Reads a whole response."""
    reader: Callable[[], Reader]
    """Makes the reader of one stream."""
    kind: str = "LLM"
    pending: Callable[[Any], str | None] = _never_pending
    """The id by which the program will ask for an answer that is not there yet."""


Endpoints = Mapping[str, Endpoint]
"""Endpoints by path, as in `options.url` without its query."""
