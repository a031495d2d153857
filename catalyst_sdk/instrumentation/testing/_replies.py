"""What a provider's server answers, as it goes over the wire."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec


@dataclass(frozen=True)
class Hold:
    """Send nothing more until *until* is set (at most ten seconds)."""

    until: threading.Event


@dataclass(frozen=True)
class Drop:
    """Cut the connection in the middle of the body."""


Piece = bytes | Hold | Drop


@dataclass(frozen=True)
class Reply:
    """One HTTP response; several pieces, or a Hold or Drop, make it chunked."""

    status: int = 200
    content_type: str = "application/json"
    pieces: Sequence[Piece] = ()
    headers: dict[str, str] = field(default_factory=dict[str, str])


def json_reply(body: Any, status: int = 200, **headers: str) -> Reply:
    """*body* as JSON; `retry_after="0"` becomes the header `retry-after`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=status, pieces=[msgspec.json.encode(body)], headers=named)


def error_reply(status: int, message: str, **headers: str) -> Reply:
    """An error as OpenAI and Anthropic send it."""
    error = {"message": message, "type": "test_error", "code": None, "param": None}
    return json_reply({"type": "error", "error": error}, status, **headers)


def bytes_reply(body: bytes, content_type: str) -> Reply:
    """Anything else."""
    return Reply(content_type=content_type, pieces=[body])


def sse_reply(events: Iterable[Any], *, named: bool = False, done: bool = True) -> Reply:
    """Server-sent events, one piece each; a Hold or Drop among them is obeyed.

    *named* writes `event:` lines from each event's `type`; *done* ends with OpenAI's `[DONE]`.
    """
    pieces = [_event(event, named) for event in events]
    if done:
        pieces.append(b"data: [DONE]\n\n")
    return Reply(content_type="text/event-stream; charset=utf-8", pieces=pieces)


def _event(event: Any, named: bool) -> Piece:
    if isinstance(event, Hold | Drop):
        return event
    data = b"data: " + msgspec.json.encode(event) + b"\n\n"
    return f"event: {event['type']}\n".encode() + data if named else data
