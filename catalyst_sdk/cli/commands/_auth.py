"""`catalyst auth …`."""

from __future__ import annotations

import os

import click
import msgspec

from catalyst_sdk.cli._grammar import Command, Group
from catalyst_sdk.cli._metadata import a_server
from catalyst_sdk.cli._options import output_options, quiet_output_options, server_options
from catalyst_sdk.cli._output import current_output


@click.group("auth", cls=Group, example="catalyst auth status --server http://traces.internal:8799")
@quiet_output_options
def auth() -> None:
    """See what a server lets you do."""


@auth.command("status", cls=Command, example="catalyst auth status")
@server_options
@output_options
def status() -> None:
    """Say which server answers, whose traces it shows you, and what you may do.

    The key is that of CATALYST_API_KEY.
    """
    output = current_output(os.environ)
    with a_server() as server:
        who = server.identity()
    if output.mode == "human":
        allowed = ", ".join(who.scopes)
        output.write(f"{server.endpoint}: project {who.project}, may {allowed}\n")
        return
    output.document({"server": server.endpoint, **msgspec.structs.asdict(who)})
