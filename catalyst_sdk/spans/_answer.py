"""What the facts need of a model's answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from catalyst_sdk.spans._conversation import Message, Part
from catalyst_sdk.spans._messages import answers_of
from catalyst_sdk.spans._preview import answer, one_line


class Answer(msgspec.Struct):
    """The digest of a model's answer."""

    words: str = ""
    preview: str = ""
    calls: list[Part] = []
    refused: bool = False
    """The provider says the model declined."""
    finish_reason: str = ""
    silent: bool = True
    """It neither speaks nor acts; reasoning alone is not an answer."""


class _Function(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    arguments: str = ""


class _Call(msgspec.Struct, forbid_unknown_fields=True):
    function: _Function
    id: str = ""
    type: str | None = None


class _PlainAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """The commonest answer, one message as OpenAI gives it; anything more goes the long way."""

    role: Literal["assistant"]
    content: str | None = None
    tool_calls: list[_Call] | None = None
    finish_reason: str | None = None
    refusal: None = None
    function_call: None = None
    audio: None = None


_list_decoder = msgspec.json.Decoder(list[_PlainAnswer])
_decoder = msgspec.json.Decoder(_PlainAnswer)


def digest_answer(text: str) -> Answer:
    """Digest a recorded answer, in any form."""
    plain = _plain(text)
    return digest_messages(answers_of(text)) if plain is None else _digest_plain(plain)


def digest_messages(messages: Sequence[Message]) -> Answer:
    """Digest the messages of an answer."""
    parts = [part for message in messages for part in message.parts]
    return Answer(
        words="\n".join(message.text for message in messages if message.parts),
        preview=answer(messages),
        calls=[part for part in parts if part.type == "tool_call"],
        refused=any(part.type == "refusal" for part in parts),
        finish_reason=next((m.finish_reason for m in messages if m.finish_reason), ""),
        silent=not any(map(_says_something, parts)),
    )


def _plain(text: str) -> _PlainAnswer | None:
    try:
        if text.startswith("[{"):
            messages = _list_decoder.decode(text)
            found = messages[0] if len(messages) == 1 else None
        else:
            found = _decoder.decode(text) if text.startswith("{") else None
    except (ValueError, RecursionError):
        return None
    if found is not None and found.content and found.content.startswith("[{"):
        return None
    return found


def _digest_plain(message: _PlainAnswer) -> Answer:
    words = message.content or ""
    said = bool(words.strip())
    calls = [
        Part(type="tool_call", name=c.function.name, arguments=c.function.arguments, id=c.id)
        for c in message.tool_calls or ()
    ]
    return Answer(
        words=words,
        preview=one_line(words)
        if said
        else one_line(", ".join(f"{call.name}({call.arguments})" for call in calls)),
        calls=calls,
        finish_reason=message.finish_reason or "",
        silent=not (said or calls),
    )


def _says_something(part: Part) -> bool:
    return bool(part.text.strip()) if part.type == "text" else part.type != "reasoning"
