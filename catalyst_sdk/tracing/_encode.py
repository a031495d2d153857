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
_MOST_BYTES = 8 * MAX_CHARS
_NODE_CHARS = 16  # what each item of a container takes besides its text
_encode = msgspec.json.Encoder().encode


def content(key: str, value: object) -> dict[str, str]:
    """Give the two attributes of a payload, `input.value` or `output.value` and its mime type.

    Texts stay as they are, all else becomes JSON.
    """
    if isinstance(value, str):
        return {key: _text(value), _MIME_KEYS[key]: TEXT}
    return {key: encode_json(value), _MIME_KEYS[key]: JSON}


def encode_json(value: object) -> str:
    """Give *value* as JSON text of about `MAX_CHARS` characters at most."""
    try:
        if _is_small(value) and len(encoded := _encode(value)) <= _MOST_BYTES:
            return encoded.decode()
    except Exception:  # noqa: BLE001 - odd keys, lone surrogates, cycles: copied below
        pass
    try:
        return _encode(plain(value, MAX_CHARS)).decode()
    except Exception as error:  # noqa: BLE001 - the user's classes run here; their call goes on
        return _encode(f"<{type(value).__name__}: not readable, {type(error).__name__}>").decode()


def _text(value: str) -> str:
    if len(value) > MAX_CHARS:
        value = f"{value[:MAX_CHARS]}… {len(value) - MAX_CHARS} more characters"
    return readable(value)


def _is_small(value: object) -> bool:
    """Tell whether *value* is plain data within the budget, at the least cost."""
    stack: list[Any] = [value]
    left = MAX_CHARS
    while stack:
        node: Any = stack.pop()
        kind: type[Any] = node.__class__
        if kind is dict or kind is list or kind is tuple:
            left -= _NODE_CHARS * len(node)
            if left < 0:
                return False
            for item in node.values() if kind is dict else node:
                if type(item) is str:
                    left -= len(item)
                else:
                    stack.append(item)
        elif kind is str:
            left -= len(node)
        elif kind is int:
            if node.bit_length() > 64:
                return False
        elif not (kind is float or kind is bool or node is None):
            return False
        if left < 0:
            return False
    return True
