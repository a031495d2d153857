"""The pager: only for people, only when the screen is too short."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
from collections.abc import Generator

from catalyst_sdk.cli._screen import Screen

# F: leave at once when it fits; R: keep colours; X: leave the text on the screen.
_DEFAULT = "less -FRX"


def page(text: str, screen: Screen) -> bool:
    """Show *text* in `$PAGER` when it is taller than the screen; tell whether that was done."""
    command = os.environ.get("PAGER", _DEFAULT)
    if not (screen.tty and screen.height and not screen.dumb and command.strip()):
        return False
    if text.count("\n") < screen.height:
        return False
    try:
        return _run(shlex.split(command), text)
    except (OSError, ValueError):
        return False  # no such pager, or a command that cannot be split: print instead


def _run(command: list[str], text: str) -> bool:
    environ = {"LESS": "FRX", "LESSCHARSET": "utf-8", **os.environ}
    pager = subprocess.Popen(command, stdin=subprocess.PIPE, env=environ)
    # The person may quit before the end.
    with _leave_ctrl_c_to_it(), contextlib.suppress(BrokenPipeError):
        pager.communicate(text.encode(errors="replace"))
    return True


@contextlib.contextmanager
def _leave_ctrl_c_to_it() -> Generator[None]:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
