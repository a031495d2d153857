"""The registry of formats, and the spans of one JSON document whichever it is in."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from catalyst_sdk.spans._console import ConsoleReader
from catalyst_sdk.spans._json import Json
from catalyst_sdk.spans._line import line_reason, object_reason
from catalyst_sdk.spans._otlp_json import OtlpReader
from catalyst_sdk.spans._read_line import LineReader
from catalyst_sdk.spans._reader import SpanReader
from catalyst_sdk.spans._span import Span

READERS: dict[str, SpanReader] = {
    reader.name: reader for reader in (OtlpReader(), ConsoleReader(), LineReader())
}
"""Formats of JSON documents by name, in the order they are tried."""

_MAX_DEPTH = 8


def reader_of(document: Json) -> SpanReader | None:
    """Give the reader that recognises a document, None when none does."""
    if isinstance(document, dict):
        for reader in READERS.values():
            if reader.recognises(document):
                return reader
    return None


def spans_of_document(document: Json, depth: int = 0) -> Iterator[Span | ValueError]:
    """Yield the spans of one JSON value; what cannot be read as a ValueError with the reason."""
    if isinstance(document, list) and depth < _MAX_DEPTH:
        for index, item in enumerate(document, 1):
            for result in spans_of_document(item, depth + 1):
                is_span = isinstance(result, Span)
                yield result if is_span else ValueError(f"item {index}: {result}")
        return
    reader = reader_of(document)
    if reader is None:
        yield ValueError(object_reason(document))
    else:
        yield from reader.spans(document)  # pyright: ignore[reportArgumentType] - recognised


def spans_of_line(line: bytes) -> Iterator[Span | ValueError]:
    """Yield the spans of a line of JSON in any format; nothing for a blank line."""
    if not line.strip():
        return
    try:
        document: Json = msgspec.json.decode(line)
    except (ValueError, RecursionError) as error:
        yield ValueError(line_reason(line, error))
        return
    yield from spans_of_document(document)
