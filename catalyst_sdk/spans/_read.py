"""Reading spans from anywhere: what frames the documents, and which reader knows each."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO, cast

import msgspec

from catalyst_sdk.errors import BadInput, BadLine
from catalyst_sdk.spans._line import decode_span, line_reason
from catalyst_sdk.spans._lines import LINE_LIMIT, LongLine, lines
from catalyst_sdk.spans._open import Source, expand, open_stream, os_reason
from catalyst_sdk.spans._read_line import LineReader
from catalyst_sdk.spans._reader import SpanReader
from catalyst_sdk.spans._span import Span

READERS: dict[str, SpanReader] = {reader.name: reader for reader in (LineReader(),)}
"""Formats of JSON documents by name, in the order they are tried."""

OnBadLine = Callable[[BadLine], None]

_BOM = b"\xef\xbb\xbf"
_HEAD = 1 << 16


def read_spans(source: Source, *, on_bad_line: OnBadLine | None = None) -> Iterator[Span]:
    """Yield the spans of files, globs or "-" (standard input) in any format this package knows.

    What cannot be read is given to *on_bad_line* and skipped. Raises NotFound for a path that
    does not exist, and BadInput when a file cannot be read or nothing in all of them is a span.
    """
    return _read_all(expand(source), on_bad_line or _ignore)


def _ignore(_: BadLine) -> None:
    return None


def _read_all(names: list[str], report: OnBadLine) -> Iterator[Span]:
    found = 0
    failure: BadInput | None = None
    for name in names:
        try:
            for span in _read_one(name, report):
                found += 1
                yield span
        except BadInput as error:
            if len(names) == 1:
                raise
            failure = failure or error
            report(BadLine(source=name, line=0, reason=error.message))
    if not found and failure:
        raise failure


def _read_one(name: str, report: OnBadLine) -> Iterator[Span]:
    problems: list[BadLine] = []
    count = found = 0

    def note(bad: BadLine) -> None:
        nonlocal count
        count += 1
        if not problems:
            problems.append(bad)
        report(bad)

    with open_stream(name) as stream:
        try:
            for span in spans_of_stream(stream, _shown(name), note):
                found += 1
                yield span
        except (OSError, EOFError, io.UnsupportedOperation) as error:
            reason = os_reason(error) if isinstance(error, OSError) else "it is cut off"
            if not found:
                raise BadInput(f"{_shown(name)} cannot be read: {reason}.") from None
            note(BadLine(source=_shown(name), line=0, reason=reason))
    if not found:
        raise BadInput(_nothing(_shown(name), problems, count))


def _nothing(name: str, problems: list[BadLine], count: int) -> str:
    if not problems:
        return f"{name} holds no spans."
    first = problems[0]
    where = f"line {first.line}: " if first.line else ""
    return f"{name} holds no span that can be read ({where}{first.reason}; {count} in all)."


def _shown(name: str) -> str:
    return "standard input" if name == "-" else name


def spans_of_stream(stream: BinaryIO, source: str, report: OnBadLine) -> Iterator[Span]:
    """Yield the spans of one open stream, its format told by its first bytes."""
    head, stream = _peek(stream)
    if not head.strip():
        raise BadInput(f"{source} is empty.")
    yield from _spans_of_lines(stream, source, report)


def _peek(stream: BinaryIO) -> tuple[bytes, BinaryIO]:
    head = stream.read(_HEAD)
    if stream.seekable():
        stream.seek(0)
        return head, stream
    return head, cast("BinaryIO", io.BufferedReader(cast("io.RawIOBase", _Rewound(head, stream))))


class _Rewound(io.RawIOBase):
    """A stream whose first bytes were read to tell its format, whole again."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head = head
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        piece = self._head[: len(buffer)] if self._head else self._rest.read(len(buffer))
        self._head = self._head[len(piece) :] if self._head else b""
        buffer[: len(piece)] = piece
        return len(piece)


def _spans_of_lines(stream: BinaryIO, source: str, report: OnBadLine) -> Iterator[Span]:
    for number, (_, _, line) in enumerate(lines(stream), 1):
        if isinstance(line, LongLine):
            reason = f"longer than {LINE_LIMIT >> 20} MiB"
            report(BadLine(source=source, line=number, reason=reason))
            continue
        text = line.removeprefix(_BOM) if number == 1 else line
        try:
            yield decode_span(text)
        except BadInput as error:
            for item in odd_line(text, error.message):
                if isinstance(item, Span):
                    yield item
                else:
                    report(BadLine(source=source, line=number, reason=str(item)))


def odd_line(line: bytes, reason: str = "") -> Iterable[Span | ValueError]:
    """Yield the spans of a line that is not plainly ours; one that is bad as a ValueError."""
    if not line.strip():
        return
    try:
        document = msgspec.json.decode(line)
    except (ValueError, RecursionError) as error:
        yield ValueError(line_reason(line, error))
        return
    yield from spans_of_document(document, reason)


def spans_of_document(document: Any, reason: str = "") -> Iterable[Span | ValueError]:
    """Yield the spans of one JSON value, whichever reader recognises it."""
    if isinstance(document, list):
        for index, item in enumerate(cast("list[Any]", document), 1):
            for result in spans_of_document(item):
                is_span = isinstance(result, Span)
                yield result if is_span else ValueError(f"item {index}: {result}")
        return
    if not isinstance(document, dict):
        yield ValueError("not an object")
        return
    for reader in READERS.values():
        if reader.recognises(document):
            yield from reader.spans(document)
            return
    yield ValueError(reason or line_reason(json.dumps(document).encode(), ValueError("unknown")))
