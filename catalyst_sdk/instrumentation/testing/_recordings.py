"""Recorded HTTP exchanges with a provider: `{id, method, path, request, status, …}` a line."""

from __future__ import annotations

import gzip
from pathlib import Path

import msgspec

from catalyst_sdk.instrumentation.testing._replies import Reply


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """One exchange; bodies are text, server-sent events whole."""

    id: str
    method: str
    path: str
    request: str
    status: int
    content_type: str | None
    response: str

    @property
    def key(self) -> tuple[str, bytes]:
        """What a request is matched by: the path, and the body whatever its spacing and order."""
        return self.path, canonical(self.request.encode())

    @property
    def reply(self) -> Reply:
        """The recorded response."""
        kind = self.content_type or "application/json"
        if not self.content_type and self.response.lstrip().startswith(("data:", "event:")):
            kind = "text/event-stream"
        return Reply(status=self.status, content_type=kind, pieces=[self.response.encode()])


def load_recordings(path: str | Path) -> list[Recording]:
    """Read a JSONL file, gzipped or not."""
    data = Path(path).read_bytes()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    return msgspec.json.Decoder(Recording).decode_lines(data)


def canonical(body: bytes) -> bytes:
    """The JSON *body* with sorted keys; anything else as it is."""
    try:
        return msgspec.json.encode(msgspec.json.decode(body), order="sorted")
    except msgspec.DecodeError:
        return body
