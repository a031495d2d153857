from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalyst_sdk.cli import _format

SECOND = 1_000_000_000
OBEYED = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "0ns"),
        (1_500, "2µs"),
        (999_999, "1000µs"),
        (240_000_000, "240ms"),
        (14_200_000_000, "14.2s"),
        (59_960_000_000, "60.0s"),
        (1814 * SECOND, "30m14s"),
        (7500 * SECOND, "2h05m"),
        (3 * 86_400 * SECOND + 4 * 3_600 * SECOND, "3d04h"),
    ],
)
def test_a_duration_has_at_most_two_units(nanoseconds: int, text: str):
    assert _format.duration(nanoseconds) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (9_932, "9,932"), (27_000, "27.0k"), (23_100_000, "23.1M"), (2 * 10**9, "2.0G")],
)
def test_an_amount_is_short(number: int, text: str):
    assert _format.amount(number) == text


@pytest.mark.parametrize(
    ("usd", "text"),
    [(0, ""), (27.7, "$27.70"), (0.0216, "$0.022"), (0.0061, "$0.0061"), (0.00001, "<$0.0001")],
)
def test_a_cost_shows_the_digits_that_tell_something(usd: float, text: str):
    assert _format.cost(usd) == text


@pytest.mark.parametrize(
    ("ago", "text"),
    [(0, "now"), (59, "59s ago"), (240, "4m ago"), (7200, "2h ago"), (86_400 * 3, "3d ago")],
)
def test_an_age_is_told_in_its_largest_unit(ago: int, text: str):
    now = 1_790_000_000 * SECOND
    assert _format.age(now - ago * SECOND, now) == text


def test_what_is_old_or_ahead_is_told_by_its_date():
    now = 1_790_000_000 * SECOND
    assert _format.age(now - 40 * 86_400 * SECOND, now) == "2026-08-12"
    assert _format.age(now + 86_400 * SECOND, now) == "2026-09-22"
    assert _format.age(0, now) == ""


@given(st.text(alphabet=st.characters()))
def test_foreign_text_cannot_steer_the_terminal(text: str):
    assert not OBEYED.search(_format.one_line(text))
    assert not OBEYED.search(_format.block(text).replace("\n", ""))


def test_an_escape_sequence_is_shown_not_obeyed():
    assert _format.one_line("\x1b[31mred\x1b[0m\r\nnext\tcell") == "␛[31mred␛[0m  next cell"
    assert _format.block("a\r\nb\x07\x9b") == "a\nb␇�"


def test_times_are_utc_with_microseconds():
    assert _format.iso(1_790_000_000_123_456_789) == "2026-09-21T14:13:20.123456Z"
    assert _format.iso(0) == ""
