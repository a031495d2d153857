"""Terms as ClickHouse conditions; every value is a bound parameter, never part of the text."""

from __future__ import annotations

from typing import Any

from catalyst_sdk.errors import ConfigError
from catalyst_sdk.store.filter._fields import FIELDS, Field
from catalyst_sdk.store.filter._terms import Bounds, Flag, Match, Pattern, Term
from catalyst_sdk.store.filter._text import ascii_lower

Params = dict[str, Any]


def span_condition(term: Term, prefix: str, params: Params) -> str:
    """Give a term's condition on the columns of `spans`."""
    field = FIELDS[term.field]
    if not field.columns:
        raise ConfigError(
            f"`{field.name}` counts within a whole trace, so it cannot filter spans.",
            hint="Use it with traces.",
        )
    compiler = _Compiler(prefix, params)
    condition = " OR ".join(compiler.match(field, match) for match in term.matches)
    return f"NOT ({condition})" if term.negated else f"({condition})"


def trace_condition(term: Term, prefix: str, params: Params) -> str:
    """Give a term's condition on `traces`."""
    field = FIELDS[term.field]
    if field.of_trace:
        whole = field._replace(columns=(field.of_trace,), present="")
        compiler = _Compiler(prefix, params)
        condition = " OR ".join(compiler.match(whole, match) for match in term.matches)
        return f"NOT ({condition})" if term.negated else f"({condition})"
    positive = span_condition(Term(term.field, term.matches, False, term.key), prefix, params)
    negation = "NOT " if term.negated else ""
    return f"trace_id {negation}IN (SELECT trace_id FROM spans WHERE {positive})"


def value_condition(term: Term, text: str, number: str, prefix: str, params: Params) -> str:
    """Give the un-negated condition on one value, from SQL for its text and for its number."""
    compiler = _Compiler(prefix, params)
    fields = {
        Pattern: Field(term.field, "text", (text,)),
        Bounds: Field(term.field, "number", (number,)),
        Flag: Field(term.field, "flag", (f"{text} = 'true'",)),
    }
    return " OR ".join(f"({compiler.match(fields[type(m)], m)})" for m in term.matches)


class _Compiler:
    def __init__(self, prefix: str, params: Params) -> None:
        self.prefix = prefix
        self.params = params
        self.count = 0

    def match(self, field: Field, match: Match) -> str:
        if isinstance(match, Flag):
            return field.columns[0] if match.value else f"NOT {field.columns[0]}"
        if isinstance(match, Bounds):
            return self._bounds(field, match)
        joint = " AND " if match.pieces == ("",) and not match.contains else " OR "
        conditions = [self._pattern(field, column, match) for column in field.columns]
        return "(" + joint.join(conditions) + ")"

    def _pattern(self, field: Field, column: str, pattern: Pattern) -> str:
        if field.kind != "list":
            return self._text(column, pattern)
        return f"arrayExists(x -> {self._text('x', pattern)}, {column})"

    def _text(self, column: str, pattern: Pattern) -> str:
        pieces = [ascii_lower(piece) for piece in pattern.pieces]
        if pieces == ["", ""] and not pattern.contains:
            return f"{column} != ''"
        if len(pieces) == 1 and not pattern.contains:
            return f"lower({column}) = {self._bind('String', pieces[0])}"
        if len(pieces) == 1:
            return f"position(lower({column}), {self._bind('String', pieces[0])}) > 0"
        like = "%".join(_like_literal(piece) for piece in pieces)
        like = f"%{like}%" if pattern.contains else like
        return f"lower({column}) LIKE {self._bind('String', like)}"

    def _bounds(self, field: Field, bounds: Bounds) -> str:
        column = field.columns[0]
        conditions = [f"{field.present} > {field.over}"] if field.present else []
        if bounds.low is not None:
            conditions.append(
                f"{column} {'>' if bounds.above else '>='} {self._number(bounds.low)}"
            )
        if bounds.high is not None:
            conditions.append(
                f"{column} {'<' if bounds.below else '<='} {self._number(bounds.high)}"
            )
        return "(" + " AND ".join(conditions) + ")"

    def _number(self, value: float | int) -> str:
        return self._bind("Int64" if isinstance(value, int) else "Float64", value)

    def _bind(self, kind: str, value: object) -> str:
        name = f"{self.prefix}{self.count}"
        self.count += 1
        self.params[name] = value
        return f"{{{name}:{kind}}}"


def _like_literal(piece: str) -> str:
    return piece.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
