"""Reading whole spans back from their lines."""

from __future__ import annotations

import io
import os
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO

from catalyst_sdk.errors import BadInput, BadLine, NotFound
from catalyst_sdk.spans import Span, decode_span, spans_of_stream
from catalyst_sdk.store.files._blocks import Place
from catalyst_sdk.store.files._source import LocalFile

_HINT = "Open the file again to read it as it is now."


def read_spans_at(files: Sequence[LocalFile], places: Iterable[Place]) -> list[Span]:
    """Read the spans at *places*, in that order; raises BadInput when a file has changed since."""
    wanted = list(places)
    found: dict[Place, Span] = {}
    for source in sorted({place.source for place in wanted}):
        own = sorted((p for p in wanted if p.source == source), key=lambda place: place.line_offset)
        found.update(_read_file(files[source], own))
    return [found[place] for place in wanted]


def read_lines_at(files: Sequence[LocalFile], places: Iterable[Place]) -> list[bytes]:
    """Read the lines at *places* as they stand, each once, in that order."""
    lines: dict[tuple[int, int], bytes] = {}
    for place in places:
        if (place.source, place.line_offset) not in lines:
            ((_, line),) = _lines_of(files[place.source], [place])
            lines[place.source, place.line_offset] = line
    return list(lines.values())


def _read_file(file: LocalFile, places: list[Place]) -> Iterator[tuple[Place, Span]]:
    for place, line in _lines_of(file, places):
        yield place, span_on(line, place, file)


def _lines_of(file: LocalFile, places: list[Place]) -> Iterator[tuple[Place, bytes]]:
    with reading(file) as stream:
        for place in places:
            stream.seek(place.line_offset)
            yield place, stream.read(place.line_length)


@contextmanager
def reading(file: LocalFile) -> Generator[BinaryIO]:
    """Open a file to read its lines; raises NotFound or BadInput when it is not as it was."""
    try:
        with open(file.path, "rb") as stream:
            yield stream
    except FileNotFoundError:
        raise NotFound(f"{file.name} is no longer there.", hint=_HINT) from None
    except OSError as error:
        reason = os.strerror(error.errno or 0).lower()
        raise BadInput(f"{file.name} cannot be read: {reason}.") from None


def span_on(line: bytes, place: Place, file: LocalFile) -> Span:
    """Decode the span of a line; raises BadInput when another stands there."""
    for span in _spans_in(line):
        if span.span_id == place.span_id and span.trace_id == place.trace_id:
            return span
    raise BadInput(
        f"{file.name} has changed since it was opened: span {place.span_id} is not at "
        f"byte {place.line_offset} any more.",
        hint=_HINT,
    )


def _spans_in(line: bytes) -> Iterable[Span]:
    try:
        return [decode_span(line)]
    except BadInput:
        pass
    try:
        return list(spans_of_stream(io.BytesIO(line), "", _ignore))
    except BadInput:
        return []


def _ignore(_: BadLine) -> None:
    return None
