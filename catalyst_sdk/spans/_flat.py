"""Flattened attributes (`llm.input_messages.0.message.role`) as the lists they stand for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from catalyst_sdk.spans._json import Json
from catalyst_sdk.spans._shape import Shape

_MAX_DEPTH = 20


def unflatten(attributes: Mapping[str, Any], names: tuple[str, ...], prefix: str) -> list[Any]:
    """Rebuild the list whose items' attributes are *names*, all beginning with *prefix*."""
    root: dict[str, Any] = {}
    for name in names:
        value = attributes[name]
        if value is not None:
            _put(root, name[len(prefix) :].split(".", _MAX_DEPTH), value)
    rebuilt = _as_list(root)
    return cast("list[Any]", rebuilt) if isinstance(rebuilt, list) else []


def family(shape: Shape, attributes: Mapping[str, Any], *prefixes: str) -> Json:
    """Rebuild the first of these flattened lists that is present, None without one."""
    for prefix in prefixes:
        names = shape.families.get(prefix)
        if names:
            items = unflatten(attributes, names, prefix)
            if items:
                return items
    return None


def _put(node: dict[str, Any], path: list[str], value: Any) -> None:
    for step in path[:-1]:
        inner = node.get(step)
        if not isinstance(inner, dict):
            inner = node[step] = {}
        node = cast("dict[str, Any]", inner)
    if path[-1] not in node:
        node[path[-1]] = value


def _as_list(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    items = cast("dict[str, Any]", node)
    if items and all(key.isascii() and key.isdecimal() for key in items):
        return [_as_list(items[key]) for key in sorted(items, key=int)]
    return {key: _as_list(value) for key, value in items.items()}
