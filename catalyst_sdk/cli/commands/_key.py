"""`catalyst key …`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click
import msgspec
from rich.text import Text

from catalyst_sdk.cli._flags import given_server
from catalyst_sdk.cli._format import iso
from catalyst_sdk.cli._grammar import Command, Group, option
from catalyst_sdk.cli._lines import quoted
from catalyst_sdk.cli._metadata import database_option, metadata, named_server
from catalyst_sdk.cli._options import output_options, quiet_output_options, server_options
from catalyst_sdk.cli._output import Listing, current_output, show_listing
from catalyst_sdk.cli._theme import Theme
from catalyst_sdk.cli.views import _table

if TYPE_CHECKING:
    from catalyst_sdk.server.metadata import Key

KEY_FIELDS = ("prefix", "project", "name", "scopes", "created_time", "revoked_time", "id")
_COLUMNS = (
    _table.Column(heading="KEY"),
    _table.Column(heading="PROJECT"),
    _table.Column(heading="NAME", flexible=12),
    _table.Column(heading="SCOPES"),
    _table.Column(heading="CREATED", drop=1),
    _table.Column(heading="REVOKED"),
)


@click.group("key", cls=Group, example="catalyst key create --scopes ingest,read")
@quiet_output_options
def key() -> None:
    """Say who may send, read and change the traces of a project."""


@key.command("create", cls=Command, example="catalyst key create --project shop --scopes ingest")
@option("--name", default="", metavar="TEXT", help="What it is for.")
@option("--scopes", default="ingest", metavar="A,B", help="ingest, read, write. [ingest]")
@database_option
@server_options
@output_options
def create(name: str, scopes: str, db: str) -> None:
    """Make a key. It is shown once, here."""
    output = current_output(os.environ)
    wanted = [scope.strip() for scope in scopes.split(",") if scope.strip()]
    if server := named_server():
        with server:
            made = server.create_key(name, wanted)
        item, secret = _of_server(made), made.secret or ""
    else:
        with metadata(db) as (_, keys):
            found, secret = keys.create(given_server().get("project", "default"), name, wanted)
        item = _of_database(found)
    if output.mode == "human":
        output.write(secret + "\n")
        output.note(f"for {item['project']}: {', '.join(item['scopes'])}; it is not shown again")
        return
    output.document({**item, "secret": secret})


@key.command("list", cls=Command, example="catalyst key list")
@database_option
@server_options
@output_options
def list_keys(db: str) -> None:
    """List the keys, revoked ones too; never what they are."""
    output = current_output(os.environ)
    output.check_fields(KEY_FIELDS)
    if server := named_server():
        with server:
            items = [_of_server(one) for one in server.list_keys()]
    else:
        with metadata(db) as (_, keys):
            items = [_of_database(one) for one in keys.list(given_server().get("project"))]
    listing = Listing(items=items, columns=KEY_FIELDS, identity=("prefix",))
    show_listing(output, listing, lambda theme: _draw(theme, items))
    if not items:
        output.note("no keys")


@key.command("revoke", cls=Command, example="catalyst key revoke 1edae5d1")
@click.argument("prefix", metavar="KEY")
@database_option
@server_options
@output_options
def revoke(prefix: str, db: str) -> None:
    """Revoke a key, named by its prefix or id; it is refused from then on."""
    output = current_output(os.environ)
    if server := named_server():
        with server:
            item = _of_server(server.revoke_key(prefix))
    else:
        with metadata(db) as (_, keys):
            item = _of_database(keys.revoke(prefix, given_server().get("project")))
    if output.mode == "human":
        output.note(f"revoked {item['prefix']}")
        return
    output.document(item)


def _of_server(one: Any) -> dict[str, Any]:
    values = msgspec.structs.asdict(one)
    return {field: values[field] for field in KEY_FIELDS}


def _of_database(one: Key) -> dict[str, Any]:
    return {
        "prefix": one.prefix,
        "project": one.project_id,
        "name": one.name,
        "scopes": sorted(one.scopes),
        "created_time": iso(one.created_ns),
        "revoked_time": iso(one.revoked_ns or 0) or None,
        "id": one.id,
    }


def _draw(theme: Theme, items: Sequence[dict[str, Any]]) -> list[Text]:
    muted = theme.role("muted")
    return _table.table(
        theme,
        _COLUMNS,
        [
            _table.Row(
                [
                    Text(f"ck_{item['prefix']}_", style=theme.role("accent")),
                    quoted(item["project"]),
                    quoted(item["name"]),
                    Text(", ".join(item["scopes"])),
                    Text((item["created_time"] or "")[:10], style=muted),
                    Text((item["revoked_time"] or "")[:10], style=theme.role("error")),
                ]
            )
            for item in items
        ],
    )
