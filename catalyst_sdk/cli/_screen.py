"""What the terminal can do: width, colour, characters."""

from __future__ import annotations

import io
import os
import shutil
import time
from collections.abc import Iterable, Mapping
from typing import Literal, TextIO

import msgspec
from rich.console import Console
from rich.text import Text

ColorChoice = Literal["auto", "always", "never"]
Background = Literal["unknown", "light", "dark"]
_PIPE_WIDTH = 120


class Screen(msgspec.Struct, frozen=True, kw_only=True):
    """Where output goes: a terminal of some width, or a pipe."""

    tty: bool = False
    width: int = _PIPE_WIDTH
    height: int = 0
    color: Literal["standard", "256", "truecolor"] | None = None
    ascii: bool = False
    dumb: bool = False
    background: Background = "unknown"
    now_ns: int = 0

    def render(self, lines: Iterable[Text]) -> str:
        """Give styled lines as text with this screen's escape codes, or with none."""
        text = Text("\n", end="").join(lines)
        return self.draw(text) if text else ""

    def draw(self, thing: object) -> str:
        """Give anything rich can draw as text."""
        buffer = io.StringIO()
        console = Console(
            file=buffer,
            width=self.width,
            force_terminal=self.color is not None,
            color_system=self.color,
            no_color=self.color is None,
            legacy_windows=False,
            highlight=False,
            markup=False,
            emoji=False,
            _environ={},
        )
        console.print(thing, soft_wrap=isinstance(thing, Text))
        return buffer.getvalue()


def detect(
    stream: TextIO, environ: Mapping[str, str], *, color: ColorChoice = "auto", plain: bool = False
) -> Screen:
    """Find out what *stream* is. *plain* asks for ASCII only."""
    tty = stream.isatty()
    width, height = _size(environ) if tty else (_columns(environ) or _PIPE_WIDTH, 0)
    return Screen(
        tty=tty,
        width=width,
        height=height,
        color=_depth(environ) if _colored(tty, environ, color) else None,
        ascii=plain or not _speaks_unicode(stream),
        dumb=environ.get("TERM") == "dumb",
        background=_background(environ),
        now_ns=time.time_ns(),
    )


def _columns(environ: Mapping[str, str]) -> int:
    text = environ.get("COLUMNS", "")
    return max(20, int(text)) if text.isdigit() and int(text) else 0


def _size(environ: Mapping[str, str]) -> tuple[int, int]:
    size = shutil.get_terminal_size((80, 24))
    return _columns(environ) or size.columns, size.lines


def _colored(tty: bool, environ: Mapping[str, str], choice: ColorChoice) -> bool:
    # Order of https://no-color.org and https://force-color.org: what was typed, then NO_COLOR.
    if choice != "auto":
        return choice == "always"
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR", "0") != "0":
        return True
    return tty and environ.get("TERM") != "dumb"


def _depth(environ: Mapping[str, str]) -> Literal["standard", "256", "truecolor"]:
    if environ.get("COLORTERM") in ("truecolor", "24bit"):
        return "truecolor"
    return "256" if "256" in environ.get("TERM", "") else "standard"


def _background(environ: Mapping[str, str]) -> Background:
    # COLORFGBG is "foreground;background" in the 16 ANSI colours; 7 and 15 are the light ones.
    last = environ.get("COLORFGBG", "").rpartition(";")[2]
    if not last.isdigit():
        return "unknown"
    return "light" if int(last) in (7, 15) else "dark"


def _speaks_unicode(stream: TextIO) -> bool:
    encoding = (getattr(stream, "encoding", None) or os.device_encoding(1) or "ascii").lower()
    return encoding.replace("-", "").startswith("utf")
