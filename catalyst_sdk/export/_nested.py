"""Rewriting the texts inside an attribute's value, through JSON and JSON inside JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import msgspec

Rewrite = Callable[[str, str], str]
"""(text, name of the field or attribute it stands in) to its replacement."""

# A card number may stand in JSON as a number; shorter integers are counts and times.
_LONG_INTEGER = 10**11
_DEEPEST = 64

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


def parse_container(text: str) -> Any:
    """The object or array *text* is the JSON of, else None."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return _decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return None


def to_text(value: Any) -> str:
    """Compact JSON of what `parse_container` gave."""
    return _encode(value).decode()


def rewrite_texts(value: Any, rewrite: Rewrite, name: str, *, depth: int = 0) -> Any:
    """*value* with every text in it rewritten: values, keys, long integers. New containers."""
    if isinstance(value, str):
        return _rewrite_text(value, rewrite, name, depth)
    if isinstance(value, Mapping):
        mapping = cast("Mapping[Any, Any]", value)
        if depth > _DEEPEST:
            return "…"
        return {
            rewrite(str(key), ""): rewrite_texts(item, rewrite, str(key), depth=depth + 1)
            for key, item in mapping.items()
        }
    if isinstance(value, (list, tuple)):
        items = cast("list[Any]", value)
        if depth > _DEEPEST:
            return "…"
        return type(items)(rewrite_texts(i, rewrite, name, depth=depth + 1) for i in items)
    if isinstance(value, int) and abs(value) >= _LONG_INTEGER:
        digits = str(value)
        rewritten = rewrite(digits, name)
        return value if rewritten == digits else rewritten
    return value


def _rewrite_text(text: str, rewrite: Rewrite, name: str, depth: int) -> str:
    parsed = parse_container(text) if depth <= _DEEPEST else None
    if parsed is None:
        return rewrite(text, name)
    rewritten = rewrite_texts(parsed, rewrite, name, depth=depth + 1)
    return text if rewritten == parsed else to_text(rewritten)
