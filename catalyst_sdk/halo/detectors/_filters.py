"""Conditions in the filter grammar, for findings that it can say: what a person can type."""

from __future__ import annotations

import re

__all__ = ["core_of", "site_term", "terms"]

_CORE = re.compile(r"<(?:n|id|str|path|url|email|time)>|[\"*\\\\<>=!~,\n]")

_BARE = re.compile(r"[\w./@-]+")
_UNSAYABLE = re.compile(r'["*\\<>=!~,\n]')


def terms(*pairs: tuple[str, str | int]) -> str:
    """Write `field:value` terms; "" when a value cannot be said exactly. Empty values drop out.

    Halo uses the text only if it matches exactly the spans of the candidate's SQL.
    """
    written: list[str] = []
    for field, value in pairs:
        text = str(value)
        if text == "":
            continue
        sign = re.match(r">=?|<=?", text) if field.endswith(("size", "_ms", "documents")) else None
        if sign:
            written.append(f"{field}:{text}")
        elif _UNSAYABLE.search(text):
            return ""
        else:
            written.append(f"{field}:{text if _BARE.fullmatch(text) else _quoted(text)}")
    return " ".join(written)


def core_of(signature: str) -> str:
    """Give the longest stretch of a folded message that is the same in all of them."""
    return max((piece.strip() for piece in _CORE.split(signature)), key=len)[:120].strip()


def site_term(kind: str, site: str) -> tuple[str, str]:
    """Name a place by the field that holds it."""
    return {"TOOL": "tool", "LLM": "model"}.get(kind, "name"), site


def _quoted(text: str) -> str:
    return f'"{text}"'
