"""From text to a filter."""

from __future__ import annotations

from catalyst_sdk.store.filter._fields import FIELDS, Field, choice_named, field_named
from catalyst_sdk.store.filter._filter import Filter
from catalyst_sdk.store.filter._lexer import Value, Word, problem, split_words
from catalyst_sdk.store.filter._quantities import bounds_of, quantity
from catalyst_sdk.store.filter._terms import Bounds, Flag, Match, Pattern, Term

_YES = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_OK, _UNSET = Pattern(("ok",)), Pattern(("unset",))
_EQUALS = (":", "=", "==", "!=")
_CONTAINS = ("~", "!~")


def parse_filter(text: str) -> Filter:
    """Read a filter such as `status:error model:gpt-5* duration:>5s attr.tenant=acme "text"`.

    Raises ConfigError that says where it is wrong and what was probably meant. Empty text gives
    the filter that keeps everything.
    """
    return Filter(tuple(_term(word) for word in split_words(text)))


def where(field: str, *values: str, key: str = "") -> Filter:
    """Make a filter of one field from values taken as they are, without the grammar's quotes.

    `*` is a wildcard and `>`, `<` compare, as in the grammar; *key* names an attribute.
    """
    if not values:
        return Filter(())
    found = tuple(_raw_value(value) for value in values)
    return Filter((_term(Word(field, key, ":", found, negated=False, position=0)),))


def of_agent(agent: str) -> Filter:
    """Make the filter for an agent's name or id, taken as it is but for `*`."""
    return Filter((Term(field="agent", matches=(Pattern(tuple(agent.split("*"))),)),))


def _raw_value(text: str) -> Value:
    sign = next((s for s in (">=", "<=", ">", "<") if text.startswith(s)), "")
    return Value(tuple(text[len(sign) :].split("*")), sign, 0)


def _term(word: Word) -> Term:
    if not word.field:
        return _text_term(word)
    if word.key:
        field = FIELDS[word.field.lower()]
        matches = _payload_matches(word)
    else:
        field = field_named(word.field, word.position)
        if field.name == "text":
            word = word._replace(operator="!~" if word.operator == "!=" else "~")
        matches = _matches(field, word)
    negated = word.negated != word.operator.startswith("!")
    return Term(field=field.name, matches=matches, negated=negated, key=word.key)


def _text_term(word: Word) -> Term:
    value = word.values[0]
    if value.text in ("AND", "&&"):
        raise problem(f"`{value.text}` is not needed", value.position, "Terms all have to hold.")
    if value.text in ("OR", "||"):
        raise problem(
            f"`{value.text}` is not part of the grammar",
            value.position,
            "For any of several values use a comma: status:error,ok.",
        )
    if not "".join(value.pieces).strip():
        raise problem("The text to search for is empty", value.position)
    pattern = Pattern(value.pieces, contains=True)
    return Term(field="text", matches=(pattern,), negated=word.negated)


def _matches(field: Field, word: Word) -> tuple[Match, ...]:
    if word.operator == "between":
        return (_between(field, word),)
    found = tuple(_match(field, word, value) for value in word.values)
    # A span is only told to be OK by some libraries: `ok` is whatever is no error.
    return (*found, _UNSET) if field.name == "status" and _OK in found else found


def _between(field: Field, word: Word) -> Bounds:
    if field.kind != "number" or len(word.values) != 2:
        raise problem(
            "`between:` takes two numbers", word.position, "Say total_tokens between:100,500."
        )
    low, high = (quantity(value.text, field, value.position) for value in word.values)
    return Bounds(low=low, high=high)


def _match(field: Field, word: Word, value: Value) -> Match:
    if field.kind == "number":
        if word.operator in _CONTAINS:
            raise problem(f"`{field.name}` is a number", word.position, "Compare it: >, <, 1..5.")
        return bounds_of(value, word.operator, field)
    if value.comparison or word.operator not in (*_EQUALS, *_CONTAINS):
        raise problem(
            f"`{field.name}` cannot be compared by size", value.position, f"Say {field.name}:value."
        )
    if field.kind == "flag":
        return _flag(field, value)
    contains = word.operator in _CONTAINS or field.kind == "contains"
    if field.choices and len(value.pieces) == 1 and not contains:
        return Pattern((choice_named(field, value.text, value.position),))
    return Pattern(value.pieces, contains=contains)


def _flag(field: Field, value: Value) -> Flag:
    if value.text.lower() not in _YES:
        raise problem(
            f"`{value.text}` is neither true nor false", value.position, f"Say {field.name}:true."
        )
    return Flag(_YES[value.text.lower()])


_PLAIN_NUMBER = Field("value", "number")


def _payload_matches(word: Word) -> tuple[Match, ...]:
    if word.operator == "between":
        return (_between(_PLAIN_NUMBER, word),)
    return tuple(_payload_match(word, value) for value in word.values)


def _payload_match(word: Word, value: Value) -> Match:
    if value.comparison or word.operator in (">", ">=", "<", "<="):
        return bounds_of(value, word.operator, _PLAIN_NUMBER)
    return Pattern(value.pieces, contains=word.operator in _CONTAINS)
