"""Compact JSON for attributes, of whatever a user put into a request."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

import msgspec


def to_json(value: Any) -> str:
    """Encode *value*; what JSON has no form for becomes its type's name in angle brackets."""
    try:
        return _encode(value).decode()
    except (UnicodeEncodeError, TypeError, ValueError):  # lone surrogates, odd keys, long integers
        text = json.dumps(value, default=_plain, skipkeys=True, ensure_ascii=False)
        return text.encode("utf-8", "replace").decode()


def as_object(value: Any) -> Mapping[str, Any]:
    """The JSON object *value* is, or an empty one."""
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def as_list(value: Any) -> Sequence[Any]:
    """The JSON array *value* is, or an empty one."""
    return cast("Sequence[Any]", value) if isinstance(value, list | tuple) else ()


def _plain(value: Any) -> Any:
    dump = getattr(value, "model_dump", None)
    if dump is not None and not isinstance(value, type):
        return dump(mode="json", exclude_unset=True)
    if isinstance(value, Mapping):
        return dict(as_object(value))
    return f"<{type(value).__name__}>"


_encode = msgspec.json.Encoder(enc_hook=_plain).encode
