"""A pattern for text, widened so that it finds that text inside lines of JSON.

A person searches `said "no"`, the file holds `said \\"no\\"`. Decoding every line to look costs ten
times the search, so the raw lines are searched with a pattern that misses nothing the first one
would find, and only the lines it finds are decoded and searched exactly.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Any, NamedTuple

from catalyst_sdk.store.files._literals import required_words, words_in

_ESCAPED = r"\\+(?:u[0-9a-fA-F]{4}(?:\\+u[0-9a-fA-F]{4})?|.)"
_ANYTHING = rf"(?:{_ESCAPED}|.)"
_UNICODE = r"\\+u[0-9a-fA-F]{4}(?:\\+u[0-9a-fA-F]{4})?"
_CONTROL = r"\\+(?:[bfnrt]|u00[0-9a-fA-F]{2})"
_SOMETIMES_ESCAPED = frozenset("/<>&'=\x7f")
_FOLDED = frozenset("kKsS")
"""Letters that another character equals when case is ignored (the Kelvin sign, the long s)."""
# What Python's parser reads differently from RE2, whose pattern it is.
_AMBIGUOUS = re.compile(r"\{,|\[\[|\[\^?:|:\]|--|&&|~~|\|\|")
_MOST = 100
"""Repetitions asked for at most; more would only make the automaton large."""


class Sieve(NamedTuple):
    """What a raw line must fit: one of the words, if there are any, and the pattern."""

    pattern: str
    """RE2; "" fits every line."""
    words: tuple[str, ...] = ()
    """Plain RE2 patterns."""


def sieve(pattern: str) -> Sieve:
    """Give what fits every raw line in whose decoded text *pattern* (RE2) fits somewhere."""
    if _AMBIGUOUS.search(pattern):
        return Sieve("")
    parser = import_module("re._parser" if sys.version_info >= (3, 11) else "sre_parse")
    try:
        tree = parser.parse(pattern)
        widener = _Widener(folded=bool(tree.state.flags & re.IGNORECASE))
        body = widener.sequence(tree)
    except (re.error, _TooOdd, RecursionError, OverflowError, Warning):
        return Sieve("")
    words = required_words(tree, folded=widener.folded)
    return Sieve(_cased(body, widener.folded), _patterns(words, widener.folded))


def text_sieve(texts: Iterable[Sequence[str]], *, before: str = "") -> Sieve:
    """Give what fits every raw line that holds one of the texts, in either case.

    A text is its pieces with anything between them; *before* must stand before it on the line.
    """
    widener = _Widener(folded=False)
    several = list(texts)
    bodies = [".*".join("".join(map(widener.literal, p)) for p in pieces) for pieces in several]
    words = [words_in(pieces) for pieces in several]
    any_of = words_in([before]) or (frozenset[str]().union(*words) if all(words) else frozenset())
    start = "".join(map(widener.literal, before))
    body = f"{start}.*(?:{'|'.join(bodies)})" if before else "|".join(bodies)
    return Sieve(_cased(body, True), _patterns(any_of, True))


def _cased(body: str, folded: bool) -> str:
    return f"(?i:{body})" if folded and body else body


def _patterns(words: Iterable[str], folded: bool) -> tuple[str, ...]:
    return tuple(_cased(re.escape(word).replace("\\ ", " "), folded) for word in sorted(words))


class _TooOdd(Exception):
    pass


class _Widener:
    def __init__(self, *, folded: bool) -> None:
        self.folded = folded

    def sequence(self, nodes: Iterable[tuple[Any, Any]]) -> str:
        return "".join(self._node(str(code), value) for code, value in nodes)

    def literal(self, char: str) -> str:
        if char == '"':
            return r'(?:\\*"|\\+u0022)'
        if char == "\\":
            return r"\\+(?:u005[cC])?"
        if char < " ":
            return f"(?:{_CONTROL})"
        if not char.isascii():
            return f"(?:{char}|{_UNICODE})"
        if char in _SOMETIMES_ESCAPED:
            return rf"(?:\\*{re.escape(char)}|{_UNICODE})"
        if self.folded and char in _FOLDED:
            return rf"(?:{char}|[^\x00-\x7f]|{_UNICODE})"
        return re.escape(char) if not char.isspace() else char

    def _node(self, code: str, value: Any) -> str:
        if code == "LITERAL":
            return self.literal(chr(value))
        if code in ("ANY", "NOT_LITERAL"):
            return _ANYTHING
        if code == "IN":
            return self._class(value)
        if code == "BRANCH":
            return "(?:" + "|".join(self.sequence(each) for each in value[1]) + ")"
        if code == "SUBPATTERN":
            self.folded = self.folded or bool(value[1] & re.IGNORECASE)
            return f"(?:{self.sequence(value[3])})"
        if code in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            return self._repeat(*value)
        if code == "AT":
            return ""
        raise _TooOdd(code)

    def _repeat(self, low: int, high: int, nodes: Sequence[tuple[Any, Any]]) -> str:
        inner = self.sequence(nodes)
        low = min(int(low), _MOST)
        if inner == _ANYTHING:
            return f".{{{low},}}"
        if int(high) > _MOST:
            return f"(?:{inner}){{{low},}}"
        return f"(?:{inner}){{{low},{int(high)}}}"

    def _class(self, items: Sequence[tuple[Any, Any]]) -> str:
        plain: list[str] = []
        escapable = False
        for code, value in items:
            kind = str(code)
            if kind == "NEGATE":
                return _ANYTHING
            if kind == "CATEGORY":
                members = _CATEGORIES.get(str(value))
                if members is None:
                    return _ANYTHING
                plain.append(members)
                escapable = escapable or "t" in members
                continue
            first, last = (value, value) if kind == "LITERAL" else value
            escapable = escapable or not _always_plain(first, last)
            plain.append(f"{_in_class(first)}-{_in_class(last)}")
        inside = f"[{''.join(plain)}]"
        folded = self.folded and bool(_FOLDED)
        wide = escapable or folded
        return rf"(?:{inside}|[^\x00-\x7f]|{_ESCAPED})" if wide else inside


_CATEGORIES = {
    "CATEGORY_DIGIT": "0-9",
    "CATEGORY_WORD": "0-9A-Za-z_",
    "CATEGORY_SPACE": r" \t",
}


def _always_plain(first: int, last: int) -> bool:
    """Tell whether no character of a range is ever written otherwise in JSON."""
    if first < ord(" ") or last > ord("~"):
        return False
    unsafe = {ord('"'), ord("\\"), *map(ord, _SOMETIMES_ESCAPED)}
    return not any(first <= each <= last for each in unsafe)


def _in_class(point: int) -> str:
    return f"\\x{{{point:x}}}"
