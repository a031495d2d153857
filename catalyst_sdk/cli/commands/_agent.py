"""`catalyst agent …`."""

from __future__ import annotations

import click

from catalyst_sdk.cli._grammar import Group, Lazy
from catalyst_sdk.cli._options import quiet_output_options

_COMMANDS = "catalyst_sdk.cli.commands"


@click.group(
    "agent",
    cls=Group,
    lazy={
        "list": Lazy(f"{_COMMANDS}._agent_list", "agent_list", "One line an agent."),
        "get": Lazy(f"{_COMMANDS}._agent_get", "agent_get", "One agent: models, tools, errors."),
    },
    example="catalyst agent list --file traces.jsonl",
)
@quiet_output_options
def agent() -> None:
    """Look at agents."""
