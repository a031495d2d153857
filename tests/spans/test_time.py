"""Times in every spelling, to the nanosecond."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalyst_sdk.spans._time import format_time, parse_time

NOON = 1_769_860_800_000_000_000


@given(st.integers(1, 2**63 - 1))
def test_nanoseconds_survive_writing_and_reading(ns: int) -> None:
    text = format_time(ns)
    assert len(text) == 30
    assert text.endswith("Z")
    assert parse_time(text) == ns


@given(st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=st.just(timezone.utc)))  # noqa: DTZ001
def test_times_agree_with_datetime(moment: datetime) -> None:
    whole = moment.replace(microsecond=0)
    assert parse_time(moment.isoformat()) == int(whole.timestamp()) * 10**9 + (
        moment.microsecond * 1000
    )


@pytest.mark.parametrize(
    "value",
    [
        "2026-01-31T12:00:00.000000000Z",
        "2026-01-31T12:00:00Z",
        "2026-01-31T12:00:00",
        "2026-01-31 12:00:00.000 UTC",
        "2026-01-31T14:00:00+02:00",
        "2026-01-31T06:30:00.0-0530",
        "2026-01-31T12:00Z",
        " 2026-01-31t12:00:00,0z ",
        1_769_860_800,
        1_769_860_800.0,
        1_769_860_800_000,
        1_769_860_800_000_000,
        NOON,
        str(NOON),
        "1769860800",
    ],
)
def test_a_moment_is_read_in_any_spelling(value: object) -> None:
    assert parse_time(value) == NOON


@pytest.mark.parametrize("value", ["", None, "  ", 0, "0", "1970-01-01T00:00:00.000000000Z"])
def test_absent_and_zero_are_no_time(value: object) -> None:
    assert parse_time(value) == 0


@pytest.mark.parametrize(
    "value",
    [
        *("now", "2026-13-01T00:00:00Z", "2026-01-31T25:00:00Z", "12:00", "1e400"),
        *("2026-01-31T12:00:00.12345678²Z", "٢٠٢٦-01-31", True, [], {}, float("nan"), float("inf")),
    ],
)
def test_what_is_no_time_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="is not a time"):
        parse_time(value)
