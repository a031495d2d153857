"""The engine's exceptions in one sentence of plain words."""

from __future__ import annotations

import re

from catalyst_sdk.errors import CatalystError, EngineError

_PREFIX = re.compile(r"^(?:.*?DB::(?:Exception|NetException): )+", re.DOTALL)
_TAIL = re.compile(
    r"(?::? In scope | Expected one of| \(version |: While (?:executing|processing) "
    r"|\. Stack trace).*$|\s*\([A-Z_]{4,}\)\.?\s*$",
    re.DOTALL,
)
_SYNTAX = re.compile(
    r"Syntax error(?: \(([^)]*)\))?: failed at position (\d+) \((.*?)\)"
    r"(?: \(line \d+, col \d+\))?:.*",
    re.DOTALL,
)
_SUGGESTION = re.compile(r"Maybe you meant:? (?:\[(.*?)\]|(?:catalyst_\d+\.)?(\w+))\??")
_LIMIT = 300
_HINTS = {
    "TIMEOUT_EXCEEDED": "Narrow the question: fewer traces, fewer columns, a LIMIT.",
    "MEMORY_LIMIT_EXCEEDED": "Narrow the question: fewer traces, fewer columns, a LIMIT.",
    "READONLY": "Only SELECT is possible here, without SETTINGS or table functions.",
    "UNKNOWN_TABLE": "The tables are `spans` and `traces`.",
    "UNKNOWN_IDENTIFIER": "DESCRIBE TABLE spans lists the columns.",
}


def engine_error(error: Exception) -> CatalystError:
    """Translate what the engine raised; errors of ours stay as they are."""
    if isinstance(error, CatalystError):
        return error
    text = " ".join(str(error).split())
    hint = next((hint for name, hint in _HINTS.items() if f"({name})" in text), "")
    sentence = _TAIL.sub("", _PREFIX.sub("", text)).strip()
    sentence = _SYNTAX.sub(_syntax, sentence)
    if suggested := _SUGGESTION.search(sentence):
        hint = f"Did you mean {_names(suggested)}? {hint}".strip()
        sentence = sentence[: suggested.start()]
    sentence = sentence.strip().rstrip(".:? ") or type(error).__name__
    if len(sentence) > _LIMIT:
        sentence = sentence[: _LIMIT - 1] + "…"
    return EngineError(f"{sentence}.", hint=hint)


def _syntax(found: re.Match[str]) -> str:
    reason, position, near = found.groups()
    if reason:
        return f"Syntax error at character {position}: {reason[:1].lower()}{reason[1:]}"
    where = "at its end" if near == "end of query" else f"near `{near}`"
    return f"Syntax error at character {position}, {where}"


def _names(found: re.Match[str]) -> str:
    several, one = found.groups()
    return ", ".join(f"`{name}`" for name in (several or one).replace("'", "").split(","))
