"""Output flags, taken wherever they stand on the line and kept until the command asks."""

from __future__ import annotations

from typing import Any

import click

_KEPT = "catalyst_sdk.cli.output"
_SERVER = "catalyst_sdk.cli.server"


def remember(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    """Keep a flag that was given; `meta` is shared by a command and the groups before it."""
    name = param.name or ""
    if ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
        ctx.meta.setdefault(_KEPT, {})[name] = value


def remember_server(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    """Keep a flag that says which server to read."""
    if value:
        ctx.meta.setdefault(_SERVER, {})[param.name or ""] = value


def given_server() -> dict[str, str]:
    """Give the flags that say which server to read: `server`, `project`, `key`."""
    return click.get_current_context().meta.get(_SERVER, {})


def given() -> dict[str, Any]:
    """Give the output flags of the line being run, by name."""
    return click.get_current_context().meta.get(_KEPT, {})
