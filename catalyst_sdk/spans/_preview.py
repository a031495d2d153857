"""Previews: what a person needs to see of a payload in one line."""

from __future__ import annotations

from collections.abc import Sequence

from catalyst_sdk.spans._conversation import Message
from catalyst_sdk.spans._json import Json, json_text, parsed
from catalyst_sdk.spans._messages import messages_of

LIMIT = 240
_LEAD = 320
_LONG_LEAD = 2000
"""Characters looked at first, and those looked at when most of the first are blank."""
_PARSED = 20_000
"""Characters of an object worth decoding for its human text."""
_HUMAN = ("messages", "input", "query", "question", "prompt", "text", "content", "output", "answer")


def one_line(text: str) -> str:
    """Squeeze text into one line of at most `LIMIT` characters, "…" where it was cut."""
    whole = len(text) <= _LEAD
    line = " ".join(text[:_LEAD].split())
    if not whole and len(line) <= LIMIT:
        whole = len(text) <= _LONG_LEAD
        line = " ".join(text[:_LONG_LEAD].split())
    return line if whole and len(line) <= LIMIT else line[: LIMIT - 1] + "…"


def question(messages: Sequence[Message]) -> str:
    """Preview what was asked: the last words of the user, else the last message."""
    for message in reversed(messages):
        if message.role == "user" and message.text.strip():
            return one_line(message.text)
    return described(messages[-1]) if messages else ""


def answer(messages: Sequence[Message]) -> str:
    """Preview what was answered: the last message's words, else the calls it makes."""
    for message in reversed(messages):
        preview = described(message)
        if preview:
            return preview
    return ""


def described(message: Message) -> str:
    """Preview one message: its words, else its tool calls, else what it holds."""
    words = message.text.strip()
    if words:
        return one_line(words)
    calls = ", ".join(f"{call.name}({call.arguments})" for call in message.tool_calls)
    if calls:
        return one_line(calls)
    spoken = next((p.text for p in message.parts if p.type in ("refusal", "tool_result")), "")
    return one_line(spoken) if spoken else ", ".join(f"[{p.type}]" for p in message.parts)[:LIMIT]


def human_text(text: str, *, last: bool) -> str:
    """Preview an agent's or chain's payload: its words when it is JSON that holds some."""
    if text[:1] not in ("{", "[") or len(text) > _PARSED:
        return one_line(text)
    value = parsed(text)
    if isinstance(value, dict):
        for key in _HUMAN:
            inner: Json = value.get(key)
            if isinstance(inner, str) and inner.strip():
                return one_line(inner)
            if isinstance(inner, list) and inner:
                messages = messages_of(inner)
                return answer(messages) if last else question(messages)
        return one_line(json_text(value))
    if isinstance(value, list) and value and isinstance(value[0], dict) and "role" in value[0]:
        messages = messages_of(value)
        return answer(messages) if last else question(messages)
    return one_line(text)
