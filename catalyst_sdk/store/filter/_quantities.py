"""Numbers as people type them: 5s, 500ms, 10k, $0.05, 1s..5s."""

from __future__ import annotations

import math
import re

from catalyst_sdk.store.filter._fields import Field, Unit
from catalyst_sdk.store.filter._lexer import Value, problem
from catalyst_sdk.store.filter._terms import Bounds

_QUANTITY = re.compile(r"\$?\s*(-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)\s*([A-Za-zµ]*)")
_SCALES: dict[Unit, dict[str, float]] = {
    "count": {"": 1, "k": 1e3, "m": 1e6, "b": 1e9, "g": 1e9},
    "ns": {
        "ns": 1,
        "us": 1e3,
        "µs": 1e3,
        "ms": 1e6,
        "s": 1e9,
        "sec": 1e9,
        "m": 60e9,
        "min": 60e9,
        "h": 3600e9,
        "d": 86400e9,
    },
    "usd": {"": 1, "usd": 1, "c": 0.01},
    "bytes": {"": 1, "b": 1, "k": 1e3, "kb": 1e3, "m": 1e6, "mb": 1e6, "g": 1e9, "gb": 1e9},
    "": {"": 1},
}
_SCALES["ms"] = {"": 1e6, **_SCALES["ns"]}
_EXAMPLES: dict[Unit, str] = {
    "count": "10k",
    "ns": "5s or 500ms",
    "ms": "500",
    "usd": "0.05",
    "bytes": "10kb",
    "": "5",
}
_LIMIT = 9e18


def bounds_of(value: Value, operator: str, field: Field) -> Bounds:
    """Read one value of a number field as bounds, in the unit of its column."""
    text = value.text
    sign = value.comparison or (operator if operator in (">", ">=", "<", "<=") else "")
    if ".." in text and not sign:
        low, _, high = text.partition("..")
        if not low and not high:
            raise problem("A range needs a bound", value.position, "Say 1s..5s, 1s.. or ..5s.")
        return Bounds(
            low=quantity(low, field, value.position) if low else None,
            high=quantity(high, field, value.position) if high else None,
        )
    number = quantity(text, field, value.position)
    if sign in (">", ">="):
        return Bounds(low=number, above=sign == ">")
    if sign in ("<", "<="):
        return Bounds(high=number, below=sign == "<")
    return Bounds(low=number, high=number)


def quantity(text: str, field: Field, position: int) -> float | int:
    """Read a number with its unit; nanoseconds come back as a whole number."""
    example = _EXAMPLES[field.unit]
    found = _QUANTITY.fullmatch(text.strip().replace("_", ""))
    scale = _SCALES[field.unit].get(found.group(2).lower()) if found else None
    if found is None or scale is None:
        hint = f"Say for example {field.name}:>{example}."
        if found and not found.group(2) and field.unit == "ns":
            hint = f"Did you mean {text}s or {text}ms?"
        raise problem(f"`{text}` is no {_noun(field.unit)}", position, hint)
    number = float(found.group(1)) * scale
    if not math.isfinite(number) or abs(number) > _LIMIT:
        raise problem(f"`{text}` is too large", position)
    if field.unit not in ("ns", "ms"):
        return int(number) if number.is_integer() else number
    return round(number) if field.columns != ("ttft_ms",) else number / 1e6


def _noun(unit: Unit) -> str:
    return {"ns": "duration with a unit", "ms": "duration", "usd": "amount", "bytes": "size"}.get(
        unit, "number"
    )
