"""Searching the spans' text: raw lines first, then exactly, in the text as a person sees it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import msgspec

from catalyst_sdk.spans import Span
from catalyst_sdk.store.files._blocks import Block, Place
from catalyst_sdk.store.files._grep import check_pattern, find, fits, lines_fitting
from catalyst_sdk.store.files._pattern import sieve
from catalyst_sdk.store.files._payload import span_on
from catalyst_sdk.store.files._source import LocalFile
from catalyst_sdk.store.files._texts import texts_of

_BEFORE = 60
_AFTER = 180
_SPANS_AT_ONCE = 64


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """One field of one span in which a pattern was found."""

    trace_id: str
    span_id: str
    field: str
    """Such as `attributes.output.value`, `status.message` or `events.exception.message`."""
    excerpt: str
    """About 240 characters around the first place, on one line."""


class SpanName(NamedTuple):
    """The ids of a span."""

    trace_id: str
    span_id: str


def search(
    files: Sequence[LocalFile], blocks: Iterator[Block], pattern: str, limit: int
) -> list[Hit]:
    """Find the first *limit* fields a pattern fits, in the order of the files."""
    check_pattern(pattern)
    spans = (
        (place, span_on(line.content, place, files[place.source]))
        for line in lines_fitting(files, blocks, sieve(pattern))
        for place in line.places
    )
    return list(islice(hits_in(spans, pattern), limit))


def hits_in(spans: Iterator[tuple[SpanName | Place, Span]], pattern: str) -> Iterator[Hit]:
    """Find the fields that a pattern fits, in spans under their names."""
    while some := list(islice(spans, _SPANS_AT_ONCE)):
        texts = [(place, field, text) for place, span in some for field, text in texts_of(span)]
        seen: set[tuple[SpanName | Place, str]] = set()
        found = fits([text for _, _, text in texts], pattern)
        for (place, field, text), fit in zip(texts, found, strict=True):
            if fit and (place, field) not in seen:
                seen.add((place, field))
                yield Hit(
                    trace_id=place.trace_id,
                    span_id=place.span_id,
                    field=field,
                    excerpt=_excerpt(text, find(text, pattern)),
                )


def _excerpt(text: str, at: int) -> str:
    start, end = max(0, at - _BEFORE), at + _AFTER
    piece = " ".join(text[start:end].split())
    return ("…" if start else "") + piece + ("…" if end < len(text) else "")
