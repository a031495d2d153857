"""Numbers and names as a person writes them. Names from traces are data: cleaned, then quoted."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = [
    "clean",
    "code",
    "count",
    "duration",
    "essence",
    "listing",
    "of_these",
    "percent",
    "quoted",
    "readable",
    "share",
    "shorten",
    "size",
    "times",
    "tokens",
    "usd",
]

_UNSEEN = re.compile(
    "\x1b\\[[0-9;?]*[ -/]*[@-~]"  # terminal sequences
    "|\x1b\\][^\x07\x1b]*(?:\x07|\x1b\\\\)?"
    "|[\x00-\x08\x0b-\x1f\x7f-\x9f]"  # control characters but tab and newline
    "|[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"  # invisible, and bidirectional overrides
    "|[\ud800-\udfff]"
)
_MARK = re.compile(r"<(?:n|id|str|path|url|email|time)>")
_BOILERPLATE = re.compile(
    r"^\s*(?:an? (?:unexpected )?error (?:has )?occurred[^.:]*[.:]\s*)?(?:please try again\.?\s*)?"
    r"(?:(?:error|exception)\s*:\s*)?",
    re.IGNORECASE,
)
_SPACE = re.compile(r"\s+")


def clean(text: str) -> str:
    """Take out what could move a cursor, hide text or turn it around; keep line breaks."""
    return _UNSEEN.sub("", text)


def shorten(text: str, limit: int = 80) -> str:
    """Give one line of at most *limit* characters."""
    line = _SPACE.sub(" ", clean(text)).strip()
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def code(name: str, limit: int = 60) -> str:
    """Give a name from a trace between backticks."""
    return f"`{shorten(name, limit).replace('`', 'ʼ') or '?'}`"


def quoted(text: str, limit: int = 120) -> str:
    """Give words from a trace between quotation marks."""
    return f"“{shorten(text, limit).replace('`', 'ʼ')}”"


def essence(message: str) -> str:
    """Take the boilerplate off an error message: `An error occurred … Error: no such file`."""
    return _BOILERPLATE.sub("", message, count=1).strip() or message


def readable(signature: str) -> str:
    """Give a folded message without its marks: `order <n> not found` as `order … not found`."""
    return _MARK.sub("…", signature)


def count(number: int, noun: str = "", plural: str = "") -> str:
    """Give `1 run`, `1,204 runs`."""
    figure = f"{number:,}"
    if not noun:
        return figure
    return f"{figure} {noun if number == 1 else plural or noun + 's'}"


def times(number: int) -> str:
    """Give `never`, `once`, `twice`, `3 times`."""
    return {0: "never", 1: "once", 2: "twice"}.get(number, f"{number:,} times")


def of_these(part: int, whole: int) -> str:
    """Give `none of these`, `3 of these`, `all of these`."""
    return (
        "none of these" if not part else "all of these" if part == whole else f"{part:,} of these"
    )


def percent(value: float) -> str:
    """Give a share (0 to 1) as `0.4%`, `12%`."""
    points = value * 100
    if 0 < points < 1:
        return f"{points:.1f}%" if points >= 0.1 else "under 0.1%"
    return "over 99%" if 99.5 <= points < 100 else f"{points:.0f}%"


def share(part: int, whole: int, nouns: str) -> str:
    """Give `18 of 231 runs (8%)`; *nouns* is the plural."""
    noun = nouns if whole != 1 else re.sub("ies$", "y", nouns).removesuffix("s")
    return f"{part:,} of {whole:,} {noun} ({percent(part / max(1, whole))})"


def duration(seconds: float) -> str:
    """Give `240 ms`, `5.0 s`, `30 s`, `3m 20s`, `2h 05m`."""
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}m {rest:02d}s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,}h {minutes:02d}m"


def tokens(number: float) -> str:
    """Give `912`, `27.0k`, `1.3M` tokens as a figure."""
    for limit, divisor, suffix in ((1e3, 1, ""), (1e6, 1e3, "k"), (1e9, 1e6, "M")):
        if number < limit * 0.9995:
            return f"{number / divisor:.1f}{suffix}" if suffix else f"{number:.0f}"
    return f"{number / 1e9:.1f}B"


def usd(amount: float) -> str:
    """Give `$0.0021`, `$4.20`, `$1,204`."""
    if amount >= 100:
        return f"${amount:,.0f}"
    return f"${amount:.2f}" if amount >= 0.1 else f"${amount:.2g}" if amount > 0 else "$0"


def size(number: float) -> str:
    """Give bytes as `912 B`, `430 KB`, `1.2 MB`."""
    if number < 1000:
        return f"{number:.0f} B"
    if number < 999_500:
        return f"{number / 1e3:.0f} KB"
    return f"{number / 1e6:.1f} MB"


def listing(items: Sequence[str], *, limit: int = 4) -> str:
    """Give `a`, `a and b`, `a, b and c`, `a, b, c and 4 more`."""
    shown = list(items[:limit])
    if len(items) > limit:
        shown.append(f"{len(items) - limit:,} more")
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} and {shown[-1]}"
