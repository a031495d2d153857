"""OTLP's JSON values: key/value lists to plain attributes, bytes to hex ids."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from catalyst_sdk.spans._span import AttributeMap

_HEX = re.compile(r"[0-9a-fA-F]+", re.ASCII)
_SPECIAL = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


def attributes_of(attributes: object) -> AttributeMap:
    """Turn an OTLP list of `{key, value}`, or a plain object, into attributes without nulls."""
    if isinstance(attributes, dict):
        return {str(k): v for k, v in attributes.items() if v is not None}
    if not isinstance(attributes, list):
        return {}
    found: AttributeMap = {}
    for pair in attributes:
        if isinstance(pair, dict) and isinstance(pair.get("key"), str):
            value = any_value(pair.get("value"))
            if value is not None:
                found[pair["key"]] = value
    return found


def any_value(value: object) -> Any:
    """Unwrap an OTLP AnyValue, camel or snake case; None when it holds nothing."""
    if not isinstance(value, dict):
        return value
    for name, inner in value.items():
        kind = name.removesuffix("Value").removesuffix("_value")
        if kind != name:
            return _VALUES.get(kind, _as_is)(inner)
    return None


def hex_id(value: object, size: int) -> str:
    """Give an id of *size* bytes as lower-case hex, from hex or base64 text; else as written."""
    text = value if isinstance(value, str) else "" if value is None else str(value)
    if not text or (_HEX.fullmatch(text) and len(text) == 2 * size):
        return text.lower()
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return text.lower() if _HEX.fullmatch(text) else text
    return raw.hex() if len(raw) == size else text


def _as_is(value: object) -> object:
    return value


def _int(value: object) -> object:
    try:
        return int(value)  # pyright: ignore[reportArgumentType]
    except (TypeError, ValueError):
        return value


def _double(value: object) -> object:
    return _SPECIAL.get(value, value) if isinstance(value, str) else value


def _array(value: object) -> object:
    values = value.get("values", []) if isinstance(value, dict) else value
    return [any_value(v) for v in values] if isinstance(values, list) else []


def _kvlist(value: object) -> object:
    return attributes_of(value.get("values")) if isinstance(value, dict) else {}


_VALUES = {
    "string": _as_is,
    "bool": _as_is,
    "int": _int,
    "double": _double,
    "bytes": _as_is,
    "array": _array,
    "kvlist": _kvlist,
}
