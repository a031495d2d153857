"""What went into a span and what came out, a piece at a time."""

from __future__ import annotations

import re

import msgspec

from catalyst_sdk.errors import ConfigError
from catalyst_sdk.spans import Span, input_text, output_text
from catalyst_sdk.store.queries._source import TraceSource

PIECE = 65_536
_DATA_URI = re.compile(r"data:([\w.+-]+/[\w.+-]+);base64,([A-Za-z0-9+/=_-]{64,})")
_PARTS = {"input": input_text, "output": output_text}


class Payload(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a payload's text; *offset* and *size* count characters."""

    part: str
    text: str
    offset: int
    size: int
    """Of the whole, embedded media already replaced by `[image/png, 34 KB]`."""
    next_offset: int | None
    """Where the next piece begins, None at the end."""


def span_io(
    source: TraceSource,
    trace_id: str,
    span_id: str,
    part: str = "input",
    *,
    offset: int = 0,
    length: int = PIECE,
    media: bool = False,
) -> Payload:
    """Give *length* characters of a span's input or output; *media* keeps base64 data as it is."""
    if part not in _PARTS:
        raise ConfigError(f"A span has no part '{part}'.", hint="Say input or output.")
    if offset < 0 or length < 1:
        raise ConfigError("A piece begins at 0 or later and has one character or more.")
    return payload_of(source.span(trace_id, span_id), part, offset, length, media=media)


def payload_of(span: Span, part: str, offset: int, length: int, *, media: bool = False) -> Payload:
    """Cut a piece out of a span that has been read."""
    text = _PARTS[part](span)
    if not media:
        text = _DATA_URI.sub(_placeholder, text)
    piece = text[offset : offset + length]
    following = offset + len(piece)
    return Payload(
        part=part,
        text=piece,
        offset=offset,
        size=len(text),
        next_offset=following if following < len(text) else None,
    )


def _placeholder(found: re.Match[str]) -> str:
    return f"[{found[1]}, {max(1, len(found[2]) * 3 // 4 // 1024):,} KB]"
