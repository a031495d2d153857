"""Content blocks of the Anthropic API as OpenInference messages: parts, calls, results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from catalyst_sdk.instrumentation.llm import as_list, as_object, digest_base64, to_json

Json = Mapping[str, Any]
Message = dict[str, Any]


def given(body: Json) -> Json:
    """The members of a request that were given: newer versions carry sentinels for the others."""
    return {k: v for k, v in body.items() if type(v).__name__ not in ("Omit", "NotGiven")}


def conversation(body: Json) -> list[Message]:
    """The system prompt and the messages of a request, in order."""
    messages: list[Message] = []
    if system := body.get("system"):
        messages.append({"role": "system", "content": _content(system)})
    for message in as_list(body.get("messages")):
        messages += _messages(as_object(message))
    return messages


def assistant(blocks: list[Json]) -> Message:
    """One answer of the model from its content blocks."""
    calls = [_tool_call(block) for block in blocks if _is_call(block)]
    parts = [_part(block) for block in blocks if not _is_call(block)]
    message: Message = {"role": "assistant", "content": _plain(parts)}
    if calls:
        message["tool_calls"] = calls
    return message


def _messages(message: Json) -> list[Message]:
    role, content = message.get("role"), message.get("content")
    if not isinstance(content, list):
        return [{"role": role, "content": content}]
    blocks = [as_object(_dumped(block)) for block in as_list(content)]
    if role == "assistant":
        return [assistant(blocks)]
    results = [_tool_result(block) for block in blocks if block.get("type") == "tool_result"]
    rest = [_part(block) for block in blocks if block.get("type") != "tool_result"]
    return [*results, {"role": role, "content": _plain(rest)}] if rest else results


def _dumped(block: Any) -> Any:
    """Programs send back the very objects they were given."""
    return block.model_dump() if hasattr(block, "model_dump") else block


def _is_call(block: Json) -> bool:
    kind = block.get("type")
    return isinstance(kind, str) and kind.endswith("tool_use")


def _tool_call(block: Json) -> Json:
    arguments = block.get("input")
    text = arguments if isinstance(arguments, str) else to_json(arguments)
    return {"id": block.get("id"), "function": {"name": block.get("name"), "arguments": text}}


def _tool_result(block: Json) -> Message:
    message: Message = {
        "role": "tool",
        "tool_call_id": block.get("tool_use_id"),
        "content": _content(block.get("content")),
    }
    if block.get("is_error"):
        message["is_error"] = True
    return message


def _content(content: Any) -> Any:
    if not isinstance(content, list):
        return content
    return _plain([_part(as_object(_dumped(block))) for block in as_list(content)])


def _plain(parts: list[Json]) -> Any:
    """Parts as they are, but for the usual case of one text."""
    if len(parts) == 1 and set(parts[0]) == {"type", "text"}:
        return parts[0]["text"]
    return parts or None


def _part(block: Json) -> Json:
    describe = _DESCRIBE.get(str(block.get("type")))
    return describe(block) if describe else block


def _text(block: Json) -> Json:
    text = {"type": "text", "text": block.get("text")}
    return {**text, "citations": block["citations"]} if block.get("citations") else text


def _thinking(block: Json) -> Json:
    return {"type": "reasoning", "text": block.get("thinking") or ""}


def _redacted_thinking(block: Json) -> Json:
    return {"type": "reasoning", "text": "", "redacted": len(str(block.get("data") or ""))}


def _with_source(block: Json) -> Json:
    source = as_object(block.get("source"))
    data = source.get("data")
    if source.get("type") != "base64" or not isinstance(data, str):
        return block
    return {**block, "source": digest_base64(data, source.get("media_type"))}


_DESCRIBE: dict[str, Callable[[Json], Json]] = {
    "text": _text,
    "thinking": _thinking,
    "redacted_thinking": _redacted_thinking,
    "image": _with_source,
    "document": _with_source,
}
