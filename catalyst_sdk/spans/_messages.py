"""Message objects and lists of every provider and framework as `Message`."""

from __future__ import annotations

from typing import Any

from catalyst_sdk.spans._conversation import Message, Part
from catalyst_sdk.spans._json import Json, json_text, object_of, objects, parsed, pick, pick_text
from catalyst_sdk.spans._parts import call_of, is_block, part_of, parts_of

Block = dict[str, Any]

ROLES: dict[str, str] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "request": "user",
    "assistant": "assistant",
    "ai": "assistant",
    "model": "assistant",
    "response": "assistant",
    "aimessagechunk": "assistant",
    "bot": "assistant",
    "agent": "assistant",
    "tool": "tool",
    "function": "tool",
    "ipython": "tool",
}
"""Spellings of the four roles."""

_LISTS = ("messages", "input", "contents", "prompt", "chat_history", "inputs", "output")
_ANSWERS = ("choices", "candidates", "generations", "output", "message", "messages", "outputs")
_TOOL_PARTS = ("tool_result",)
_MAX_DEPTH = 20


def messages_of(value: Json, role: str = "user", depth: int = 0) -> list[Message]:
    """Turn whatever holds messages into messages; plain text becomes one of the given *role*."""
    if depth > _MAX_DEPTH:
        return []
    value = parsed(value)
    if value is None or value == "" or value == []:
        return []
    if isinstance(value, list):
        return _of_list(value, role, depth)
    if isinstance(value, dict):
        return _of_object(value, role, depth)
    return [Message(role=role, parts=parts_of(value))]


def answers_of(value: Json) -> list[Message]:
    """Turn a recorded answer (a message, a provider's response, text) into messages."""
    return messages_of(value, "assistant")


def message_of(block: Block, role: str = "user") -> Message:
    """Turn one message object into a message."""
    block = _unwrapped(block)
    said = _role(block, role)
    content = pick(block, "content", "parts", "contents", "message", "text", "output", "summary")
    parts = parts_of(_content(content))
    if said == "tool":
        parts = [_tool_result(block, parts)]
    thought = pick(block, "reasoning_content", "reasoning", "thinking")
    if isinstance(thought, str):
        parts.insert(0, Part(type="reasoning", text=thought))
    if block.get("refusal"):
        parts.append(Part(type="refusal", text=pick_text(block, "refusal")))
    parts.extend(call_of(call) for call in _calls(block) if _is_new(call, parts))
    return Message(role=said, parts=parts, finish_reason=_finish(block))


def _of_list(items: list[Any], role: str, depth: int) -> list[Message]:
    if all(map(is_block, map(object_of, items))):
        return _of_items(items, role)
    return [message for item in items for message in messages_of(item, role, depth + 1)]


def _of_items(items: list[Block], role: str) -> list[Message]:
    """Read content blocks without a role: one message, tool results apart (Responses items)."""
    found: list[Message] = []
    for item in items:
        part = part_of(item)
        said = "tool" if part.type in _TOOL_PARTS else role
        if part.type in ("tool_call", "reasoning"):
            said = "assistant"
        if found and found[-1].role == said != "tool":
            found[-1].parts.append(part)
        else:
            found.append(Message(role=said, parts=[part]))
    return found


def _of_object(block: Block, role: str, depth: int) -> list[Message]:
    if is_block(block):
        return _of_items([block], role)
    if _is_message(block):
        return [message_of(block, role)]
    system = pick(block, "system", "instructions", "system_prompt", "systemInstruction")
    found = [_system(system)] if isinstance(system, (str, list, dict)) else []
    for key in _LISTS if role == "user" else _ANSWERS:
        inner: Json = block.get(key)
        if isinstance(inner, (list, dict, str)) and inner:
            finish = _finish(block)
            for message in messages_of(inner, role, depth + 1):
                message.finish_reason = message.finish_reason or finish
                found.append(message)
            return found
    return [*found, Message(role=role, parts=_other(block), finish_reason=_finish(block))]


