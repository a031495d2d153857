"""Numbers, times and foreign text as a person reads them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone
from itertools import pairwise

_SECOND = 1_000_000_000
_DIGITS = 8
_STEPS = ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))

# What a terminal would obey instead of print: C0 and C1 controls, DEL, and the marks that
# reorder text (U+202A-202E, U+2066-2069), as named in the Unicode report on security, UTR 36.
_VISIBLE = {
    **{code: 0x2400 + code for code in range(0x20)},
    0x7F: 0x2421,
    **dict.fromkeys((*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)), 0xFFFD),
    **dict.fromkeys(range(0xD800, 0xE000), 0xFFFD),
}
_LINE = _VISIBLE | {ord(mark): " " for mark in "\t\n\r\v\f\u2028\u2029"}
_BLOCK = {code: to for code, to in _VISIBLE.items() if code not in (0x09, 0x0A)} | {0x0D: None}


def one_line(text: str) -> str:
    """Give foreign text as one line without anything a terminal would obey."""
    return text.translate(_LINE).strip()


def block(text: str) -> str:
    """Give foreign text with its lines kept and nothing a terminal would obey."""
    return text.translate(_BLOCK).expandtabs(4)


def short_id(identifier: str) -> str:
    """Give the first eight digits of an id: enough to name it again."""
    return identifier[:_DIGITS]


def short_length(identifiers: Iterable[str]) -> int:
    """Give how many digits tell these ids apart: eight, or more where ids are counted up."""
    whole = set(identifiers)
    longest = max((len(one) for one in whole), default=_DIGITS)
    for length in range(_DIGITS, longest):
        if len({one[:length] for one in whole}) == len(whole):
            return length
    return longest


def duration(nanoseconds: int) -> str:
    """Write a length of time in at most two units: 240ms, 14.2s, 30m14s, 2h05m, 3d04h."""
    if nanoseconds < 1_000_000:
        return f"{nanoseconds / 1000:.0f}µs" if nanoseconds >= 1000 else f"{nanoseconds}ns"
    if nanoseconds < _SECOND:
        return f"{nanoseconds / 1_000_000:.0f}ms"
    if nanoseconds < 60 * _SECOND:
        return f"{nanoseconds / _SECOND:.1f}s"
    seconds = round(nanoseconds / _SECOND)
    for (size, unit), (lower, lower_unit) in pairwise(_STEPS):
        if seconds >= size:
            return f"{seconds // size}{unit}{seconds % size // lower:02d}{lower_unit}"
    return f"{seconds}s"


def amount(number: int) -> str:
    """Write a count in at most six characters: 812, 27.0k, 23.1M."""
    for size, unit in ((1_000_000_000, "G"), (1_000_000, "M"), (10_000, "k")):
        if number >= size:
            return f"{number / (1000 if unit == 'k' else size):.1f}{unit}"
    return f"{number:,}"


def cost(usd: float) -> str:
    """Write dollars with as many digits as tell something: $27.70, $0.022, $0.0061."""
    if usd <= 0:
        return ""
    if usd < 0.0001:
        return "<$0.0001"
    digits = 2 if usd >= 1 else 3 if usd >= 0.01 else 4
    return f"${usd:,.{digits}f}"


def share(part: int, whole: int) -> str:
    """Write a percentage, "" of nothing."""
    return f"{100 * part / whole:.0f}%" if whole else ""


def age(then_ns: int, now_ns: int) -> str:
    """Write how long ago something was, or its date when that is over 30 days ago or ahead."""
    seconds = (now_ns - then_ns) // _SECOND
    if then_ns == 0:
        return ""
    if not -1 <= seconds < 30 * 86_400:
        return iso(then_ns)[:10]
    for size, unit in _STEPS:
        if seconds >= size:
            return f"{seconds // size}{unit} ago"
    return "now"


def iso(nanoseconds: int) -> str:
    """Write a time as ISO 8601 in UTC with microseconds, "" for none."""
    if not nanoseconds:
        return ""
    seconds, rest = divmod(nanoseconds, _SECOND)
    moment = datetime.fromtimestamp(seconds, tz=timezone.utc).replace(microsecond=rest // 1000)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def moment(nanoseconds: int) -> str:
    """Write a time for reading: 2026-04-28 22:09:22 UTC."""
    return iso(nanoseconds)[:19].replace("T", " ") + " UTC" if nanoseconds else "unknown"


def milliseconds(nanoseconds: int) -> float:
    """Give nanoseconds as milliseconds, to the microsecond."""
    return round(nanoseconds / 1_000_000, 3)


def plural(number: int, noun: str) -> str:
    """Write a number with its noun: 1 trace, 2 traces, 1,204 entries."""
    if number == 1:
        return f"1 {noun}"
    many = noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
    return f"{number:,} {many}"


def out_of(shown: int, total: int, noun: str, *, more: bool = False) -> str:
    """Write how many of how many are shown: 25 of 50 traces, or 50 traces; 50+ with *more*."""
    if more:
        return f"{shown:,} of {total:,}+ {plural(2, noun).split(' ')[1]}"
    return plural(total, noun) if shown == total else f"{shown:,} of {plural(total, noun)}"
