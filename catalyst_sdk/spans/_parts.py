"""Content blocks of every provider and framework as message parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from catalyst_sdk.spans._conversation import Part
from catalyst_sdk.spans._json import Json, json_text, object_of, pick, pick_text

Block = dict[str, Any]

_CALL_IDS = ("id", "call_id", "tool_call_id", "toolCallId", "tool_use_id", "toolUseId", "tool_id")
_RESULT_IDS = ("tool_call_id", "call_id", "tool_use_id", "toolCallId", "toolUseId", "id")
_NAMES = ("name", "tool_name", "toolName")
_ARGUMENTS = ("arguments", "args", "input", "parameters", "action", "code")
_RESULTS = ("response", "result", "output", "content", "return_value", "results")


def parts_of(content: Json) -> list[Part]:
    """Turn a message's content (text, a block, a list of these) into parts."""
    if content is None or content == "":
        return []
    if isinstance(content, list):
        return [part for item in content for part in parts_of(item)]
    if isinstance(content, dict):
        return [part_of(content)]
    return [Part(type="text", text=json_text(content))]


def part_of(block: Block) -> Part:
    """Turn one content block into a part, by its type or, where it has none, by its keys."""
    block = _unwrapped(block)
    kind = block.get("type") or block.get("part_kind")
    reader = _BY_TYPE.get(kind) if isinstance(kind, str) else None
    if reader is not None:
        return reader(block)
    for key, read in _BY_KEY.items():
        if block.get(key) is not None:
            return read(block)
    return Part(type="data", text=json_text(block))


def is_block(value: Block) -> bool:
    """Tell whether an object is a content block rather than a message."""
    if "role" in value or "message" in value:
        return False
    kind = value.get("type", value.get("part_kind"))
    return isinstance(kind, str) and kind in _BY_TYPE


def call_of(block: Block) -> Part:
    """Read a tool call: OpenAI's, OpenInference's, Anthropic's, GenAI's, LangChain's …"""
    block = object_of(block.get("tool_call")) or block
    nested: Json = block.get("function")
    function = object_of(nested) or block
    call_id = pick_text(block, *_CALL_IDS, "tool_call.id")
    name = pick_text(function, *_NAMES, "tool_call.function.name", "function.name")
    arguments = pick(function, *_ARGUMENTS, "tool_call.function.arguments", "function.arguments")
    if not name and isinstance(nested, str):
        name = nested
    return Part(type="tool_call", name=name, arguments=json_text(arguments), id=call_id)


def _unwrapped(block: Block) -> Block:
    """Undo OpenInference's `message_content` wrapper, nested or dotted."""
    inner = object_of(block.get("message_content"))
    if inner:
        return inner
    if any(key.startswith("message_content.") for key in block):
        return {key.removeprefix("message_content."): value for key, value in block.items()}
    return block


def _text(block: Block) -> Part:
    value = pick(block, "text", "content", "value")
    if isinstance(value, dict):
        value = pick(value, "value", "text")
    if isinstance(value, list):
        value = "\n".join(part.text for part in parts_of(value) if part.text)
    return Part(type="text", text=json_text(value))


def _result(block: Block) -> Part:
    value = pick(block, *_RESULTS)
    if isinstance(value, dict) and len(value) == 1:
        value = pick(value, "result", "output") or value
    if isinstance(value, (dict, list)):
        inner = parts_of(value)
        if inner and all(part.type == "text" for part in inner):
            value = "\n".join(part.text for part in inner)
    return Part(
        type="tool_result",
        text=json_text(value),
        name=pick_text(block, *_NAMES),
        id=pick_text(block, *_RESULT_IDS),
    )


def _reasoning(block: Block) -> Part:
    value = pick(block, "thinking", "reasoning", "text", "content", "summary", "data")
    if isinstance(value, (dict, list)):
        value = "\n".join(part.text for part in parts_of(value))
    return Part(type="reasoning", text=json_text(value))


def _refusal(block: Block) -> Part:
    return Part(type="refusal", text=pick_text(block, "refusal", "text", "content"))


