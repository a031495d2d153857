"""How text is compared, alike in SQL and in Python: A to Z in either case, `*` for anything."""

from __future__ import annotations

import string

from catalyst_sdk.store.filter._terms import Pattern

_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def ascii_lower(text: str) -> str:
    """Lower A to Z and nothing else, as ClickHouse's `lower` does."""
    return text.translate(_LOWER)


def fits(text: str, pattern: Pattern) -> bool:
    """Tell whether text fits a pattern, in time linear in both."""
    if pattern.pieces == ("", "") and not pattern.contains:
        return bool(text)
    text = ascii_lower(text)
    pieces = [ascii_lower(piece) for piece in pattern.pieces]
    if pattern.contains:
        pieces = ["", *pieces, ""]
    if len(pieces) == 1:
        return text == pieces[0]
    first, *middle, last = pieces
    if not text.startswith(first):
        return False
    at = len(first)
    for piece in middle:
        found = text.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return len(text) - at >= len(last) and text.endswith(last)
