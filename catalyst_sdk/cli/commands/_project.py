"""`catalyst project …`."""

from __future__ import annotations

import os
from typing import Any

import click
import msgspec
from rich.text import Text

from catalyst_sdk.cli._format import iso
from catalyst_sdk.cli._grammar import Command, Group, option
from catalyst_sdk.cli._lines import quoted
from catalyst_sdk.cli._metadata import database_option, metadata, named_server
from catalyst_sdk.cli._options import output_options, quiet_output_options, server_options
from catalyst_sdk.cli._output import Listing, current_output, show_listing
from catalyst_sdk.cli.views import _table

PROJECT_FIELDS = ("id", "name", "created_time")
_COLUMNS = (
    _table.Column(heading="PROJECT"),
    _table.Column(heading="NAME", flexible=16),
    _table.Column(heading="CREATED"),
)


@click.group("project", cls=Group, example="catalyst project create shop")
@quiet_output_options
def project() -> None:
    """Keep the traces of several applications apart."""


@project.command("create", cls=Command, example="catalyst project create shop --name 'The shop'")
@click.argument("project_id", metavar="ID")
@option("--name", default="", metavar="TEXT", help="A name for people.")
@database_option
@server_options
@output_options
def create(project_id: str, name: str, db: str) -> None:
    """Make a project."""
    output = current_output(os.environ)
    if server := named_server():
        with server:
            made = server.create_project(project_id, name).id
    else:
        with metadata(db) as (projects, _):
            made = projects.create(project_id, name).id
    if output.mode == "human":
        output.note(f"made the project {made}")
        output.hint([], f"catalyst key create --project {made} --scopes ingest,read")
        return
    output.document({"id": made})


@project.command("list", cls=Command, example="catalyst project list")
@database_option
@server_options
@output_options
def list_projects(db: str) -> None:
    """List the projects."""
    output = current_output(os.environ)
    output.check_fields(PROJECT_FIELDS)
    items: list[dict[str, Any]]
    if server := named_server():
        with server:
            items = [msgspec.structs.asdict(one) for one in server.projects()]
    else:
        with metadata(db) as (projects, _):
            items = [
                {"id": one.id, "name": one.name, "created_time": iso(one.created_ns)}
                for one in projects.list()
            ]
    listing = Listing(items=items, columns=PROJECT_FIELDS, identity=("id",))
    show_listing(
        output,
        listing,
        lambda theme: _table.table(
            theme,
            _COLUMNS,
            [
                _table.Row(
                    [
                        quoted(item["id"], theme.role("accent")),
                        quoted(item["name"]),
                        Text((item["created_time"] or "")[:10], style=theme.role("muted")),
                    ]
                )
                for item in items
            ],
        ),
    )
