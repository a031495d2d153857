"""Did you mean: the closest known word to an unknown one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from catalyst_sdk.cli._format import one_line
from catalyst_sdk.errors import ConfigError

_LISTED = 24


def closest(word: str, known: Iterable[str]) -> str:
    """Give the known word most like *word*, whatever its case, or ""."""
    by_folded = {name.casefold(): name for name in known}
    match = get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[match[0]] if match else ""


def unknown(what: str, word: str, known: Iterable[str]) -> ConfigError:
    """Make the error for an unknown *word*, with the closest known one or all of them."""
    names = list(known)
    near = closest(word, names)
    hint = f"Did you mean {near}?" if near else ""
    if len(names) <= _LISTED:
        hint = f"{hint} Known: {', '.join(names)}.".strip()
    return ConfigError(f"There is no {what} '{one_line(word)}'.", hint=hint)
