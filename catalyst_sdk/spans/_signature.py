"""Error signatures: a message with what varies folded away, so that equal causes group."""

from __future__ import annotations

import re
from functools import lru_cache

_LIMIT = 500

_FOLDS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.ASCII | re.IGNORECASE), fold)
    for pattern, fold in (
        (r"\b[a-z][a-z0-9+.-]{1,10}://[^\s'\"<>)\]}]+", "<url>"),
        (r"\b[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{2,63}\b", "<email>"),
        (
            r"\b\d{4}-\d\d-\d\d(?:[t ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?"
            r"(?:\s?(?:z|utc|[+-]\d\d:?\d\d))?)?\b",
            "<time>",
        ),
        (r"\b\d\d?:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:\s?[ap]m)?\b", "<time>"),
        (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "<id>"),
        (r"\b0x[0-9a-f]+\b", "<id>"),
        (r"(?<![\w/\\])(?:[a-z]:)?(?:[/\\][\w.@+-]{1,200}){2,}[/\\]?", "<path>"),
        (r"(?<![\w/])(?:\.{1,2}|~)(?:/[\w.@+-]{1,200})+", "<path>"),
        (r"\"[^\"\n]{0,300}\"", "<str>"),
        (r"`[^`\n]{0,300}`", "<str>"),
        (r"(?<!\w)'[^'\n]{0,300}'(?!\w)", "<str>"),
    )
)
_WORD = re.compile(r"\w[\w-]*")
_DIGIT = re.compile(r"\d")
_NUMBER = re.compile(r"[-+$€£]?<n>(?:[.,:]<n>)*%?")
_LIST = re.compile(r"(<\w+>)(?:(?:[,;]| and| or)? \1)+")
_BLANKS = re.compile(r"\s+")


@lru_cache(maxsize=4096)
def fold_signature(text: str) -> str:
    """Fold numbers, ids, quoted strings, paths, times and addresses of a message into marks."""
    folded = text[: 4 * _LIMIT]
    for pattern, mark in _FOLDS:
        folded = pattern.sub(mark, folded)
    folded = _WORD.sub(_number, folded)
    folded = _LIST.sub(r"\1", _NUMBER.sub("<n>", folded))
    return _BLANKS.sub(" ", folded).strip()[:_LIMIT]


def _number(word: re.Match[str]) -> str:
    """Fold a word that holds a digit: a number, an id, a version, a flight."""
    return "<n>" if _DIGIT.search(word[0]) else word[0]
