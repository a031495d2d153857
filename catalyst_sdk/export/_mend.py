"""Making values and spans ones that JSON and protobuf can carry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.trace import Link, Status

from catalyst_sdk.export._copy import SpanCopy, attributes_of

_SMALLEST, _LARGEST = -(1 << 63), (1 << 63) - 1
_DEEPEST = 64


def mended(value: Any, depth: int = 0) -> Any:
    """*value* with lone surrogates replaced, keys as text, integers beyond 64 bits as text.

    What is nested deeper than anybody reads becomes text too.
    """
    if isinstance(value, str):
        if value.isascii():
            return value
        # A pair of surrogates becomes the character it stands for, a lone one U+FFFD.
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, (Mapping, list, tuple)) and depth > _DEEPEST:
        return "…"
    if isinstance(value, Mapping):
        pairs = cast("Mapping[Any, Any]", value).items()
        return {mended(str(key)): mended(item, depth + 1) for key, item in pairs}
    if isinstance(value, (list, tuple)):
        return [mended(item, depth + 1) for item in cast("list[Any]", value)]
    if isinstance(value, int) and not _SMALLEST <= value <= _LARGEST:
        return str(value)
    return value


def is_sound(value: Any, depth: int = 0) -> bool:
    """Whether `mended` would leave *value* as it is."""
    if isinstance(value, str):
        return value.isascii() or _encodes(value)
    if isinstance(value, Mapping):
        pairs = cast("Mapping[Any, Any]", value).items()
        return depth <= _DEEPEST and all(
            isinstance(key, str) and is_sound(key) and is_sound(item, depth + 1)
            for key, item in pairs
        )
    if isinstance(value, (list, tuple)):
        items = cast("list[Any]", value)
        return depth <= _DEEPEST and all(is_sound(item, depth + 1) for item in items)
    return not isinstance(value, int) or _SMALLEST <= value <= _LARGEST


def sound_span(span: ReadableSpan) -> ReadableSpan:
    """*span*, or a mended copy: the official encoder logs a traceback a value it cannot carry."""
    attributes = attributes_of(span)
    texts = [span.name, span.status.description or "", attributes]
    texts += [(event.name, dict(event.attributes or {})) for event in span.events]
    texts += [dict(link.attributes or {}) for link in span.links]
    if is_sound(texts):
        return span
    return SpanCopy(
        span,
        name=mended(span.name),
        attributes=mended(attributes),
        status=Status(span.status.status_code, mended(span.status.description or "") or None),
        events=[
            Event(mended(e.name), mended(dict(e.attributes or {})), e.timestamp)
            for e in span.events
        ],
        links=[Link(k.context, mended(dict(k.attributes or {}))) for k in span.links],
    )


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
