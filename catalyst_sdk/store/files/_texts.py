"""The text of a span as a person sees it: every value by its field, JSON inside it opened up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import msgspec

from catalyst_sdk.spans import Span

_DEPTH = 6
"""How many times JSON within text within JSON is opened."""


def texts_of(span: Span) -> Iterator[tuple[str, str]]:
    """Yield (field, text): names, messages, and each attribute's value with the texts inside it.

    An attribute that holds JSON gives its own text first, then each string within, decoded.
    """
    yield "name", span.name
    if span.status_message:
        yield "status.message", span.status_message
    for key, value in span.attributes.items():
        for text in texts_in(value):
            yield f"attributes.{key}", text
    for key, value in span.resource.items():
        for text in texts_in(value):
            yield f"resource.{key}", text
    for event in span.events:
        yield f"events.{event.name}", event.name
        for key, value in event.attributes.items():
            for text in texts_in(value):
                yield f"events.{event.name}.{key}", text


def texts_in(value: Any, depth: int = 0) -> Iterator[str]:
    """Yield the texts of one value: itself, and the strings within when it is or holds JSON."""
    if isinstance(value, str):
        yield value
        if depth < _DEPTH and value[:1] in ("{", "["):
            try:
                inside = msgspec.json.decode(value)
            except (ValueError, RecursionError):
                return
            yield from texts_in(inside, depth + 1)
    elif isinstance(value, dict):
        for each in cast("dict[str, Any]", value).values():
            yield from texts_in(each, depth + 1)
    elif isinstance(value, (list, tuple)):
        for each in cast("list[Any]", value):
            yield from texts_in(each, depth + 1)
    elif value is not None:
        yield msgspec.json.encode(value, enc_hook=str).decode()
