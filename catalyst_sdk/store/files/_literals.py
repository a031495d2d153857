"""Words that must stand in a line for a pattern to fit: looking for them first is ten times faster.

RE2 finds a plain word with vector instructions, and runs an automaton byte by byte for the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

_PLAIN = re.compile(r"[0-9A-Za-z !#$%()*+,\-.:;?@\[\]^_{|}~`]")
"""Characters that JSON writes one way only."""
_PLAIN_FOLDED = re.compile(r"[0-9A-JL-RT-Za-jl-rt-z !#$%()*+,\-.:;?@\[\]^_{|}~`]")
"""The same without K and S, which other characters equal when case is ignored."""
_SHORTEST = 3
_MOST = 6
"""Alternatives looked for one by one at most."""

Clause = frozenset[str]
"""Words of which one must be there."""


def required_words(nodes: Iterable[tuple[Any, Any]], *, folded: bool) -> Clause:
    """Give words of which every text that the parsed pattern fits has one; empty if unknown."""
    clauses = _clauses(nodes, _PLAIN_FOLDED if folded else _PLAIN)
    good = [c for c in clauses if len(c) <= _MOST and min(map(len, c)) >= _SHORTEST]
    return _best(good)


def words_in(pieces: Iterable[str]) -> Clause:
    """Give the longest word of a text's pieces, empty without one; letters' case is ignored."""
    words = [word for piece in pieces for word in _runs(piece)]
    longest = max(words, key=len, default="")
    return frozenset({longest}) if len(longest) >= _SHORTEST else frozenset()


def _runs(text: str) -> list[str]:
    return ["".join(run) for run in re.findall(f"(?:{_PLAIN_FOLDED.pattern})+", text)]


def _clauses(nodes: Iterable[tuple[Any, Any]], plain: re.Pattern[str]) -> list[Clause]:
    found: list[Clause] = []
    run = ""
    for code, value in nodes:
        kind = str(code)
        if kind == "LITERAL" and plain.fullmatch(chr(value)):
            run += chr(value)
            continue
        if run:
            found.append(frozenset({run}))
            run = ""
        found += _clauses_of(kind, value, plain)
    return [*found, frozenset({run})] if run else found


def _clauses_of(kind: str, value: Any, plain: re.Pattern[str]) -> list[Clause]:
    if kind == "SUBPATTERN":
        return _clauses(value[3], plain)
    if kind in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        return _clauses(value[2], plain) if value[0] >= 1 else []
    if kind == "BRANCH":
        best = [_best(_clauses(branch, plain)) for branch in value[1]]
        return [frozenset[str]().union(*best)] if all(best) else []
    return []


def _best(clauses: list[Clause]) -> Clause:
    nothing: Clause = frozenset()
    return max(clauses, key=lambda c: (min(map(len, c)), -len(c)), default=nothing)
