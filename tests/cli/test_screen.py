from __future__ import annotations

import io

import pytest

from catalyst_sdk.cli._screen import Screen, detect
from catalyst_sdk.cli._theme import ASCII_MARKS, UNICODE_MARKS, Theme


class Stream(io.StringIO):
    encoding = "utf-8"  # pyright: ignore[reportAssignmentType]

    def __init__(self, *, tty: bool = True) -> None:
        super().__init__()
        self.tty = tty

    def isatty(self) -> bool:
        return self.tty


@pytest.mark.parametrize(
    ("tty", "environ", "flag", "colored"),
    [
        (True, {}, "auto", True),
        (False, {}, "auto", False),
        (True, {"NO_COLOR": "1"}, "auto", False),
        (True, {"NO_COLOR": ""}, "auto", True),
        (True, {"TERM": "dumb"}, "auto", False),
        (False, {"FORCE_COLOR": "1"}, "auto", True),
        (False, {"FORCE_COLOR": "0"}, "auto", False),
        (False, {"NO_COLOR": "1", "FORCE_COLOR": "1"}, "auto", False),
        (True, {"NO_COLOR": "1"}, "always", True),
        (True, {"FORCE_COLOR": "1"}, "never", False),
    ],
)
def test_colour_is_used_where_it_is_wanted(
    tty: bool, environ: dict[str, str], flag: str, colored: bool
):
    screen = detect(Stream(tty=tty), environ, color=flag)  # pyright: ignore[reportArgumentType]
    assert (screen.color is not None) is colored


@pytest.mark.parametrize(
    ("environ", "depth"),
    [
        ({"TERM": "xterm"}, "standard"),
        ({"TERM": "xterm-256color"}, "256"),
        ({"COLORTERM": "truecolor"}, "truecolor"),
    ],
)
def test_the_depth_of_colour_is_what_the_terminal_says(environ: dict[str, str], depth: str):
    assert detect(Stream(), environ).color == depth


@pytest.mark.parametrize(
    ("value", "background"), [("15;0", "dark"), ("0;15", "light"), ("0;default", "unknown")]
)
def test_the_background_is_known_when_the_terminal_tells(value: str, background: str):
    assert detect(Stream(), {"COLORFGBG": value}).background == background


def test_columns_of_the_environment_win():
    assert detect(Stream(), {"COLUMNS": "100"}).width == 100
    assert detect(Stream(tty=False), {"COLUMNS": "100"}).width == 100
    assert detect(Stream(), {"COLUMNS": "3"}).width == 20


def test_both_sets_of_marks_name_the_same_things():
    assert set(ASCII_MARKS) == set(UNICODE_MARKS)
    assert all(mark.isascii() for mark in ASCII_MARKS.values())


def test_every_span_kind_has_a_letter_and_a_colour_on_each_background():
    from catalyst_sdk.semconv import SPAN_KINDS

    for background in ("unknown", "light", "dark"):
        theme = Theme(Screen(background=background))
        assert len({theme.letter(kind) for kind in SPAN_KINDS}) == len(SPAN_KINDS)
        assert all(theme.kind(kind) for kind in SPAN_KINDS)
