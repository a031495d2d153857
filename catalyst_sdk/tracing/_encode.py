"""Any Python value as bounded JSON text; never raises, never runs through a 100 MB object.

Small plain data goes straight to msgspec. Anything else is first copied as plain data by
`plain`, which stops at a budget of characters.
"""

from __future__ import annotations

from typing import Any

import msgspec

from catalyst_sdk import semconv
from catalyst_sdk.tracing._plain import plain, readable

JSON = "application/json"
TEXT = "text/plain"
MAX_CHARS = 1_000_000
"""About how much of one value is kept."""

_MIME_KEYS = {
    semconv.INPUT_VALUE: semconv.INPUT_MIME_TYPE,
    semconv.OUTPUT_VALUE: semconv.OUTPUT_MIME_TYPE,
}
_SMALL_NODES = 20_000
_encode = msgspec.json.Encoder().encode


def content(key: str, value: object) -> dict[str, str]:
    """Give the two attributes of a payload, `input.value` or `output.value` and its mime type.

    Texts stay as they are, all else becomes JSON.
    """
    if type(value) is str:
        return {key: _text(value), _MIME_KEYS[key]: TEXT}
    return {key: encode_json(value), _MIME_KEYS[key]: JSON}


def encode_json(value: object) -> str:
    """Give *value* as JSON text of about `MAX_CHARS` characters at most."""
    if _is_small(value):
        try:
            return _encode(value).decode()
        except Exception:  # noqa: BLE001, S110 - odd keys, lone surrogates, cycles: copied below
            pass
    try:
        return _encode(plain(value, MAX_CHARS)).decode()
    except Exception as error:  # noqa: BLE001 - the user's classes run here; their call goes on
        return _encode(f"<{type(value).__name__}: not readable, {type(error).__name__}>").decode()


def _text(value: str) -> str:
    if len(value) > MAX_CHARS:
        value = f"{value[:MAX_CHARS]}… {len(value) - MAX_CHARS} more characters"
    return value if value.isascii() else readable(value)


def _is_small(value: object) -> bool:
    """Tell whether *value* is plain data within the budget, at the least cost."""
    stack: list[Any] = [value]
    chars = nodes = 0
    while stack:
        node = stack.pop()
        kind = type(node)
        if kind is str:
            chars += len(node)
        elif kind is dict:
            stack.extend(node)
            stack.extend(node.values())
        elif kind is list or kind is tuple:
            stack.extend(node)
        elif kind is int and node.bit_length() > 64:
            return False
        elif not (kind is int or kind is float or kind is bool or node is None):
            return False
        nodes += 1
        if nodes + len(stack) > _SMALL_NODES or chars > MAX_CHARS:
            return False
    return True
