from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from catalyst_sdk.cli._app import app
from catalyst_sdk.cli._boundary import EXIT_CODES, GATE_MATCHED, INTERRUPTED
from catalyst_sdk.cli._grammar import Option

PAGE = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
LINES = re.findall(r"^\$ (catalyst [^\n]+)$", PAGE, re.MULTILINE)


def _commands() -> list[tuple[str, click.Command]]:
    found: list[tuple[str, click.Command]] = []
    ctx = click.Context(app, info_name="catalyst")
    for noun in app.list_commands(ctx):
        command = app.get_command(ctx, noun)
        assert command is not None
        if isinstance(command, click.Group):
            for verb in command.list_commands(ctx):
                below = command.get_command(ctx, verb)
                assert below is not None
                found.append((f"{noun} {verb}", below))
        else:
            found.append((noun, command))
    return found


@pytest.mark.parametrize("line", LINES)
def test_a_documented_line_is_understood(line: str):
    words = re.split(r"\s(?:[|>]|\|\|)\s", line)[0]
    arguments = shlex.split(words)[1:]
    command: click.Command = app
    while isinstance(command, click.Group):
        below = command.get_command(click.Context(command), arguments.pop(0))
        assert below is not None
        command = below
    if "modle" not in line:
        command.make_context("catalyst", arguments)


@pytest.mark.parametrize(("name", "command"), _commands())
def test_each_command_is_documented(name: str, command: click.Command):
    noun, _, verb = name.partition(" ")
    assert re.search(rf"`catalyst {noun}[^`]*{verb}", PAGE)
    for param in command.params:
        if isinstance(param, Option) and param.section == "Options" and not param.hidden:
            assert any(flag in PAGE for flag in param.opts), f"{name} {param.opts}"


def test_each_exit_code_is_documented():
    table = PAGE[PAGE.index("| exit code") :]
    told = {
        int(code)
        for row in re.findall(r"^\| ([\d, ]+) \|", table, re.MULTILINE)
        for code in row.split(",")
    }
    assert told == {0, 1, GATE_MATCHED, INTERRUPTED, *EXIT_CODES.values()}
