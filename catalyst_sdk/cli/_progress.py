"""Progress on stderr: a line that moves for people, nothing for programs."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Generator

from catalyst_sdk.cli._output import Output

_PATIENCE = 0.4
_EVERY = 0.1
_CLEAR = "\r\x1b[2K"


class Ticker:
    """One line of a terminal that is written over until the work is done.

    It shows nothing during the first moments, so that short work stays silent.
    """

    def __init__(self, output: Output) -> None:
        self._live = output.error_screen.tty and not output.error_screen.dumb
        self._width = output.error_screen.width
        self._started = 0.0
        self._shown = 0.0
        self._dirty = False

    def __enter__(self) -> Ticker:
        return self

    def __exit__(self, *_: object) -> None:
        self.clear()

    def show(self, text: str) -> None:
        """Show *text* in place of what stood there."""
        now = time.monotonic()
        self._started = self._started or now
        if not self._live or now - self._started < _PATIENCE or now - self._shown < _EVERY:
            return
        self._shown, self._dirty = now, True
        sys.stderr.write(_CLEAR + text[: self._width - 1])
        sys.stderr.flush()

    def clear(self) -> None:
        """Take the line away."""
        if self._dirty:
            sys.stderr.write(_CLEAR)
            sys.stderr.flush()
            self._dirty = False


@contextlib.contextmanager
def reading(output: Output) -> Generator[Callable[[int, int], None]]:
    """Show how much of the input was read."""
    with Ticker(output) as ticker:

        def on_progress(read: int, whole: int) -> None:
            percent = f" {100 * read // whole}%" if whole else ""
            ticker.show(f"reading {read / 1_000_000:,.0f} MB{percent}")

        yield on_progress