def _other(block: Block) -> list[Part]:
    """Read an object of no known form: its only text, else all of it as JSON."""
    texts = [value for value in block.values() if isinstance(value, str) and value.strip()]
    if len(texts) == 1 and len(block) <= 2:
        return [Part(type="text", text=texts[0])]
    text = block.get("text")
    if isinstance(text, str):
        return [Part(type="text", text=text)]
    return [Part(type="text", text=json_text(block))]


def _is_message(block: Block) -> bool:
    if any(key in block for key in ("role", "message.role", "kwargs")):
        return True
    inner = object_of(block.get("message"))
    if "role" in inner or "content" in inner or "kwargs" in inner:
        return True
    if block.get("kind") in ("request", "response") and isinstance(block.get("parts"), list):
        return True
    named = block.get("type")
    if isinstance(named, str) and named.lower() in ROLES and "content" in block:
        return True
    return isinstance(block.get("content"), dict) and "finishReason" in block


def _system(value: Json) -> Message:
    parts = parts_of(value.get("parts", value) if isinstance(value, dict) else value)
    return Message(role="system", parts=parts)


def _unwrapped(block: Block) -> Block:
    """Undo wrappers: OpenInference's `message`, a choice's, a candidate's, LangChain's dump."""
    if "role" in block and "content" in block:
        return block
    inner = object_of(block.get("message"))
    if not inner and "finishReason" in block:
        inner = object_of(block.get("content"))
    if inner:
        found = dict(inner)
        for key in ("finish_reason", "finishReason", "stop_reason"):
            if block.get(key) and key not in found:
                found[key] = block[key]
        return _unwrapped(found) if "kwargs" in found else found
    inner = object_of(block.get("kwargs"))
    if inner:
        path: Json = block.get("id")
        name = str(path[-1]) if isinstance(path, list) and path else ""
        return {"type": name.removesuffix("Chunk").removesuffix("Message"), **inner}
    if any(key.startswith("message.") for key in block):
        return {key.removeprefix("message."): value for key, value in block.items()}
    return block


def _role(block: Block, otherwise: str) -> str:
    for key in ("role", "kind", "type"):
        value = block.get(key)
        if isinstance(value, str) and value.lower() in ROLES:
            return _pydantic_role(block, ROLES[value.lower()])
    return otherwise


def _pydantic_role(block: Block, role: str) -> str:
    """A pydantic-ai request is the system's, the user's or a tool's, by its parts."""
    if block.get("kind") != "request":
        return role
    kinds = {str(part.get("part_kind")) for part in objects(block.get("parts"))}
    if kinds and kinds <= {"tool-return", "retry-prompt"}:
        return "tool"
    return "system" if kinds == {"system-prompt"} else role


def _content(content: Json) -> Json:
    """Undo content that was written as JSON text of blocks."""
    if not isinstance(content, str) or not content.startswith("[{"):
        return content
    blocks = parsed(content)
    if isinstance(blocks, list) and all(map(is_block, map(object_of, blocks))):
        return blocks
    return content


def _tool_result(block: Block, parts: list[Part]) -> Part:
    if len(parts) == 1 and parts[0].type == "tool_result":
        return parts[0]
    return Part(
        type="tool_result",
        text="\n".join(part.text for part in parts if part.text),
        name=pick_text(block, "name", "tool_name"),
        id=pick_text(block, "tool_call_id", "id"),
    )


def _calls(block: Block) -> list[Block]:
    calls = objects(parsed(block.get("tool_calls") or block.get("toolCalls")))
    single = object_of(block.get("function_call"))
    if single.get("name"):
        calls.append(single)
    return calls or objects(object_of(block.get("additional_kwargs")).get("tool_calls"))


def _is_new(call: Block, parts: list[Part]) -> bool:
    """LangChain repeats Anthropic's tool_use blocks as tool_calls."""
    call_id = pick_text(call, "id")
    return not (call_id and any(p.type == "tool_call" and p.id == call_id for p in parts))


def _finish(block: Block) -> str:
    value = pick(block, "finish_reason", "finishReason", "stop_reason", "stopReason")
    if value is None:
        extra = object_of(pick(block, "response_metadata", "generation_info"))
        value = pick(extra, "finish_reason", "stop_reason")
    if value is None:
        value = pick(object_of(block.get("incomplete_details")), "reason")
    return value if isinstance(value, str) else ""
