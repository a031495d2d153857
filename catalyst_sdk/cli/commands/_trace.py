"""`catalyst trace …`."""

from __future__ import annotations

import click

from catalyst_sdk.cli._grammar import Group, Lazy
from catalyst_sdk.cli._options import quiet_output_options

_COMMANDS = "catalyst_sdk.cli.commands"


@click.group(
    "trace",
    cls=Group,
    lazy={
        "list": Lazy(f"{_COMMANDS}._trace_list", "trace_list", "One line a trace, newest first."),
        "get": Lazy(f"{_COMMANDS}._trace_get", "trace_get", "One trace, in one of six views."),
        "search": Lazy(f"{_COMMANDS}._trace_search", "trace_search", "Find text in payloads."),
        "facets": Lazy(
            f"{_COMMANDS}._trace_facets", "trace_facets", "Which values occur how often."
        ),
        "import": Lazy(f"{_COMMANDS}._trace_transfer", "trace_import", "Files into a server."),
        "export": Lazy(f"{_COMMANDS}._trace_transfer", "trace_export", "A server's traces out."),
        "delete": Lazy(f"{_COMMANDS}._trace_transfer", "trace_delete", "Traces of a server, gone."),
    },
    example="catalyst trace list status:error --file traces.jsonl",
)
@quiet_output_options
def trace() -> None:
    """Look at traces."""
