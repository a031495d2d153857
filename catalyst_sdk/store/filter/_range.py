"""Spans of time as people name them: 15m, 1h, 7d, 2w, all, and ISO moments."""

from __future__ import annotations

import re
import time
from datetime import datetime, timezone

from catalyst_sdk.errors import ConfigError

_RANGE = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])", re.IGNORECASE)
_FRACTION = re.compile(r"\.(\d+)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_HINT = "Say 15m, 1h, 7d, 2w or all."
_MOMENT_HINT = "Say 2026-01-31, 2026-01-31T08:00:00Z, or 1h for an hour ago."
_NS = 1_000_000_000


def parse_range(text: str) -> float | None:
    """Read a length of time in seconds; None for `all`. Raises ConfigError."""
    wanted = text.strip().lower()
    if wanted == "all":
        return None
    found = _RANGE.fullmatch(wanted)
    if found is None or not float(found.group(1)):
        raise ConfigError(f"`{text}` is no range of time.", hint=_HINT)
    return float(found.group(1)) * _SECONDS[found.group(2)]


def parse_moment(text: str, *, now_ns: int | None = None) -> int:
    """Read a moment in nanoseconds since the epoch: ISO 8601 (UTC unless told), or `1h` ago."""
    wanted = text.strip()
    if _RANGE.fullmatch(wanted):
        back = parse_range(wanted) or 0
        return (time.time_ns() if now_ns is None else now_ns) - round(back * _NS)
    # Python 3.10 reads fractions of three or six digits only, and no version reads nine.
    fraction = _FRACTION.search(wanted)
    plain = _FRACTION.sub("", wanted).replace("Z", "+00:00").replace("z", "+00:00")
    try:
        moment = datetime.fromisoformat(plain)
    except ValueError:
        raise ConfigError(f"`{text}` is no moment in time.", hint=_MOMENT_HINT) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    below = int(fraction.group(1).ljust(9, "0")[:9]) if fraction else 0
    return round(moment.timestamp()) * _NS + below


def time_range(
    range: str | None = None,  # noqa: A002 - the flag's own name
    since: str | None = None,
    until: str | None = None,
    *,
    now_ns: int | None = None,
) -> tuple[int | None, int | None]:
    """Turn --range, --from and --to into [start, end) in nanoseconds; None leaves a side open.

    *now_ns* is what a range counts back from, the clock when absent. Raises ConfigError.
    """
    end = parse_moment(until, now_ns=now_ns) if until else None
    start = parse_moment(since, now_ns=now_ns) if since else None
    length = parse_range(range) if range else None
    if length is not None:
        if start is not None:
            raise ConfigError(
                "--range and --from both say where to begin.", hint="Give one of them."
            )
        last = end if end is not None else time.time_ns() if now_ns is None else now_ns
        start = last - round(length * _NS)
    if start is not None and end is not None and start >= end:
        raise ConfigError("The range ends before it begins.", hint="Swap --from and --to.")
    return start, end