def _media(kind: str) -> Callable[[Block], Part]:
    def read(block: Block) -> Part:
        return _medium(kind, block)

    return read


def _modality(block: Block) -> Part:
    modality = pick_text(block, "modality")
    if not modality:
        modality = pick_text(block, "mime_type", "mimeType", "media_type").partition("/")[0]
    known = modality if modality in ("image", "audio", "video") else "file"
    return _medium(known, block)


def _medium(kind: str, block: Block) -> Part:
    source = block
    for key in ("source", kind, kind, f"{kind}_url", "image_url", "input_audio", "file", "url"):
        source = object_of(source.get(key)) or source
    place: Json = pick(source, "url", "uri", "image.url", f"{kind}_url", "file_id", "filename")
    text = json_text(place) if place is not None else pick_text(block, "url", "image")
    mime = pick_text(source, "mime_type", "mimeType", "media_type", "mediaType", "mime", "format")
    if text.startswith("data:"):
        mime = mime or text[5:].partition(";")[0]
        text = ""
    return Part(type=kind, text=text[:2000], mime=mime)


def _under(key: str, read: Callable[[Block], Part]) -> Callable[[Block], Part]:
    def inner(block: Block) -> Part:
        value: Json = block.get(key)
        return read(value) if isinstance(value, dict) else Part(type="data", text=json_text(value))

    return inner


_BY_TYPE: dict[str, Callable[[Block], Part]] = {
    **dict.fromkeys(
        ("text", "input_text", "output_text", "summary_text", "reasoning_text"),
        _text,
    ),
    **dict.fromkeys(("user-prompt", "system-prompt", "prompt"), _text),
    **dict.fromkeys(
        (
            "tool_call",
            "tool_use",
            "tool-call",
            "tool-use",
            "builtin-tool-call",
            "server_tool_use",
            "server_tool_call",
            "function_call",
            "custom_tool_call",
            "mcp_call",
            "mcp_tool_use",
            "function",
            "computer_call",
            "web_search_call",
            "file_search_call",
            "code_interpreter_call",
            "local_shell_call",
        ),
        call_of,
    ),
    **dict.fromkeys(
        (
            "tool_call_response",
            "tool_result",
            "tool-result",
            "tool-return",
            "tool_response",
            "builtin-tool-return",
            "retry-prompt",
            "server_tool_call_response",
            "web_search_tool_result",
            "code_execution_tool_result",
            "mcp_tool_result",
            "function_call_output",
            "custom_tool_call_output",
            "computer_call_output",
        ),
        _result,
    ),
    **dict.fromkeys(("reasoning", "thinking", "redacted_thinking"), _reasoning),
    "refusal": _refusal,
    **dict.fromkeys(("image", "image_url", "input_image", "image-url"), _media("image")),
    **dict.fromkeys(("audio", "input_audio", "audio-url"), _media("audio")),
    **dict.fromkeys(("video", "video-url", "video_url"), _media("video")),
    **dict.fromkeys(
        ("file", "document", "input_file", "document-url", "search_result"), _media("file")
    ),
    **dict.fromkeys(("blob", "uri", "binary", "media"), _modality),
}

_BY_KEY: dict[str, Callable[[Block], Part]] = {
    "functionCall": _under("functionCall", call_of),
    "function_call": _under("function_call", call_of),
    "toolUse": _under("toolUse", call_of),
    "functionResponse": _under("functionResponse", _result),
    "function_response": _under("function_response", _result),
    "toolResult": _under("toolResult", _result),
    "reasoningContent": _under("reasoningContent", lambda b: _reasoning(_inner_text(b))),
    "inlineData": _under("inlineData", _modality),
    "inline_data": _under("inline_data", _modality),
    "fileData": _under("fileData", _modality),
    "image": _media("image"),
    "image_url": _media("image"),
    "text": _text,
    "content": _text,
}


def _inner_text(block: Block) -> Block:
    return object_of(block.get("reasoningText")) or block
