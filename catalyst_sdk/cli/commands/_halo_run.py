"""`catalyst halo run`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
import msgspec

from catalyst_sdk.cli._filters import Filters
from catalyst_sdk.cli._grammar import Command, OneOf, option
from catalyst_sdk.cli._options import filter_options, output_options
from catalyst_sdk.findings import SEVERITIES

if TYPE_CHECKING:
    pass

FORMATS = ("text", "md", "json", "html")


class _Ask(msgspec.Struct, frozen=True, kw_only=True):
    prompt: str | None
    model: str | None
    agent: str | None
    words: str


@click.command(
    "run", cls=Command, example="catalyst halo run traces.jsonl --range 24h --fail-on high"
)
@click.argument("paths", nargs=-1, metavar="[FILE]...")
@option("-f", "--file", "files", multiple=True, metavar="FILE", help="The same as FILE.")
@option("--format", "form", type=OneOf("format", FORMATS), help="text on a terminal, md in a pipe.")
@option("-o", "--output", "path", metavar="FILE", help="Write the report to a file.")
@option("--prompt", metavar="TEXT", help="What to look for (with a model).")
@option("--prompt-file", metavar="FILE", help="The same, from a file.")
@option("--model", "judge", metavar="NAME", help="Let a model investigate further.")
@option("--no-model", is_flag=True, help="Detectors only: no network, the same each time.")
@option(
    "--fail-on",
    type=OneOf("severity", SEVERITIES[:4]),
    help="Exit with 10 when a finding is at least this severe.",
)
@option("--baseline", metavar="FILE", help="A JSON report; --fail-on counts what is new since.")
@filter_options
@output_options
def halo_run(
    paths: Sequence[str],
    files: Sequence[str],
    form: str | None,
    path: str | None,
    prompt: str | None,
    prompt_file: str | None,
    judge: str | None,
    no_model: bool,
    fail_on: str | None,
    baseline: str | None,
    filters: Filters,
) -> int:
    """Read many traces, rank what goes wrong again and again, with evidence and fixes."""
