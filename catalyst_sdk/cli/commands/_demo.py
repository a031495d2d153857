"""`catalyst demo`."""

from __future__ import annotations

import os
import sys

import click

from catalyst_sdk.cli._grammar import Command, option
from catalyst_sdk.cli._options import quiet_output_options
from catalyst_sdk.cli._output import current_output
from catalyst_sdk.errors import BadInput


@click.command("demo", cls=Command, example="catalyst demo")
@option("--directory", type=click.Path(), default=".catalyst/demo", help="Where the traces go.")
@quiet_output_options
def demo(directory: str) -> int:
    """Trace an example agent with planted flaws, then let Halo find them."""
    from catalyst_sdk.demo import run_and_report

    screen = current_output(os.environ).screen
    color = screen.color is not None
    width = min(screen.width, 110)
    try:
        return run_and_report(directory, width=width, color=color, out=sys.stdout)
    except PermissionError as error:
        raise BadInput(
            f"{error.filename or directory} cannot be written: {error.strerror}.".replace(
                "Permission denied", "permission denied"
            ),
            hint="Run the demo where you may write, or give another --directory.",
        ) from None
