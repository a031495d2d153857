"""Compact JSON for attributes, of whatever a user put into a request."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import msgspec


def to_json(value: Any) -> str:
    """Encode *value*; what JSON has no form for becomes its type's name in angle brackets."""
    try:
        return _encode(value).decode()
    except (TypeError, ValueError, RecursionError):  # lone surrogates, odd keys, cycles
        return _encode_with_care(value)


def as_object(value: Any) -> Mapping[str, Any]:
    """The JSON object *value* is, or an empty one."""
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def as_list(value: Any) -> Sequence[Any]:
    """The JSON array *value* is, or an empty one."""
    return cast("Sequence[Any]", value) if isinstance(value, list | tuple) else ()


def _encode_with_care(value: Any) -> str:
    try:
        text = json.dumps(value, default=_plain, skipkeys=True, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        text = json.dumps(_name(value))
    return text.encode("utf-8", "replace").decode()


def _plain(value: Any) -> Any:
    for kind, convert in _SUBCLASSED.items():
        if isinstance(value, kind):
            return convert(value)
    dump = getattr(value, "model_dump", None)
    if dump is not None and not isinstance(value, type):
        return dump(mode="json", exclude_unset=True)
    if isinstance(value, Mapping):
        return dict(as_object(value))
    return _name(value)


def _name(value: Any) -> str:
    return f"<{type(value).__name__}>"


# The base's own conversion: a subclass may say something else of itself.
_SUBCLASSED: dict[type, Callable[[Any], Any]] = {
    str: str.__str__,
    int: int.__int__,
    float: float.__float__,
}

_encode = msgspec.json.Encoder(enc_hook=_plain).encode
