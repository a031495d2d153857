"""The tree of commands. Each command imports what it needs when it runs."""

from __future__ import annotations

import click

import catalyst_sdk
from catalyst_sdk.cli._completion import completion_options
from catalyst_sdk.cli._grammar import Group, Lazy, option
from catalyst_sdk.cli._options import output_options


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        click.echo(f"catalyst {catalyst_sdk.__version__}")
        ctx.exit()


_COMMANDS = "catalyst_sdk.cli.commands"


@click.group(
    cls=Group,
    lazy={
        "halo": Lazy(f"{_COMMANDS}._halo", "halo", "Find what goes wrong again and again."),
        "trace": Lazy(f"{_COMMANDS}._trace", "trace", "Traces: list, look at, search, count."),
        "span": Lazy(f"{_COMMANDS}._span", "span", "Single steps: list, look at."),
        "agent": Lazy(f"{_COMMANDS}._agent", "agent", "Agents: how often, how well, how dear."),
        "session": Lazy(f"{_COMMANDS}._session", "session", "Sessions: list, read as one talk."),
        "serve": Lazy(f"{_COMMANDS}._serve", "serve", "Take spans, keep them, show them."),
        "project": Lazy(f"{_COMMANDS}._project", "project", "Projects of a server."),
        "key": Lazy(f"{_COMMANDS}._key", "key", "API keys of a server."),
        "auth": Lazy(f"{_COMMANDS}._auth", "auth", "What a server lets you do."),
        "demo": Lazy(f"{_COMMANDS}._demo", "demo", "Trace an example agent, find its failures."),
        "doctor": Lazy(f"{_COMMANDS}._doctor", "doctor", "Check this machine and its settings."),
    },
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    example="catalyst halo run traces.jsonl --no-model",
)
@option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version.",
)
@completion_options
@output_options
def app() -> None:
    """Look at the traces of your agents, and find what goes wrong again and again."""
