"""Does a tool call keep to the schema it was offered with? The part of JSON Schema tools use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from catalyst_sdk.spans._json import Json, items_of, object_of

Schema = dict[str, Any]

_MAX_DEPTH = 12
_PLAIN = frozenset(("type", "description", "title", "default"))
_SIMPLE: dict[str, type] = {"string": str, "integer": int, "boolean": bool}


def broken_argument(arguments: str, schema: Schema) -> str:
    """Say in a few words how JSON *arguments* break *schema*, "" when they keep to it."""
    try:
        value: Json = msgspec.json.decode(arguments or "{}")
    except (ValueError, RecursionError):
        return "arguments are not JSON"
    if not isinstance(value, dict):
        return "arguments are not an object"
    if _is_plainly_fine(value, schema):
        return ""
    return _object(value, schema, "", schema, 0)


def _is_plainly_fine(value: Schema, schema: Schema) -> bool:
    """Pass the commonest case quickly: all arguments known, of one simple type each."""
    known = object_of(schema.get("properties"))
    for name, inner in value.items():
        wanted: Json = known.get(name)
        if not isinstance(wanted, dict) or not _PLAIN.issuperset(wanted):
            return False
        kind: Json = wanted.get("type")
        if not isinstance(kind, str) or type(inner) is not _SIMPLE.get(kind):
            return False
    return all(name in value for name in items_of(schema.get("required")))


def _check(value: Json, schema: Json, path: str, root: Schema, depth: int) -> str:
    if not isinstance(schema, dict) or depth > _MAX_DEPTH:
        return ""
    reference = schema.get("$ref")
    if isinstance(reference, str):
        return _check(value, _resolved(reference, root), path, root, depth + 1)
    for key in ("anyOf", "oneOf"):
        options = items_of(schema.get(key))
        if options:
            reasons = [_check(value, option, path, root, depth + 1) for option in options]
            if all(reasons):
                return reasons[0]
    return (
        _type(value, schema, path)
        or _enum(value, schema, path)
        or _inside(value, schema, path, root, depth)
    )


def _inside(value: Json, schema: Schema, path: str, root: Schema, depth: int) -> str:
    if isinstance(value, dict):
        return _object(value, schema, path, root, depth)
    if isinstance(value, list) and isinstance(schema.get("items"), dict):
        for item in value[:1000]:
            reason = _check(item, schema["items"], f"{path}[]", root, depth + 1)
            if reason:
                return reason
    return ""


def _object(value: Schema, schema: Schema, path: str, root: Schema, depth: int) -> str:
    known = object_of(schema.get("properties"))
    for name in items_of(schema.get("required")):
        if isinstance(name, str) and name not in value:
            return f"{_joined(path, name)} is missing"
    for name, inner in value.items():
        if name in known:
            reason = _check(inner, known[name], _joined(path, name), root, depth + 1)
            if reason:
                return reason
        elif known and schema.get("additionalProperties") is False:
            return f"{_joined(path, name)} is not an argument it has"
    return ""


def _type(value: Json, schema: Schema, path: str) -> str:
    wanted: Json = schema.get("type")
    kinds = items_of(wanted) or [wanted]
    tests = [_TYPES[kind] for kind in kinds if isinstance(kind, str) and kind.lower() in _TYPES]
    if not tests or len(tests) < len(kinds) or any(test(value) for test in tests):
        return ""
    if value is None and schema.get("nullable") is True:
        return ""
    return f"{path} is {_name(value)}, not {' or '.join(str(kind).lower() for kind in kinds)}"


def _enum(value: Json, schema: Schema, path: str) -> str:
    if "const" in schema and value != schema["const"]:
        return f"{path} is not the one value allowed"
    allowed = schema.get("enum")
    if isinstance(allowed, list) and allowed and value not in allowed:
        return f"{path} is not one of the values allowed"
    return ""


def _resolved(reference: str, root: Schema) -> Json:
    node: Json = root
    for step in reference.removeprefix("#/").split("/"):
        node = node.get(step) if isinstance(node, dict) else None
    return node


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _name(value: Json) -> str:
    for name in ("null", "boolean", "integer", "number", "string", "array", "object"):
        if _TYPES[name](value):
            return name
    return "unknown"


def _is_number(value: Json) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_integer(value: Json) -> bool:
    return _is_number(value) and float(value) == int(value)  # pyright: ignore[reportArgumentType]


class _Types(dict[str, Callable[[Json], bool]]):
    """Tests by type name, in any letter case (Gemini writes STRING)."""

    def __missing__(self, name: str) -> Callable[[Json], bool]:
        return self[name.lower()]


_TYPES = _Types(
    {
        "string": lambda v: isinstance(v, str),
        "integer": _is_integer,
        "number": _is_number,
        "boolean": lambda v: isinstance(v, bool),
        "array": lambda v: isinstance(v, list),
        "object": lambda v: isinstance(v, dict),
        "null": lambda v: v is None,
    }
)
