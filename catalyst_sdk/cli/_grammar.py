"""Commands and options that know their closest relatives and head their help by topic."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click
from click.shell_completion import CompletionItem

from catalyst_sdk.cli._suggest import closest, unknown
from catalyst_sdk.errors import ConfigError

if TYPE_CHECKING:
    _Word = click.ParamType[str]
else:
    _Word = click.ParamType  # not generic at run time before click 8.5

F = TypeVar("F", bound=Callable[..., Any])


class Option(click.Option):
    """An option listed under a heading of its own in the help."""

    def __init__(self, *args: Any, section: str = "Options", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.section = section


def option(*names: str, section: str = "Options", **kwargs: Any) -> Callable[[F], F]:
    """Declare an option; *section* heads it in the help."""
    return click.option(*names, cls=Option, section=section, **kwargs)


class Command(click.Command):
    """A command whose help has sections and an example, and which suggests flags."""

    def __init__(self, *args: Any, example: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.example = example

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, section by section, then the example."""
        _write_sections(self.get_params(ctx), ctx, formatter)
        _write_example(self.example, formatter)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse, and name the closest flag when one is unknown."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            raise _unknown_flag(self, ctx, error.option_name) from None


class Lazy(NamedTuple):
    """A command whose module is imported when it is called."""

    module: str
    name: str
    help: str
    """One line for the list of commands."""


class Group(click.Group):
    """A group that suggests commands and imports them when they are called."""

    def __init__(
        self, *args: Any, lazy: Mapping[str, Lazy] | None = None, example: str = "", **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.lazy = lazy or {}
        self.example = example

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the commands in the order they were declared."""
        return [*self.commands, *self.lazy]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Find a command, importing it if need be."""
        found = self.lazy.get(cmd_name)
        if found is None:
            return super().get_command(ctx, cmd_name)
        command: click.Command = getattr(importlib.import_module(found.module), found.name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, lazy.help) for name, lazy in self.lazy.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or name the closest one."""
        if self.get_command(ctx, args[0]) is None and not ctx.resilient_parsing:
            raise _unknown_command(ctx, args[0], self.list_commands(ctx))
        return super().resolve_command(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands first, then the options, then the example."""
        self.format_commands(ctx, formatter)
        _write_sections(self.get_params(ctx), ctx, formatter)
        _write_example(self.example, formatter)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse, and name the closest flag when one is unknown."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            raise _unknown_flag(self, ctx, error.option_name) from None


def _unknown_command(ctx: click.Context, word: str, known: Sequence[str]) -> ConfigError:
    near = closest(word, known)
    hint = f"Did you mean {ctx.command_path} {near}? " if near else ""
    return ConfigError(
        f"{ctx.command_path} has no command '{word}'.", hint=f"{hint}It has: {', '.join(known)}."
    )


def _unknown_flag(command: click.Command, ctx: click.Context, name: str) -> ConfigError:
    flags = [
        flag
        for param in command.get_params(ctx)
        if isinstance(param, click.Option) and not param.hidden
        for flag in (*param.opts, *param.secondary_opts)
        if flag.startswith("--")
    ]
    near = closest(name, flags)
    hint = f"Did you mean {near}? " if near else ""
    return ConfigError(
        f"{ctx.command_path} has no flag {name}.", hint=f"{hint}See {ctx.command_path} --help."
    )


def _write_sections(
    params: Sequence[click.Parameter], ctx: click.Context, formatter: click.HelpFormatter
) -> None:
    sections: dict[str, list[tuple[str, str]]] = {}
    for param in params:
        record = param.get_help_record(ctx)
        if record is not None and record[1]:
            title = getattr(param, "section", "Options")
            sections.setdefault(title, []).append(record)
    last = [title for title in sections if title in ("Filters", "Output")]
    for title in [*(title for title in sections if title not in last), *last]:
        with formatter.section(title):
            formatter.write_dl(sections[title])


def _write_example(example: str, formatter: click.HelpFormatter) -> None:
    if not example:
        return
    with formatter.section("Example"):
        for line in example.splitlines():
            formatter.write(f"{'':>{formatter.current_indent}}{line}\n")


class OneOf(_Word):
    """One word of a closed set, with the closest one named when it is not."""

    def __init__(self, what: str, words: Sequence[str], *, commas: bool = False) -> None:
        self.name = what
        self.words = tuple(words)
        self.commas = commas
        """Accepts several words separated by commas."""

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Show the words themselves when they are few."""
        shown = "|".join(self.words)
        return shown if len(shown) <= 44 else self.name.upper().replace(" ", "_")

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Give the word as the set spells it."""
        words = value.split(",") if self.commas else [value]
        return ",".join(self._known(word.strip()) for word in words)

    def _known(self, word: str) -> str:
        by_folded = {known.casefold(): known for known in self.words}
        if word.casefold() not in by_folded:
            raise unknown(self.name, word, self.words)
        return by_folded[word.casefold()]

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Complete the word, the last one of a list."""
        before, comma, part = incomplete.rpartition(",") if self.commas else ("", "", incomplete)
        fits = [word for word in self.words if word.casefold().startswith(part.casefold())]
        return [CompletionItem(before + comma + word) for word in fits]
