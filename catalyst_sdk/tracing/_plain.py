"""A bounded copy of any Python value as plain data: dict, list, str, int, float, bool, None."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import itertools
import math
import pathlib
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from typing import Any, cast

MAX_DEPTH = 24
_NODE_CHARS = 8
_MAX_NUMBER_BITS = 4096
_TEXT_BYTES = 1024

_NAMED = (
    datetime.date,
    datetime.time,
    datetime.timedelta,
    uuid.UUID,
    decimal.Decimal,
    pathlib.PurePath,
)
_SEQUENCES = (list, tuple, set, frozenset, deque, Set)


def plain(value: object, budget: int) -> Any:
    """Copy *value* as plain data of about *budget* characters at most."""
    return _Copy(budget).value(value, 0)


def readable(text: str) -> str:
    """Give *text* as a plain str without lone surrogates, which no exporter can encode."""
    text = str.__str__(text)
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="replace").decode()
    return text


class _Copy:
    """One copy under way, and what is left of its budget."""

    def __init__(self, budget: int) -> None:
        self.left = budget

    def value(self, value: Any, depth: int) -> Any:
        try:
            return self._value(value, depth)
        except Exception as error:  # noqa: BLE001 - the user's properties and methods ran
            return f"<{type(value).__name__}: not readable, {type(error).__name__}>"

    def _value(self, value: Any, depth: int) -> Any:
        self.left -= _NODE_CHARS
        if value is None or value is True or value is False:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, enum.Enum):
            return self.value(value.value, depth + 1) if depth < MAX_DEPTH else self.shown(value)
        if isinstance(value, int | float):
            return self.number(value)
        if depth >= MAX_DEPTH:
            return f"<{type(value).__name__}, too deep>"
        if isinstance(value, Mapping):
            return self.mapping(cast("Mapping[Any, Any]", value).items(), depth)
        if isinstance(value, _SEQUENCES):
            return self.sequence(cast("Iterable[Any]", value), depth)
        if isinstance(value, bytes | bytearray | memoryview):
            return self.binary(cast("bytes | bytearray | memoryview[Any]", value))
        fields = None if isinstance(value, type) else _fields(value)
        return self.shown(value) if fields is None else self.mapping(fields, depth)

    def text(self, value: str) -> str:
        kept = max(self.left, 0)
        self.left -= len(value)
        if len(value) > kept:
            value = f"{value[:kept]}… {len(value) - kept} more characters"
        return readable(value)

    def number(self, value: float) -> Any:
        if isinstance(value, float):
            return float(value) if math.isfinite(value) else repr(value)
        bits = value.bit_length()
        if bits <= 64:
            return int(value)
        return str(value) if bits <= _MAX_NUMBER_BITS else f"<int of {bits} bits>"

    def binary(self, value: bytes | bytearray | memoryview[Any]) -> str:
        if not isinstance(value, memoryview) and len(value) <= _TEXT_BYTES:
            try:
                return self.text(value.decode())
            except UnicodeDecodeError:
                pass
        size = value.nbytes if isinstance(value, memoryview) else len(value)
        return f"<{size} bytes>"

    def mapping(self, pairs: Iterable[tuple[Any, Any]], depth: int) -> dict[str, Any]:
        copy: dict[str, Any] = {}
        rest = iter(pairs)
        for key, item in rest:
            name = self.text(key if isinstance(key, str) else str(self.value(key, depth + 1)))
            copy[name] = self.value(item, depth + 1)
            if self.left <= 0:
                _note_rest(rest, lambda more: copy.__setitem__("…", more))
                break
        return copy

    def sequence(self, items: Iterable[Any], depth: int) -> list[Any]:
        copy: list[Any] = []
        rest = iter(items)
        for item in rest:
            copy.append(self.value(item, depth + 1))
            if self.left <= 0:
                _note_rest(rest, copy.append)
                break
        return copy

    def shown(self, value: object) -> str:
        if isinstance(value, type):
            return self.text(f"{value.__module__}.{value.__qualname__}")
        if isinstance(value, _NAMED):
            return self.text(str(value))
        return self.text(repr(value))


def _note_rest(rest: Iterator[Any], note: Callable[[str], None]) -> None:
    more = sum(1 for _ in itertools.islice(rest, 100_000))
    if more:
        note(f"… {more} more")


def _fields(value: Any) -> Iterable[tuple[str, Any]] | None:
    """Give the fields of a dataclass, msgspec.Struct, attrs or pydantic object, else None.

    Fields declared `repr=False` are left out: that is how secrets are marked.
    """
    kind = cast("Any", type(value))
    if dataclasses.is_dataclass(value):
        shown = (field for field in dataclasses.fields(value) if field.repr)
        return [(field.name, getattr(value, field.name, None)) for field in shown]
    if (names := getattr(kind, "__struct_fields__", None)) is not None:
        return [(name, getattr(value, name, None)) for name in names]
    if (declared := getattr(kind, "__attrs_attrs__", None)) is not None:
        return [(item.name, getattr(value, item.name, None)) for item in declared if item.repr]
    if (models := getattr(kind, "__pydantic_fields__", None)) is not None:
        hidden = {name for name, field in models.items() if not getattr(field, "repr", True)}
        held: dict[str, Any] = {**vars(value), **(getattr(value, "__pydantic_extra__", None) or {})}
        return [(name, item) for name, item in held.items() if name not in hidden]
    return None
