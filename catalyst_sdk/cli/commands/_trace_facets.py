"""`catalyst trace facets`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import groupby
from typing import Any

import click
import msgspec
from rich.text import Text

from catalyst_sdk.cli._data import open_reader
from catalyst_sdk.cli._filters import Filters, select
from catalyst_sdk.cli._format import one_line
from catalyst_sdk.cli._grammar import Command, OneOf, option
from catalyst_sdk.cli._lines import cut, heading, pad, styled
from catalyst_sdk.cli._options import (
    filter_argument,
    filter_options,
    output_options,
    source_options,
)
from catalyst_sdk.cli._output import Listing, current_output, show_listing
from catalyst_sdk.cli._theme import Theme
from catalyst_sdk.store import queries

FACET_FIELDS = ("facet", "value", "traces", "spans")
_BAR = 12


@click.command(
    "facets", cls=Command, example="catalyst trace facets --facet model,tool --file traces.jsonl"
)
@filter_argument
@source_options
@option(
    "--facet",
    "facets",
    multiple=True,
    type=OneOf("facet", tuple(queries.FACETS), commas=True),
    help=f"Which: {', '.join(queries.FACETS)}.",
)
@option("-l", "--limit", type=click.IntRange(min=1), default=10, metavar="N", help="Values. [10]")
@filter_options()
@output_options
def trace_facets(
    words: Sequence[str],
    files: Sequence[str],
    facets: Sequence[str],
    limit: int,
    filters: Filters,
) -> None:
    """Count the values that occur, most frequent first."""
    output = current_output(os.environ)
    output.check_fields(FACET_FIELDS)
    asked = select(filters, words)
    wanted = ",".join(facets).split(",") if facets else queries.COMMON_FACETS
    with open_reader(files, output) as reader:
        found = reader.facets(asked, wanted, limit)
    items = [msgspec.structs.asdict(value) for value in found]
    listing = Listing(items=items, columns=FACET_FIELDS, identity=("value",))
    show_listing(output, listing, lambda theme: _draw(theme, items))


def _draw(theme: Theme, items: Sequence[dict[str, Any]]) -> list[Text]:
    lines: list[Text] = []
    for facet, group in groupby(items, key=lambda item: item["facet"]):
        rows = list(group)
        lines += [Text()] if lines else []
        lines.append(heading(theme, facet, "traces, spans"))
        most = max(row["traces"] for row in rows)
        room = max(12, theme.screen.width - _BAR - 24)
        width = min(room, max(len(one_line(row["value"])) for row in rows))
        lines += [_row(theme, row, width, most) for row in rows]
    return lines


def _row(theme: Theme, row: dict[str, Any], width: int, most: int) -> Text:
    block = "=" if theme.screen.ascii else "█"
    bar = (block * max(1, round(_BAR * row["traces"] / most))).ljust(_BAR)
    value = pad(cut(Text(one_line(row["value"])), width, theme.mark("more")), width)
    figures = styled(f"  {row['traces']:>7,}", (f" {row['spans']:>9,}", theme.role("muted")))
    return Text("  ") + value + Text("  ") + Text(bar, style=theme.role("accent")) + figures
