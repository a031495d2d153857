"""`catalyst span …`."""

from __future__ import annotations

import click

from catalyst_sdk.cli._grammar import Group, Lazy
from catalyst_sdk.cli._options import quiet_output_options

_COMMANDS = "catalyst_sdk.cli.commands"


@click.group(
    "span",
    cls=Group,
    lazy={
        "list": Lazy(f"{_COMMANDS}._span_list", "span_list", "One line a span, of all traces."),
        "get": Lazy(f"{_COMMANDS}._span_get", "span_get", "One span, in one of six views."),
    },
    example="catalyst span list kind:TOOL status:error --file traces.jsonl",
)
@quiet_output_options
def span() -> None:
    """Look at single steps."""
