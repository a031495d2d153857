"""`catalyst session …`."""

from __future__ import annotations

import click

from catalyst_sdk.cli._grammar import Group, Lazy
from catalyst_sdk.cli._options import quiet_output_options

_COMMANDS = "catalyst_sdk.cli.commands"


@click.group(
    "session",
    cls=Group,
    lazy={
        "list": Lazy(f"{_COMMANDS}._session_list", "session_list", "One line a session."),
        "get": Lazy(f"{_COMMANDS}._session_get", "session_get", "Its traces, one after another."),
    },
    example="catalyst session list --file traces.jsonl",
)
@quiet_output_options
def session() -> None:
    """Look at sessions."""
