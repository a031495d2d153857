"""Reading an answer from the bytes of a response, when the program asked for it raw."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from catalyst_sdk.instrumentation.llm import Answer, Reader
from catalyst_sdk.instrumentation.stainless._endpoint import Endpoint
from catalyst_sdk.instrumentation.stainless._view import View, view

_LIMIT = 16 * 1024 * 1024
_decode = msgspec.json.Decoder().decode


def decoded(body: bytes) -> Any:
    """The JSON object in *body* with members to read; None where it is none."""
    try:
        value = view(_decode(body))
    except msgspec.DecodeError:
        return None
    return value if isinstance(value, View) else None


class BytesReader:
    """Collects a body in pieces and reads it as *endpoint* says, once asked for the answer."""

    def __init__(self, endpoint: Endpoint, content_type: str) -> None:
        self._endpoint = endpoint
        self._content_type = content_type
        self._pieces: list[bytes] = []
        self._size = 0
        self._read: tuple[int, Answer, bool] | None = None

    def __call__(self, chunk: bytes) -> None:
        """Keep one piece; of binary content, and beyond the limit, only its size."""
        self._size += len(chunk)
        if self._is_text and self._size <= _LIMIT:
            self._pieces.append(chunk)

    @property
    def finished(self) -> bool:
        """Whether the pieces hold the whole answer."""
        return self._result()[1]

    def answer(self) -> Answer:
        """What the pieces say."""
        return self._result()[0]

    @property
    def _is_text(self) -> bool:
        return "json" in self._content_type or self._content_type.startswith("text/")

    def _result(self) -> tuple[Answer, bool]:
        if self._read is None or self._read[0] != self._size:
            self._read = (self._size, *self._decode(b"".join(self._pieces)))
        return self._read[1:]

    def _decode(self, body: bytes) -> tuple[Answer, bool]:
        if "event-stream" in self._content_type:
            reader = replay(self._endpoint.reader(), body)
            return reader.answer(), reader.finished or b"[DONE]" in body[-64:]
        if self._content_type.startswith("text/"):
            return self._endpoint.answer(body.decode("utf-8", "replace")), True
        if not body:
            return self._endpoint.answer(
                View({"size": self._size, "content_type": self._content_type})
            ), False
        try:
            return self._endpoint.answer(view(_decode(body))), True
        except msgspec.DecodeError:  # cut short
            return Answer(), False


def replay(reader: Reader, body: bytes) -> Reader:
    """Show *reader* the events of a server-sent-event *body*."""
    for data in _events(body):
        reader(data)
    return reader


def _events(body: bytes) -> Iterator[Any]:
    for line in body.splitlines():
        if line.startswith(b"data:") and line[5:].strip() not in (b"", b"[DONE]"):
            try:
                yield view(_decode(line[5:]))
            except msgspec.DecodeError:  # cut short
                return
