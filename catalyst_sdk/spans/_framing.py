"""Framing: how spans are laid out in a byte stream (lines, documents, protobuf), by content."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator
from typing import BinaryIO, cast

import msgspec

from catalyst_sdk.errors import BadInput, BadLine
from catalyst_sdk.spans._formats import reader_of, spans_of_document, spans_of_line
from catalyst_sdk.spans._json import Json
from catalyst_sdk.spans._line import decode_span
from catalyst_sdk.spans._lines import LINE_LIMIT, LongLine, lines
from catalyst_sdk.spans._otlp_proto import spans_of_protobuf
from catalyst_sdk.spans._span import Span

OnBadLine = Callable[[BadLine], None]

BOM = b"\xef\xbb\xbf"
DOCUMENT_LIMIT = 1 << 30
"""Bytes a file may have that must be read as a whole: pretty-printed JSON, protobuf."""

_HEAD = 1 << 16
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f]")
_NEXT_DOCUMENT = re.compile(r"\n(?=[{\[])")
_SPACE = re.compile(r"[\s,\x1e]*")


def framing_of(head: bytes) -> str:
    """Tell from a stream's first bytes: `lines`, `documents`, `protobuf` or `empty`."""
    text = head.removeprefix(BOM)
    if not text.strip():
        return "empty"
    if head[:1] in b"\n\x00\x01\x02\x03" or _CONTROL.search(head[:512]):
        return "protobuf" if _CONTROL.search(head[:4096]) else _text_framing(text)
    return _text_framing(text)


def format_of(head: bytes) -> str:
    """Name the format a stream begins in: a key of `READERS`, `otlp-protobuf` or "" (unknown)."""
    framing = framing_of(head)
    if framing == "protobuf":
        return "otlp-protobuf"
    first = head.removeprefix(BOM).lstrip()
    for line in (first, *first.splitlines()[:50]):
        try:
            document: Json = json.JSONDecoder().raw_decode(line.decode("utf-8", "replace"))[0]
        except (ValueError, RecursionError):
            continue
        while isinstance(document, list) and document:
            document = document[0]
        reader = reader_of(document)
        if reader is not None:
            return reader.name
    return "otlp-json" if re.match(rb'\{\s*"resource_?[sS]pans"', first) else ""


def spans_of_stream(stream: BinaryIO, source: str, report: OnBadLine) -> Iterator[Span]:
    """Yield the spans of one open stream, its format told by its first bytes."""
    head, stream = peek(stream)
    framing = framing_of(head)
    if framing == "empty":
        raise BadInput(f"{source} is empty.")
    if framing == "protobuf":
        data = _whole(stream, source)
        spans = spans_of_protobuf(data)
        if spans is not None:
            yield from spans
            return
        stream = io.BytesIO(data)
    read = _spans_of_documents if framing == "documents" else _spans_of_lines
    yield from read(stream, source, report)


def peek(stream: BinaryIO) -> tuple[bytes, BinaryIO]:
    """Read a stream's first bytes; give them and the stream, whole again."""
    head = stream.read(_HEAD)
    while len(head) < _HEAD and (more := stream.read(_HEAD - len(head))):
        head += more
    if isinstance(getattr(stream, "raw", stream), (io.FileIO, io.BytesIO)) and stream.seekable():
        stream.seek(0)
        return head, stream
    return head, io.BufferedReader(cast("io.RawIOBase", _Rewound(head, stream)))


class _Rewound(io.RawIOBase):
    """A stream whose first bytes were read to tell its format, whole again."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head = head
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        piece = self._head[: len(buffer)] if self._head else self._rest.read(len(buffer))
        self._head = self._head[len(piece) :] if self._head else b""
        buffer[: len(piece)] = piece
        return len(piece)


def _text_framing(text: bytes) -> str:
    """Lines, unless the first line is not whole JSON and the next is not either."""
    whole = text[: text.rfind(b"\n") + 1] if len(text) >= _HEAD - 8 else text
    rows = [row for row in whole.splitlines() if row.strip()][:2]
    if not rows or any(_is_object(row) for row in rows):
        return "lines"
    return "documents" if rows[0].lstrip()[:1] in (b"{", b"[") and len(rows) > 1 else "lines"


def _is_object(row: bytes) -> bool:
    try:
        return isinstance(msgspec.json.decode(row), (dict, list)) and len(row.strip()) > 2
    except (ValueError, RecursionError):
        return False


def _whole(stream: BinaryIO, source: str) -> bytes:
    data = stream.read(DOCUMENT_LIMIT + 1)
    if len(data) > DOCUMENT_LIMIT:
        raise BadInput(
            f"{source} is one document of more than {DOCUMENT_LIMIT >> 30} GiB.",
            hint="Write it as JSON lines: one span or one OTLP request a line.",
        )
    return data


def _spans_of_lines(stream: BinaryIO, source: str, report: OnBadLine) -> Iterator[Span]:
    for number, (offset, _, line) in enumerate(lines(stream), 1):
        if isinstance(line, LongLine):
            reason = f"longer than {LINE_LIMIT >> 20} MiB"
            report(BadLine(source=source, line=number, reason=reason))
            continue
        text = line.removeprefix(BOM) if not offset else line
        try:
            yield decode_span(text)
        except BadInput:
            for item in spans_of_line(text):
                if isinstance(item, Span):
                    yield item
                else:
                    report(BadLine(source=source, line=number, reason=str(item)))


def _spans_of_documents(stream: BinaryIO, source: str, report: OnBadLine) -> Iterator[Span]:
    text = _whole(stream, source).removeprefix(BOM).decode("utf-8", "replace")
    for number, document in _documents(text):
        found = [document] if isinstance(document, ValueError) else spans_of_document(document)
        for item in found:
            if isinstance(item, Span):
                yield item
            else:
                report(BadLine(source=source, line=number, reason=str(item)))


def _documents(text: str) -> Iterator[tuple[int, Json | ValueError]]:
    """Yield (line, document) for JSON documents one after another, stepping over broken ones."""
    decoder = json.JSONDecoder()
    number, seen = 1, 0
    at = cast("re.Match[str]", _SPACE.match(text)).end()
    while at < len(text):
        number += text.count("\n", seen, at)
        seen = at
        try:
            document, at = decoder.raw_decode(text, at)
            yield number, document
        except (ValueError, RecursionError) as error:
            following = _NEXT_DOCUMENT.search(text, at + 1)
            yield number, _reason(error, text, at, following is None)
            at = following.end() if following else len(text)
        at = cast("re.Match[str]", _SPACE.match(text, at)).end()


def _reason(error: Exception, text: str, at: int, last: bool) -> ValueError:
    if isinstance(error, RecursionError):
        return ValueError("nested too deeply")
    if isinstance(error, json.JSONDecodeError) and last and error.pos >= len(text.rstrip()) - 1:
        return ValueError("not JSON (cut off)")
    return ValueError("not JSON")
