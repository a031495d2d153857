"""What only a process of its own shows: pipes, signals, terminals, what is imported."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cli.sample import FAILED

COMMAND = [
    sys.executable,
    "-c",
    "import sys; from catalyst_sdk._command import main; sys.exit(main())",
]
HEAVY = (
    "chdb",
    "pyarrow",
    "clickhouse_connect",
    "opentelemetry.sdk",
    "openai",
    "rich",
    "catalyst_sdk.store",
)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("CATALYST_", "OTEL_"))}
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "PAGER", "LESS", "COLUMNS", "LINES"):
        kept.pop(name, None)
    return {**kept, "CATALYST_CACHE_DIR": str(tmp_path / "cache"), "TERM": "xterm-256color"}


@pytest.mark.parametrize("flag", ["--version", "--help"])
def test_version_and_help_import_nothing_heavy(flag: str, environment: dict[str, str]):
    probe = (
        "import sys; from catalyst_sdk._command import main; code = main(); "
        f"print([m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr); sys.exit(code)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", probe, flag],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "[]\n")
    assert "catalyst" in ran.stdout


def test_a_reader_that_leaves_early_is_no_error(sample: str, environment: dict[str, str]):
    ran = subprocess.Popen(
        [*COMMAND, "trace", "list", "-f", sample],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert ran.stdout is not None
    ran.stdout.close()
    _, told = ran.communicate(timeout=60)
    assert (ran.returncode, told) == (0, b"")


def test_ctrl_c_ends_with_130_and_no_traceback(sample: str, environment: dict[str, str]):
    ran = subprocess.Popen(
        [*COMMAND, "trace", "list", "-f", "-"],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert ran.stdin is not None
    # More than a pipe holds: once it is written, the command is reading.
    ran.stdin.write(Path(sample).read_bytes() * 100)
    ran.stdin.flush()
    ran.send_signal(signal.SIGINT)
    out, told = ran.communicate(timeout=60)
    assert (ran.returncode, out) == (130, b"")
    assert b"Traceback" not in told


def test_standard_input_is_read(sample: str, environment: dict[str, str]):
    ran = subprocess.run(
        [*COMMAND, "trace", "list", "-f", "-", "-q", "status:error"],
        env=environment,
        input=Path(sample).read_bytes(),
        capture_output=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout.decode()) == (0, FAILED + "\n")


def _in_terminal(
    arguments: list[str], environment: dict[str, str], *, rows: int = 24, columns: int = 80
) -> tuple[int, str]:
    """Run a command line in a terminal of its own; give exit code and what it showed."""
    import fcntl
    import struct
    import termios

    shown, inside = pty.openpty()
    fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    ran = subprocess.Popen(
        [*COMMAND, *arguments], env=environment, stdin=inside, stdout=inside, stderr=inside
    )
    os.close(inside)
    told = b""
    while True:
        select.select([shown], [], [], 60)
        try:
            piece = os.read(shown, 65536)
        except OSError:  # the terminal's last writer is gone
            break
        if not piece:
            break
        told += piece
    os.close(shown)
    return ran.wait(60), told.decode().replace("\r\n", "\n")


def test_a_terminal_gets_colour_width_and_a_next_step(sample: str, environment: dict[str, str]):
    code, told = _in_terminal(["trace", "list", "-f", sample], environment, columns=100)
    assert code == 0
    assert "\x1b[32m✓" in told
    assert "Where is my" in told
    assert "next: " in told


def test_no_color_is_honoured_in_a_terminal(sample: str, environment: dict[str, str]):
    code, told = _in_terminal(["trace", "list", "-f", sample], {**environment, "NO_COLOR": "1"})
    assert code == 0
    assert "✗ 79194633" in told
    assert "\x1b" not in told


def test_what_is_taller_than_the_screen_goes_through_the_pager(
    sample: str, environment: dict[str, str]
):
    paged = {**environment, "PAGER": "sed -e s/^/paged:/", "NO_COLOR": "1"}
    flags = ["trace", "get", FAILED, "-f", sample]
    _, told = _in_terminal(flags, paged, rows=5)
    assert "paged:✗ triage.run" in told
    _, told = _in_terminal(flags, paged, rows=60)
    assert "paged:" not in told
    _, told = _in_terminal([*flags, "--no-pager"], paged, rows=5)
    assert "paged:" not in told


def test_force_color_colours_a_pipe_without_changing_its_form(
    sample: str, environment: dict[str, str]
):
    flags = ["trace", "get", FAILED, "-f", sample, "--view", "tree"]
    plain = subprocess.run([*COMMAND, *flags], env=environment, capture_output=True, check=False)
    colored = subprocess.run(
        [*COMMAND, *flags],
        env={**environment, "FORCE_COLOR": "1"},
        capture_output=True,
        check=False,
    )
    assert b"\x1b[" not in plain.stdout
    assert b"\x1b[" in colored.stdout


def test_a_terminal_without_unicode_gets_ascii(sample: str, environment: dict[str, str]):
    ran = subprocess.run(
        [*COMMAND, "trace", "get", FAILED, "-f", sample, "--view", "timeline"],
        env={**environment, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
    )
    assert ran.returncode == 0
    assert ran.stdout.isascii()
    assert b"x |- T lookup_order" in ran.stdout


def test_what_is_no_error_of_ours_keeps_its_traceback(environment: dict[str, str]):
    broken = (
        "import sys; from catalyst_sdk import cli; import catalyst_sdk.cli._output as o; "
        "o.make_output = lambda *_: 1 / 0; sys.exit(cli.main(['trace', 'list']))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", broken], env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1
    assert "Traceback" in ran.stderr
    assert "ZeroDivisionError" in ran.stderr


def test_the_shell_completes_commands_flags_and_values(environment: dict[str, str]):
    def complete(line: str) -> list[str]:
        words = line.split(" ")
        asked = {
            "_CATALYST_COMPLETE": "bash_complete",
            "COMP_WORDS": line,
            "COMP_CWORD": str(len(words) - 1),
        }
        ran = subprocess.run(
            COMMAND, env={**environment, **asked}, capture_output=True, text=True, check=False
        )
        return [row.partition(",")[2] for row in ran.stdout.split()]

    assert complete("catalyst tra") == ["trace"]
    assert complete("catalyst trace get --view t") == ["tree", "timeline", "thread"]
    assert complete("catalyst trace list --kind LLM,TO") == ["LLM,TOOL"]
