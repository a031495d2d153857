"""JSON values, typed for the checker, and the few ways this package looks into them."""

from __future__ import annotations

from typing import Any

import msgspec

Json = dict[str, Any] | list[Any] | str | int | float | bool | None
"""What a JSON document decodes to."""

_encoder = msgspec.json.Encoder(enc_hook=str)
_decoder = msgspec.json.Decoder()


def parsed(value: Json) -> Json:
    """Decode text that holds a JSON object or list; anything else is given back as it is."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if text[:1] in ("{", "[") and text[-1:] in ("}", "]"):
        try:
            return _decoder.decode(text)
        except (ValueError, RecursionError):
            return value
    return value


def json_text(value: Json) -> str:
    """Write a value as JSON, text as it is, None as ""."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    try:
        return _encoder.encode(value).decode()
    except (ValueError, TypeError, OverflowError, RecursionError):
        return repr(value)


def pick(block: dict[str, Any], *names: str) -> Json:
    """Give the first of *names* whose value is neither null nor ""."""
    for name in names:
        value = block.get(name)
        if value is not None and value != "":
            return value
    return None


def pick_text(block: dict[str, Any], *names: str) -> str:
    """Give the first of *names* that is present, as text."""
    return json_text(pick(block, *names))


def object_of(value: Json) -> dict[str, Any]:
    """Give an object as it is, {} for anything else."""
    return value if isinstance(value, dict) else {}


def items_of(value: Json) -> list[Any]:
    """Give a list as it is, [] for anything else."""
    return value if isinstance(value, list) else []


def objects(value: Json) -> list[dict[str, Any]]:
    """Give the objects among the items of a list, nothing for anything else."""
    items: list[Json] = items_of(value)
    return [item for item in items if isinstance(item, dict)]
