"""Tools as they were offered to a model: names and argument schemas from every form."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import msgspec

from catalyst_sdk.spans._conversation import ToolDefinition
from catalyst_sdk.spans._json import Json, parsed, pick, pick_text

_CACHEABLE = 1 << 18
"""Characters of a tool list worth remembering; agents offer the same few lists again and again."""
_SCHEMAS = (
    "parameters",
    "input_schema",
    "inputSchema",
    "parameters_json_schema",
    "parametersJsonSchema",
    "json_schema",
    "schema",
)


class Toolset(msgspec.Struct, frozen=True):
    """The tools of one call."""

    definitions: tuple[ToolDefinition, ...] = ()

    @property
    def names(self) -> list[str]:
        """The names, in the order offered."""
        return [tool.name for tool in self.definitions]

    def schema_of(self, name: str) -> dict[str, Any] | None:
        """The argument schema of a tool, None when unknown."""
        for tool in self.definitions:
            if tool.name == name:
                return tool.schema
        return None


NO_TOOLS = Toolset()


def toolset(value: Json | bytes) -> Toolset:
    """Read a list of tools, JSON text (remembered by its content) or decoded."""
    if not isinstance(value, (str, bytes)):
        return Toolset(tuple(_definitions(value)))
    if len(value) > _CACHEABLE:
        return _decoded(value)
    if isinstance(value, bytes):
        return _remembered(value)
    if value != _last.text:
        _last.text, _last.tools = value, _remembered(value)
    return _last.tools


class _Last(threading.local):
    """The tools met last: comparing their text is quicker than finding it by its hash."""

    text: str = ""
    tools: Toolset = NO_TOOLS


_last = _Last()


@lru_cache(maxsize=64)
def _remembered(text: str | bytes) -> Toolset:
    return _decoded(text)


def _decoded(text: str | bytes) -> Toolset:
    try:
        return Toolset(tuple(_definitions(msgspec.json.decode(text))))
    except (ValueError, RecursionError):
        return NO_TOOLS


def _definitions(value: Json, depth: int = 0) -> Iterator[ToolDefinition]:
    if depth > 6:
        return
    value = parsed(value)
    if isinstance(value, list):
        items: list[Json] = value
        for item in items:
            yield from _definitions(item, depth + 1)
    elif isinstance(value, dict):
        yield from _of_object(value, depth)
    elif isinstance(value, str) and depth and 0 < len(value) <= 128:
        yield ToolDefinition(name=value)


def _of_object(block: dict[str, Any], depth: int) -> Iterator[ToolDefinition]:
    for key in ("functionDeclarations", "function_declarations", "tools", "function_tools"):
        if isinstance(block.get(key), list):
            yield from _definitions(block[key], depth + 1)
            return
    for key in ("function", "tool", "toolSpec", "tool.json_schema", "json_schema"):
        inner = parsed(block.get(key))
        if isinstance(inner, dict) and ("name" not in block or key == "function"):
            yield from _of_object(inner, depth + 1) if depth < 6 else ()
            return
    name = pick_text(block, "name", "tool.name") or pick_text(block, "title", "type")
    if name:
        yield ToolDefinition(
            name=name,
            description=pick_text(block, "description", "tool.description"),
            schema=_schema(block),
        )


def _schema(block: dict[str, Any]) -> dict[str, Any] | None:
    schema = parsed(pick(block, *_SCHEMAS))
    if isinstance(schema, dict) and isinstance(schema.get("json"), dict):
        return schema["json"]
    if isinstance(schema, dict):
        return schema
    if "properties" in block:
        return block
    return None
