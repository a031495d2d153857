"""Times: ISO-8601 text or numbers to nanoseconds since the Unix epoch, and back."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import lru_cache

_SECOND = 1_000_000_000
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - naive on purpose: UTC throughout
_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,12}))?)?)?"
    r"\s*(Z|z|UTC|[+-]\d\d(?::?\d\d)?)?",
    re.ASCII,
)
_DIGITS = re.compile(r"-?\d{1,20}(?:\.\d+)?", re.ASCII)


def format_time(ns: int) -> str:
    """Write nanoseconds as `2026-01-31T12:00:00.000000000Z`; 0 (absent) as ""."""
    if not ns:
        return ""
    second, fraction = divmod(ns, _SECOND)
    return f"{_second_text(second)}.{fraction:09d}Z"


def parse_time(value: object) -> int:
    """Read ISO-8601 text (UTC unless it says otherwise) or a number of any unit as nanoseconds.

    Absent ("" or None) is 0. Raises ValueError for what is not a time.
    """
    if isinstance(value, str):
        if len(value) == 30 and value[29] == "Z" and value[16] == ":" and value[19] == ".":
            digits = value[17:19] + value[20:29]
            if digits.isascii() and digits.isdecimal() and value[17] < "6":
                return _epoch_minute(value[:16]) + int(digits)
        return _parse_text(value.strip())
    if value is None:
        return 0
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _from_number(value)
    raise ValueError(f"{value!r} is not a time")


def _parse_text(text: str) -> int:
    if not text:
        return 0
    if _DIGITS.fullmatch(text):
        return _from_number(float(text) if "." in text else int(text))
    match = _ISO.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:40]!r} is not a time")
    year, month, day, hour, minute, second, fraction, zone = match.groups(default="")
    epoch = _epoch_second(f"{year}-{month}-{day}T{hour or '00'}:{minute or '00'}:{second or '00'}")
    return (epoch - _zone_seconds(zone)) * _SECOND + int(fraction[:9].ljust(9, "0") or 0)


def _zone_seconds(zone: str) -> int:
    if not zone or zone[0] not in "+-":
        return 0
    digits = zone[1:].replace(":", "")
    seconds = int(digits[:2]) * 3600 + int(digits[2:] or 0) * 60
    return -seconds if zone[0] == "-" else seconds


def _from_number(value: int | float) -> int:
    """Take a number as seconds, milliseconds, microseconds or nanoseconds by its size."""
    if value != value or value in (float("inf"), float("-inf")):
        raise ValueError(f"{value!r} is not a time")
    for limit, factor in ((1e11, _SECOND), (1e14, 1_000_000), (1e17, 1_000)):
        if abs(value) < limit:
            return round(value * factor)
    return int(value)


def _epoch_second(text: str) -> int:
    try:
        passed = datetime.fromisoformat(text) - _EPOCH
    except ValueError:
        raise ValueError(f"{text!r} is not a time") from None
    return passed.days * 86_400 + passed.seconds


@lru_cache(maxsize=4096)
def _epoch_minute(text: str) -> int:
    """Give the nanoseconds up to a minute `2026-01-31T12:00`: spans come close together."""
    return _epoch_second(text + ":00") * _SECOND


@lru_cache(maxsize=4096)
def _second_text(second: int) -> str:
    try:
        return (_EPOCH + timedelta(seconds=second)).isoformat()
    except OverflowError:
        return _EPOCH.isoformat()
