"""Redactors: what `redact=` may name, and the patterns that ship."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from catalyst_sdk.errors import ConfigError

Redact = str | re.Pattern[str] | Callable[[str], str]
"""A shipped pattern's name ("keys", "cards", "emails"), a regular expression, or a function."""

REDACTED = "[redacted]"


class _Rule(NamedTuple):
    """A pattern, tried where one of its needles occurs (in lower case); without any, always."""

    needles: tuple[str, ...]
    pattern: re.Pattern[str]
    replacement: str | Callable[[re.Match[str]], str]


class _Shipped:
    """The rules of one name, and a quick way to see that none applies."""

    def __init__(self, *rules: _Rule) -> None:
        self.rules = rules
        self._needles = tuple(needle for rule in rules for needle in rule.needles)
        self._always = [rule.pattern for rule in rules if not rule.needles]

    def may_match(self, lowered: str) -> bool:
        """Whether a text whose lower case this is may hold a match."""
        for needle in self._needles:  # a loop: `any` over a generator takes three times as long
            if needle in lowered:
                return True
        return any(pattern.search(lowered) for pattern in self._always)


def _rules(name: str, *rules: tuple[tuple[str, ...], str]) -> _Shipped:
    """Rules that leave what the pattern's group `keep` caught."""
    replacement = rf"\g<keep>[redacted:{name}]"
    return _Shipped(
        *(
            _Rule(needles, re.compile(p if "<keep>" in p else f"(?P<keep>){p}"), replacement)
            for needles, p in rules
        )
    )


# Every repetition is bounded or cannot overlap what follows: linear in the text.
_KEYS = _rules(
    "keys",
    (("sk-", "sk_", "rk_"), r"\b[sr]k[-_][A-Za-z0-9_-]{16,}"),
    (("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"\bgh[pousr]_[A-Za-z0-9]{20,}"),
    (("github_pat_",), r"\bgithub_pat_[A-Za-z0-9_]{20,}"),
    (("glpat-",), r"\bglpat-[A-Za-z0-9_-]{16,}"),
    (("akia", "asia"), r"\bA[KS]IA[0-9A-Z]{16}\b"),
    (("aiza",), r"\bAIza[0-9A-Za-z_-]{35}"),
    (("xox",), r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),
    (("hf_",), r"\bhf_[A-Za-z0-9]{20,}"),
    (("pypi-",), r"\bpypi-[A-Za-z0-9_-]{16,}"),
    (("eyj",), r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?"),
    (("bearer ",), r"(?P<keep>\b[Bb](?:earer|EARER) +)[A-Za-z0-9._~+/=-]{12,}"),
    (
        ("private key",),
        r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[^-]{1,20000}"
        r"-----END [A-Z ]{0,40}PRIVATE KEY-----",
    ),
    (("://", ":\\/"), r"(?P<keep>://[^/\s:@]{1,64}:)[^/\s@]{1,256}(?=@)"),
    (
        ("key", "token", "secret", "passw"),
        r"(?i)(?P<keep>\b(?:api[_-]?key|access[_-]?token|auth[_-]?token|client[_-]?secret"
        r"|secret[_-]?key|password|passwd)[\"']? ?[:=] ?[\"']?)[^\s\"',;&\[]{8,}",
    ),
)
_SECRET_FIELDS = frozenset(
    {
        "api_key", "apikey", "api-key", "x-api-key", "access_token", "refresh_token", "id_token",
        "auth_token", "client_secret", "secret", "secret_key", "private_key", "password",
        "passwd", "authorization", "proxy-authorization", "cookie", "set-cookie",
    }
)  # fmt: skip

# Issuer ranges and lengths (ISO/IEC 7812): a random number seldom has both these and Luhn's digit.
_CARD = re.compile(
    r"3[47]\d{13}|4\d{12}(?:\d{3}){0,2}|5[1-5]\d{14}|2[2-7]\d{14}|6(?:011|5\d\d|4[4-9]\d)\d{12,15}"
    r"|3(?:0[0-5]|[68]\d)\d{11}|35\d{14,17}|62\d{14,17}|5[0678]\d{10,17}"
)


def _without_card(match: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", match[0])
    return "[redacted:cards]" if _CARD.fullmatch(digits) and _luhn(digits) else match[0]


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


_SHIPPED = {
    "keys": _KEYS,
    "cards": _Shipped(
        _Rule((), re.compile(r"(?<![\d.])\d(?:[ -]?\d){11,18}(?!\d)", re.ASCII), _without_card)
    ),
    "emails": _rules("emails", (("@",), r"[\w.%+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")),
}


class Redactor:
    """Applies the chosen redactors to a text, in order. Whatever they raise is the caller's."""

    def __init__(self, choice: Redact | Iterable[Redact]) -> None:
        chosen = _listed(choice)
        self._steps = [_step(one) for one in chosen]
        self._secret_fields = _SECRET_FIELDS if "keys" in chosen else frozenset[str]()
        shipped = [one for one in chosen if isinstance(one, str) and one in _SHIPPED]
        self._shipped = [_SHIPPED[name] for name in shipped]
        self._only_rules = len(shipped) == len(chosen)

    def __call__(self, text: str, name: str) -> str:
        """*text* redacted; *name* is the field or attribute it stands in."""
        if self._is_secret(name) and text:
            return "[redacted:keys]"
        for step in self._steps:
            text = step(text)
        return text

    def may_change(self, text: str, name: str) -> bool:
        """False only if nothing in *text*, be it JSON, can be changed: spares parsing it."""
        if not self._only_rules or "\\u" in text or self._is_secret(name):
            return True
        lowered = text.lower()
        return any(one.may_match(lowered) for one in self._shipped) or any(
            field in lowered for field in self._secret_fields
        )

    def _is_secret(self, name: str) -> bool:
        return name.rpartition(".")[2].lower() in self._secret_fields


def _listed(choice: Redact | Iterable[Redact]) -> list[Redact]:
    if isinstance(choice, (str, re.Pattern)) or callable(choice):
        return [choice]
    return list(choice)


def _step(choice: Redact) -> Callable[[str], str]:
    if isinstance(choice, str):
        return _named(choice)
    if isinstance(choice, re.Pattern):
        return lambda text: choice.sub(REDACTED, text)
    if callable(choice):
        return lambda text: _checked(choice(text))
    raise ConfigError(
        f"redact takes names, patterns and functions, not {type(choice).__name__}.",
        hint="Shipped patterns: " + ", ".join(sorted(_SHIPPED)),
    )


def _named(name: str) -> Callable[[str], str]:
    shipped = _SHIPPED.get(name)
    if shipped is not None:
        return lambda text: _apply(shipped, text)
    near = difflib.get_close_matches(name.lower(), _SHIPPED, n=1, cutoff=0.7)
    if near:
        raise ConfigError(
            f"There is no redaction pattern {name!r}; did you mean {near[0]!r}?",
            hint=f"For a regular expression of that text pass re.compile({name!r}).",
        )
    try:
        pattern = re.compile(name)
    except re.error as error:
        raise ConfigError(
            f"redact={name!r} is neither a shipped pattern nor a regular expression: {error}.",
            hint="Shipped patterns: " + ", ".join(sorted(_SHIPPED)),
        ) from None
    return lambda text: pattern.sub(REDACTED, text)


def _apply(shipped: _Shipped, text: str) -> str:
    if shipped.may_match(text.lower()):
        for rule in shipped.rules:
            text = rule.pattern.sub(rule.replacement, text)
    return text


def _checked(text: object) -> str:
    if not isinstance(text, str):
        raise TypeError(f"a redactor returned {type(text).__name__}, not text")
    return text
