"""The boundary with the shell: errors become one line and an exit code, signals stay quiet.

0 in order · 1 failed · 2 usage · 3 not found or ambiguous · 4 not authorised · 5 unreachable ·
6 run failed · 7 timed out · 10 `--fail-on` matched · 130 Ctrl-C
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Generator, Sequence
from itertools import pairwise
from types import FrameType

import click
import msgspec

from catalyst_sdk.cli._format import one_line
from catalyst_sdk.errors import CatalystError, ConfigError

EXIT_CODES = {
    "usage": 2,
    "not_found": 3,
    "ambiguous_id": 3,
    "unauthorised": 4,
    "unreachable": 5,
    "run_failed": 6,
    "timed_out": 7,
}
"""By the code of a CatalystError; every other one is 1."""
GATE_MATCHED = 10
INTERRUPTED = 130


def run(command: click.Command, arguments: Sequence[str]) -> int:
    """Run a command line and give its exit code. What is no CatalystError keeps its traceback."""
    _accept_any_text()
    code = 0
    with _listening() as interrupts:
        try:
            with unread_is_fine():
                code = _invoke(command, list(arguments))
                sys.stdout.flush()
        except (KeyboardInterrupt, click.Abort):
            return INTERRUPTED
        except CatalystError as error:
            # An import that was interrupted may claim that its library is absent.
            if interrupts:
                return INTERRUPTED
            _report(error, arguments)
            return EXIT_CODES.get(error.code, 1)
    return code


@contextlib.contextmanager
def _listening() -> Generator[list[int]]:
    """Note every Ctrl-C, whatever becomes of the KeyboardInterrupt it raises."""
    heard: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        heard.append(number)
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield heard
        return
    before = signal.signal(signal.SIGINT, note)
    try:
        yield heard
    finally:
        signal.signal(signal.SIGINT, before)


def _invoke(command: click.Command, arguments: list[str]) -> int:
    try:
        with command.make_context("catalyst", arguments) as ctx:
            result = command.invoke(ctx)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.ctx.get_help() if error.ctx else error.message, err=True)
        return EXIT_CODES["usage"]
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        raise _usage(error) from None
    return result if isinstance(result, int) else 0


def _usage(error: click.ClickException) -> ConfigError:
    ctx = error.ctx if isinstance(error, click.UsageError) else None
    hint = f"See {ctx.command_path} --help." if ctx else ""
    return ConfigError(error.format_message(), hint=hint)


def _report(error: CatalystError, arguments: Sequence[str]) -> None:
    """Say what is wrong in one line, and what to do about it in another; as JSON if asked for."""
    sys.stdout.flush()
    flags = list(arguments[: arguments.index("--")]) if "--" in arguments else list(arguments)
    if "--json" in flags or "--jsonl" in flags:
        told = {"error": error.message, "code": error.code, "hint": error.hint}
        sys.stderr.write(msgspec.json.encode(told).decode() + "\n")
        return
    from rich.text import Text

    from catalyst_sdk.cli._lines import styled
    from catalyst_sdk.cli._output import make_output
    from catalyst_sdk.cli._theme import Theme

    output = make_output({"color": _color(flags)}, os.environ)
    theme = Theme(output.error_screen)
    output.note(styled(("error: ", theme.role("error")), one_line(error.message)))
    if error.hint:
        output.note(Text(one_line(error.hint), style=theme.role("muted")))


def _color(flags: Sequence[str]) -> str | None:
    """Find --color on a line that may not have been parsed."""
    for flag, following in pairwise([*flags, ""]):
        name, _, value = flag.partition("=")
        if name == "--color":
            return value or following
    return None


def _accept_any_text() -> None:
    # Traces hold whatever a model wrote; a terminal of another encoding shows it escaped.
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


@contextlib.contextmanager
def unread_is_fine() -> Generator[None]:
    """Let a reader such as `head` close the pipe without a word about it."""
    try:
        yield
    except BrokenPipeError:
        # Python flushes stdout once more at exit; send that where it cannot fail.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
