"""Numbers read as a person writes them, and names from traces cannot play tricks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalyst_sdk.halo._stats import mad, unusual_above, wilson
from catalyst_sdk.halo._words import (
    clean,
    code,
    count,
    duration,
    essence,
    listing,
    percent,
    quoted,
    readable,
    share,
    shorten,
    size,
    times,
    tokens,
    usd,
)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (percent(0), "0%"),
        (percent(0.0004), "under 0.1%"),
        (percent(0.004), "0.4%"),
        (percent(0.123), "12%"),
        (percent(0.9999), "over 99%"),
        (percent(1), "100%"),
        (duration(0.24), "240 ms"),
        (duration(5), "5.0 s"),
        (duration(29.6), "30 s"),
        (duration(59.9), "1m 00s"),
        (duration(200), "3m 20s"),
        (duration(7500), "2h 05m"),
        (tokens(912), "912"),
        (tokens(27_000), "27.0k"),
        (tokens(999_960), "1.0M"),
        (tokens(1_300_000), "1.3M"),
        (usd(0), "$0"),
        (usd(0.0021), "$0.0021"),
        (usd(4.2), "$4.20"),
        (usd(1204), "$1,204"),
        (size(912), "912 B"),
        (size(430_000), "430 KB"),
        (size(1_200_000), "1.2 MB"),
        (count(1, "run"), "1 run"),
        (count(1204, "run"), "1,204 runs"),
        (count(2, "stretch", "stretches"), "2 stretches"),
        (share(18, 231, "runs"), "18 of 231 runs (8%)"),
        (share(1, 1, "queries"), "1 of 1 query (100%)"),
        (times(0), "never"),
        (times(2), "twice"),
        (times(7), "7 times"),
        (listing([]), ""),
        (listing(["a"]), "a"),
        (listing(["a", "b", "c"]), "a, b and c"),
        (listing(["a", "b", "c", "d", "e"], limit=2), "a, b and 3 more"),
        (readable("order <n> of <str> not found"), "order … of … not found"),
        (
            essence("An error occurred while running the tool. Please try again. Error: no file"),
            "no file",
        ),
        (essence("Error: "), "Error: "),
    ],
)
def test_a_figure_is_written_as_a_person_would(written, meant):
    assert written == meant


def test_what_moves_cursors_hides_or_turns_text_is_taken_out():
    nasty = "a\x1b[31mred\x1b[0m\x1b]8;;http://x\x07link\x07 \u202eevil\u202c\u200b\x00\x9b"
    assert clean(nasty) == "aredlink evil"
    assert code("rm`x`\x1b[2J") == "`rmʼxʼ`"
    assert code("") == "`?`"
    assert quoted("two\n lines") == "“two lines”"


@given(st.text())
def test_a_cleaned_text_stays_as_it_is(text):
    assert clean(clean(text)) == clean(text)
    assert "\x1b" not in clean(text)
    assert len(shorten(text, 40)) <= 40
    assert "\n" not in shorten(text)


@given(st.integers(0, 10_000), st.integers(1, 10_000))
def test_the_interval_holds_the_share_and_narrows_with_more(hits, total):
    hits = min(hits, total)
    low, high = wilson(hits, total)
    assert 0 <= low <= hits / total + 1e-12
    assert hits / total - 1e-12 <= high <= 1
    wide = wilson(hits, total)
    narrow = wilson(hits * 10, total * 10)
    assert narrow[1] - narrow[0] < wide[1] - wide[0] + 1e-12


def test_the_interval_is_the_published_one():
    low, high = wilson(8, 10)  # Newcombe 1998, table I: 0.4902 to 0.9433
    assert (round(low, 4), round(high, 4)) == (0.4902, 0.9433)
    assert wilson(0, 0) == (0.0, 1.0)


def test_what_is_far_above_the_usual_passes_both_bounds():
    middle, deviation = mad([1, 1, 1, 1, 1, 9])
    assert (middle, deviation) == (1, 0)
    assert unusual_above(middle, deviation, sigmas=6, factor=4) == 4
    assert unusual_above(10, 5, sigmas=6, factor=4) == pytest.approx(10 + 6 * 1.4826 * 5)
    assert mad([]) == (0.0, 0.0)
