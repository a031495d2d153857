"""The filter grammar's words: `[-]field:value,value`, comparisons, quotes and wildcards."""

from __future__ import annotations

import re
from typing import NamedTuple

from catalyst_sdk.errors import ConfigError

_KEYED = re.compile(r"(attr|attribute|metadata|resource)\.", re.IGNORECASE)
_KEY = re.compile(r"[^\s:=<>~!,\"]+")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_OPERATOR = re.compile(r"!=|!~|>=|<=|==|=|>|<|~|:")
_COMPARISON = re.compile(r">=|<=|>|<")
_BETWEEN = re.compile(r"\s+between:", re.IGNORECASE)
_SPACE = re.compile(r"\s*")


class Value(NamedTuple):
    """One value: literal pieces with a wildcard between each two of them."""

    pieces: tuple[str, ...]
    comparison: str
    """`>`, `>=`, `<`, `<=` or ""."""
    position: int
    """0-based offset in the text."""

    @property
    def text(self) -> str:
        """The value as typed, without its quotes."""
        return "*".join(self.pieces)


class Word(NamedTuple):
    """One token of a filter: a field with its operator and values, or free text."""

    field: str
    """As typed; "" for free text."""
    key: str
    """What follows `attr.` or `resource.`."""
    operator: str
    values: tuple[Value, ...]
    negated: bool
    position: int


def split_words(text: str) -> list[Word]:
    """Split a filter into its words; raises ConfigError with the position of what is wrong."""
    return _Lexer(text).words()


def problem(message: str, position: int, hint: str = "") -> ConfigError:
    """Make the error for something wrong at a 0-based offset."""
    return ConfigError(f"{message} (filter, character {position + 1}).", hint=hint)


class _Lexer:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def words(self) -> list[Word]:
        found: list[Word] = []
        while self._skip_space() < len(self.text):
            found.append(self._word())
        return found

    def _word(self) -> Word:
        start = self.at
        negated = self._take("-")
        if self.at >= len(self.text) or self.text[self.at].isspace():
            raise problem("`-` stands alone", start, "Put it before what you exclude: -agent:x.")
        begin = self.at
        field, key = self._field()
        if not field:
            return self._free(begin, start, negated)
        if between := _BETWEEN.match(self.text, self.at):
            self.at = between.end()
            return Word(field, key, "between", self._values(":"), negated, start)
        operator = _OPERATOR.match(self.text, self.at)
        if operator is None:
            if key:
                raise problem(f"`{field}.{key}` has no value", start, f"Say {field}.{key}=value.")
            return self._free(begin, start, negated)
        self.at = operator.end()
        return Word(field, key, operator.group(), self._values(operator.group()), negated, start)

    def _field(self) -> tuple[str, str]:
        if keyed := _KEYED.match(self.text, self.at):
            self.at = keyed.end()
            return keyed.group(1).lower(), self._key()
        if name := _NAME.match(self.text, self.at):
            self.at = name.end()
            return name.group(), ""
        return "", ""

    def _free(self, begin: int, start: int, negated: bool) -> Word:
        self.at = begin
        value = self._value("", stop="")
        return Word("", "", "", (value,), negated, start)

    def _key(self) -> str:
        start = self.at
        if self._at('"'):
            return self._quoted()
        key = _KEY.match(self.text, self.at)
        if key is None:
            raise problem("An attribute's name is missing", start, "Say attr.tenant=acme.")
        self.at = key.end()
        return key.group()

    def _values(self, operator: str) -> tuple[Value, ...]:
        found: list[Value] = []
        while True:
            found.append(self._value(operator, stop=","))
            if not self._take(","):
                return tuple(found)

    def _value(self, operator: str, *, stop: str) -> Value:
        start = self.at
        comparison = ""
        if operator == ":" and (sign := _COMPARISON.match(self.text, self.at)):
            comparison = sign.group()
            self.at = sign.end()
        pieces, typed = self._pieces(stop)
        if not typed:
            raise problem("A value is missing", start, 'For an empty value write "".')
        return Value(tuple(pieces), comparison, start)

    def _pieces(self, stop: str) -> tuple[list[str], bool]:
        pieces = [""]
        begin = self.at
        while self.at < len(self.text):
            char = self.text[self.at]
            if char.isspace() or char == stop:
                break
            if char == '"':
                pieces[-1] += self._quoted()
            elif char == "*":
                pieces.append("")
                self.at += 1
            else:
                pieces[-1] += self._plain(char)
        return pieces, self.at > begin

    def _plain(self, char: str) -> str:
        escaped = char == "\\" and self.at + 1 < len(self.text)
        taken = self.text[self.at + 1] if escaped else char
        self.at += 2 if escaped else 1
        return taken

    def _quoted(self) -> str:
        start = self.at
        self.at += 1
        inside = ""
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == '"':
                self.at += 1
                return inside
            following = self.text[self.at + 1 : self.at + 2]
            if char == "\\" and following and following in '"\\':
                char = following
                self.at += 1
            inside += char
            self.at += 1
        raise problem("A quote is not closed", start, 'Write \\" for a quote inside quotes.')

    def _take(self, char: str) -> bool:
        found = self._at(char)
        self.at += found
        return found

    def _at(self, char: str) -> bool:
        return self.text.startswith(char, self.at)

    def _skip_space(self) -> int:
        space = _SPACE.match(self.text, self.at)
        self.at = space.end() if space else self.at
        return self.at
