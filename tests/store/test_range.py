"""Ranges and moments of time as people type them."""

from __future__ import annotations

import pytest

from catalyst_sdk.errors import ConfigError
from catalyst_sdk.store import parse_moment, parse_range, time_range

NOW = 1_800_000_000_000_000_000
HOUR = 3600 * 10**9


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("15m", 900),
        ("1h", 3600),
        ("7d", 604800),
        ("2w", 1209600),
        ("1.5h", 5400),
        (" 30S ", 30),
        ("all", None),
    ],
)
def test_a_range_is_a_number_and_a_unit(text: str, seconds: float | None) -> None:
    assert parse_range(text) == seconds


@pytest.mark.parametrize("text", ["", "h", "1", "0m", "-1h", "1y", "1h30m", "everything"])
def test_another_range_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_range(text)
    assert caught.value.hint == "Say 15m, 1h, 7d, 2w or all."


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("2026-01-31", 1769817600 * 10**9),
        ("2026-01-31T08:00:00Z", 1769846400 * 10**9),
        ("2026-01-31T09:00:00.000001+01:00", 1769846400 * 10**9 + 1000),
        ("2026-01-31 08:00", 1769846400 * 10**9),
        ("2026-01-31T08:00:00.5Z", 1769846400 * 10**9 + 500_000_000),
        ("2026-01-31T08:00:00.123456789Z", 1769846400 * 10**9 + 123_456_789),
        ("1h", NOW - HOUR),
    ],
)
def test_a_moment_is_iso_or_a_while_ago(text: str, ns: int) -> None:
    assert parse_moment(text, now_ns=NOW) == ns


def test_another_moment_is_refused() -> None:
    with pytest.raises(ConfigError, match="no moment in time"):
        parse_moment("yesterday-ish")


def test_range_from_and_to_make_a_window() -> None:
    assert time_range() == (None, None)
    assert time_range("all", now_ns=NOW) == (None, None)
    assert time_range("1h", now_ns=NOW) == (NOW - HOUR, None)
    assert time_range("1h", until="2h", now_ns=NOW) == (NOW - 3 * HOUR, NOW - 2 * HOUR)
    assert time_range(since="3h", until="1h", now_ns=NOW) == (NOW - 3 * HOUR, NOW - HOUR)


def test_a_window_that_cannot_be_is_refused() -> None:
    with pytest.raises(ConfigError, match="both say where to begin"):
        time_range("1h", since="2h")
    with pytest.raises(ConfigError, match="ends before it begins"):
        time_range(since="1h", until="2h", now_ns=NOW)
