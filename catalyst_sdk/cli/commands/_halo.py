"""`catalyst halo …`."""

from __future__ import annotations

import click

from catalyst_sdk.cli._grammar import Group, Lazy
from catalyst_sdk.cli._options import quiet_output_options

_COMMANDS = "catalyst_sdk.cli.commands"


@click.group(
    "halo",
    cls=Group,
    lazy={"run": Lazy(f"{_COMMANDS}._halo_run", "halo_run", "Analyse traces, rank what fails.")},
    example="catalyst halo run traces.jsonl --fail-on high",
)
@quiet_output_options
def halo() -> None:
    """Find what goes wrong again and again, with evidence."""
