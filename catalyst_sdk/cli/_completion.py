"""Shell completion: its script, and putting it where the shell looks."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from click.shell_completion import get_completion_class

from catalyst_sdk.cli._grammar import OneOf, option
from catalyst_sdk.errors import ConfigError

F = TypeVar("F", bound=Callable[..., Any])
SHELLS = ("bash", "zsh", "fish")
_MARK = "# catalyst completion"


def completion_options(command: F) -> F:
    """Add the flags that show or install completion."""
    for name, callback, text in (
        ("--show-completion", _show, "Print the completion script of a shell."),
        ("--install-completion", _install, "Complete commands and flags in a shell."),
    ):
        command = option(
            name,
            type=OneOf("shell", SHELLS),
            is_eager=True,
            expose_value=False,
            callback=callback,
            help=text,
        )(command)
    return command


def script(shell: str, root: click.Command) -> str:
    """Give the script that teaches *shell* to complete `catalyst`."""
    kind = get_completion_class(shell)
    assert kind is not None
    return kind(root, {}, "catalyst", "_CATALYST_COMPLETE").source()


def _show(ctx: click.Context, _: click.Parameter, shell: str | None) -> None:
    if shell is not None:
        click.echo(script(shell, ctx.find_root().command))
        ctx.exit()


def _install(ctx: click.Context, _: click.Parameter, shell: str | None) -> None:
    if shell is None:
        return
    target, source = _places(shell)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(script(shell, ctx.find_root().command))
        if source is not None:
            _append_once(source, target)
    except OSError as error:
        raise ConfigError(f"{target} cannot be written: {error.strerror}.") from None
    click.echo(f"completion for {shell} is in {target}; open a new shell to use it", err=True)
    ctx.exit()


def _places(shell: str) -> tuple[Path, Path | None]:
    """Give the script's file, and the start-up file that must load it (fish loads it itself)."""
    home = Path.home()
    if shell == "fish":
        config = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
        return config / "fish" / "completions" / "catalyst.fish", None
    data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    start = (
        Path(os.environ.get("ZDOTDIR") or home) / ".zshrc" if shell == "zsh" else home / ".bashrc"
    )
    return data / "catalyst" / f"completion.{shell}", start


def _append_once(source: Path, target: Path) -> None:
    text = source.read_text() if source.exists() else ""
    if _MARK in text:
        return
    with source.open("a") as file:
        file.write(f"\n{_MARK}\n[ -f '{target}' ] && . '{target}'\n")
