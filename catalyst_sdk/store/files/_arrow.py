"""Arrow arrays built from their buffers: `pyarrow.array` imports pandas (0.3 s) to look for it."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Any

from catalyst_sdk.store._optional import optional


def text_array(values: Sequence[str]) -> Any:
    """Make a string array; what has no UTF-8 form is replaced."""
    pa = optional("pyarrow")
    joined = "".join(values)
    if not joined:
        return _zeros(pa.string(), len(values), pa.py_buffer(b""))
    if joined.isascii():
        data, lengths = joined.encode("ascii"), map(len, values)
    else:
        encoded = [value.encode("utf-8", "replace") for value in values]
        data, lengths = b"".join(encoded), map(len, encoded)
    return pa.Array.from_buffers(
        pa.string(), len(values), [None, _offsets(lengths), pa.py_buffer(data)]
    )


def word_array(values: Sequence[str]) -> Any:
    """Make a string array of few different values, each of them encoded once."""
    if not any(values):
        return text_array(values)
    codes = _Codes()
    indices = _taken(values, codes)
    return text_array(list(codes)).take(indices)


def text_scalar(value: str) -> Any:
    """Make a string scalar, for comparisons."""
    return text_array([value])[0]


def number_array(values: Sequence[Any], kind: str) -> Any:
    """Make an `int64`, `uint64` or `float64` array; what does not fit is moved to the nearest."""
    pa = optional("pyarrow")
    if not any(values):
        return _zeros(getattr(pa, kind)(), len(values))
    code = {"int64": "q", "uint64": "Q", "float64": "d"}[kind]
    try:
        packed = array(code, values)
    except (OverflowError, TypeError):
        packed = array(code, [_fitting(value, kind) for value in values])
    return pa.Array.from_buffers(getattr(pa, kind)(), len(values), [None, pa.py_buffer(packed)])


def flag_array(values: Sequence[bool]) -> Any:
    """Make a boolean array."""
    pa = optional("pyarrow")
    if not any(values):
        return _zeros(pa.bool_(), len(values))
    packed = pa.py_buffer(bytes(map(bool, values)))
    return pa.Array.from_buffers(pa.uint8(), len(values), [None, packed]).cast(pa.bool_())


def words_array(values: Sequence[Sequence[str]]) -> Any:
    """Make an array of lists of strings, few of them different."""
    pa = optional("pyarrow")
    codes = _Codes()
    indices = _taken(map(tuple, values), codes)
    children = word_array([text for value in codes for text in value])
    offsets = _offsets(map(len, codes))
    kind = pa.list_(pa.string())
    lists = pa.Array.from_buffers(kind, len(codes), [None, offsets], children=[children])
    return lists.take(indices)


class _Codes(dict[Any, int]):
    """Numbers each new key."""

    def __missing__(self, key: Any) -> int:
        self[key] = number = len(self)
        return number


def _taken(values: Iterable[Any], codes: _Codes) -> Any:
    pa = optional("pyarrow")
    indices = array("i", map(codes.__getitem__, values))
    return pa.Array.from_buffers(pa.int32(), len(indices), [None, pa.py_buffer(indices)])


def _zeros(kind: Any, length: int, *more: Any) -> Any:
    pa = optional("pyarrow")
    return pa.Array.from_buffers(kind, length, [None, pa.py_buffer(bytes(8 * (length + 1))), *more])


def _offsets(lengths: Iterable[int]) -> Any:
    return optional("pyarrow").py_buffer(array("i", accumulate(lengths, initial=0)))


def _fitting(value: Any, kind: str) -> int | float:
    if kind == "float64":
        return float("inf") if isinstance(value, int) else float(value)
    low, high = (0, (1 << 64) - 1) if kind == "uint64" else (-(1 << 63), (1 << 63) - 1)
    try:
        return min(max(int(value), low), high)
    except OverflowError:
        return high if value > 0 else low
