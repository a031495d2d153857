"""OTLP's JSON values: key/value lists to plain attributes, hex or base64 to hex ids."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable

from catalyst_sdk.spans._json import Json, objects
from catalyst_sdk.spans._span import AttributeMap

_HEX = re.compile(r"[0-9a-fA-F]+", re.ASCII)
_SPECIAL = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
_MAX_DEPTH = 32


def attributes_of(attributes: Json, depth: int = 0) -> AttributeMap:
    """Turn an OTLP list of `{key, value}`, or a plain object, into attributes without nulls."""
    if isinstance(attributes, dict):
        return {str(key): value for key, value in attributes.items() if value is not None}
    found: AttributeMap = {}
    for pair in objects(attributes):
        key, value = pair.get("key"), any_value(pair.get("value"), depth)
        if isinstance(key, str) and value is not None:
            found[key] = value
    return found


def any_value(value: Json, depth: int = 0) -> Json:
    """Unwrap an OTLP AnyValue, camel or snake case; None when it holds nothing."""
    if not isinstance(value, dict) or depth > _MAX_DEPTH:
        return value
    for name, inner in value.items():
        kind = name.removesuffix("Value").removesuffix("_value")
        if kind in _VALUES and kind != name:
            return _VALUES[kind](inner, depth + 1)
    return None


def hex_id(value: Json, size: int) -> str:
    """Give an id of *size* bytes as lower-case hex, from hex or base64 text; else as written."""
    text = value if isinstance(value, str) else "" if value is None else str(value)
    if not text or _HEX.fullmatch(text):
        return text.lower()
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return text
    return raw.hex() if len(raw) == size else text


def _as_is(value: Json, depth: int) -> Json:
    return value


def _int(value: Json, depth: int) -> Json:
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            return value
    return value


def _double(value: Json, depth: int) -> Json:
    return _SPECIAL.get(value, value) if isinstance(value, str) else value


def _array(value: Json, depth: int) -> Json:
    values: Json = value.get("values") if isinstance(value, dict) else value
    return [any_value(item, depth) for item in values] if isinstance(values, list) else []


def _kvlist(value: Json, depth: int) -> Json:
    return attributes_of(value.get("values"), depth) if isinstance(value, dict) else {}


_VALUES: dict[str, Callable[[Json, int], Json]] = {
    "string": _as_is,
    "bool": _as_is,
    "int": _int,
    "double": _double,
    "bytes": _as_is,
    "array": _array,
    "kvlist": _kvlist,
}
