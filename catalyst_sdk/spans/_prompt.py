"""What the facts need of a model call's input, without building its messages.

Contexts run to megabytes and are sent again with every turn, so message contents stay undecoded
but for the system prompt and the last words of the user.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec

from catalyst_sdk.spans._conversation import Message
from catalyst_sdk.spans._hash import hash_text
from catalyst_sdk.spans._json import Json, parsed
from catalyst_sdk.spans._messages import ROLES, message_of, messages_of
from catalyst_sdk.spans._preview import one_line, question
from catalyst_sdk.spans._tools import NO_TOOLS, Toolset, toolset

_RAW = msgspec.Raw(b"")
_CACHEABLE = 1 << 16


class Prompt(msgspec.Struct):
    """The digest of a model call's input."""

    message_count: int = 0
    system_hash: int = 0
    preview: str = ""
    tools: Toolset = NO_TOOLS


class _RawMessage(msgspec.Struct):
    role: str | None = None
    content: msgspec.Raw = _RAW
    type: str | None = None
    name: msgspec.Raw = _RAW
    parts: msgspec.Raw = _RAW
    contents: msgspec.Raw = _RAW
    message: msgspec.Raw = _RAW
    kwargs: msgspec.Raw = _RAW
    kind: msgspec.Raw = _RAW


class _RawRequest(msgspec.Struct):
    messages: list[_RawMessage] | None = None
    system: Json = None
    instructions: Json = None
    tools: msgspec.Raw = _RAW
    functions: msgspec.Raw = _RAW


_list_decoder = msgspec.json.Decoder(list[_RawMessage])
_request_decoder = msgspec.json.Decoder(_RawRequest)
_content_decoder = msgspec.json.Decoder()


def digest_text(text: str) -> Prompt:
    """Digest the input of a model call that was recorded as text, JSON or not."""
    start = text[:1]
    try:
        if start == "[":
            return _digest(_list_decoder.decode(text))
        if start == "{":
            return _digest_request(_request_decoder.decode(text))
    except (ValueError, RecursionError):
        pass
    return digest_value(parsed(text))


def digest_value(value: Json, system: Json = None) -> Prompt:
    """Digest the input of a model call by building its messages: any form at all."""
    messages = messages_of(value)
    if system:
        messages.insert(0, Message(role="system", parts=message_of({"content": system}).parts))
    prompt = Prompt(message_count=len(messages), preview=question(messages))
    for message in messages:
        if message.role == "system":
            prompt.system_hash = hash_text(message.text)
            break
    if isinstance(value, dict):
        prompt.tools = toolset(value.get("tools") or value.get("functions"))
    return prompt


def _digest_request(request: _RawRequest) -> Prompt:
    prompt = _digest(request.messages or [])
    system = request.system or request.instructions
    if system:
        prompt.message_count += 1
        prompt.system_hash = hash_text(message_of({"content": system}).text)
    prompt.tools = _tools(request)
    return prompt


def _digest(messages: Sequence[_RawMessage]) -> Prompt:
    """Digest plain role/content messages; raises ValueError when they are of another form."""
    system: _RawMessage | None = None
    spoken = False
    for message in messages:
        role = ROLES.get(message.role) if message.role else None
        if role is None or not message.content:
            _check_step(message, role)
        spoken = spoken or role is not None
        if system is None and role == "system":
            system = message
    if not spoken:
        raise ValueError("not messages")
    return Prompt(
        message_count=len(messages),
        system_hash=_system_hash(system) if system else 0,
        preview=_last_words(messages),
    )


def _system_hash(message: _RawMessage) -> int:
    """Hash a system prompt; it is the same in call after call, so by its raw text from memory."""
    raw = message.content
    if raw and len(raw) <= _CACHEABLE:  # pyright: ignore[reportArgumentType]
        return _hash_of_content(bytes(raw))
    return hash_text(_words(message))


@lru_cache(maxsize=128)
def _hash_of_content(raw: bytes) -> int:
    return hash_text(message_of({"content": _content_decoder.decode(raw)}, "system").text)


def _words(message: _RawMessage) -> str:
    """Give the words of one message; most are one string, which needs no building of parts."""
    if message.content:
        content: Json = _content_decoder.decode(message.content)
        if isinstance(content, str) and not content.startswith("[{"):
            return content
    return message_of(_block(message)).text


def _check_step(message: _RawMessage, role: str | None) -> None:
    """Let pass what has no content of its own: a call, a tool's output, a thought."""
    kind = message.type or ""
    step = not message.role and (kind.endswith(("_call", "_call_output")) or kind == "reasoning")
    if message.message or message.kwargs or message.kind or not (role or step):
        raise ValueError("not plain messages")


def _last_words(messages: Sequence[_RawMessage]) -> str:
    for message in reversed(messages):
        if message.role and ROLES.get(message.role) == "user":
            if not (message.content or message.parts or message.contents):
                raise ValueError("words elsewhere")
            words = _words(message)
            if words.strip():
                return one_line(words)
    raise ValueError("no words of a user")


def _block(message: _RawMessage) -> dict[str, Any]:
    block: dict[str, Any] = {"role": message.role, "type": message.type}
    for field in ("content", "parts", "contents"):
        raw: msgspec.Raw = getattr(message, field)
        if raw:
            block[field] = _content_decoder.decode(raw)
    return {key: value for key, value in block.items() if value is not None}


def _tools(request: _RawRequest) -> Toolset:
    raw = request.tools or request.functions
    return toolset(bytes(raw)) if raw else NO_TOOLS
