"""Filter terms on payloads (free text, `attr.`, `resource.`): which spans they hold for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

import msgspec

from catalyst_sdk.spans import Span
from catalyst_sdk.store.files._blocks import Block, Place
from catalyst_sdk.store.files._grep import lines_fitting
from catalyst_sdk.store.files._pattern import Sieve, text_sieve
from catalyst_sdk.store.files._payload import span_on
from catalyst_sdk.store.files._source import LocalFile
from catalyst_sdk.store.files._texts import texts_of
from catalyst_sdk.store.filter import Bounds, Pattern, Term, fits


class _Resource(msgspec.Struct, frozen=True):
    attributes: dict[str, msgspec.Raw] = {}


class _Line(msgspec.Struct):
    """A line of ours with its values left as they stand: most are of no interest."""

    trace_id: str
    span_id: str
    attributes: dict[str, msgspec.Raw] = {}
    resource: _Resource = _Resource()


_line_decoder = msgspec.json.Decoder(_Line)


def spans_with(files: Sequence[LocalFile], blocks: Iterator[Block], term: Term) -> Iterator[Place]:
    """Yield the places of the spans for which a term holds, its negation left aside."""
    for line in lines_fitting(files, blocks, _sieve(term)):
        for place in line.places:
            if _holds_on(line.content, place, files[place.source], term):
                yield place


def _holds_on(content: bytes, place: Place, file: LocalFile, term: Term) -> bool:
    if term.field != "text":
        try:
            line = _line_decoder.decode(content)
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass
        else:
            if (line.trace_id, line.span_id) == (place.trace_id, place.span_id):
                raw = line.attributes if term.field == "attr" else line.resource.attributes
                value = raw.get(term.key)
                return value is not None and _any_holds(msgspec.json.decode(value), term)
    return holds(term, span_on(content, place, file))


def holds(term: Term, span: Span) -> bool:
    """Judge a term on a whole span, its negation left aside."""
    if term.field == "text":
        return any(_fits(text, term) for _, text in texts_of(span))
    attributes = span.attributes if term.field == "attr" else span.resource
    return term.key in attributes and _any_holds(attributes[term.key], term)


def _any_holds(value: Any, term: Term) -> bool:
    values = cast("list[Any]", value) if isinstance(value, list) else [value]
    return any(_match_holds(each, match) for each in values for match in term.matches)


def _fits(text: str, term: Term) -> bool:
    return any(isinstance(match, Pattern) and fits(text, match) for match in term.matches)


def _match_holds(value: Any, match: object) -> bool:
    if isinstance(match, Bounds):
        number = _number(value)
        return number is not None and match.holds(number)
    return isinstance(match, Pattern) and fits(_text(value), match)


def _number(value: Any) -> float | int | None:
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return None
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value, enc_hook=str).decode()


def _sieve(term: Term) -> Sieve:
    texts = [match.pieces for match in term.matches if isinstance(match, Pattern)]
    if term.field == "text":
        return text_sieve(texts)
    anything = len(texts) < len(term.matches)
    return text_sieve([("",)] if anything else texts, before=f'"{term.key}"')
