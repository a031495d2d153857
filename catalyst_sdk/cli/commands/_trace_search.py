"""`catalyst trace search`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import click
from rich.text import Text

from catalyst_sdk.cli._data import file_flags, open_reader
from catalyst_sdk.cli._filters import Filters, select
from catalyst_sdk.cli._format import one_line, plural, short_id
from catalyst_sdk.cli._grammar import Command, option
from catalyst_sdk.cli._lines import cut, styled
from catalyst_sdk.cli._options import filter_options, output_options, source_options
from catalyst_sdk.cli._output import Listing, Output, current_output, show_listing
from catalyst_sdk.cli._theme import Theme

HIT_FIELDS = ("trace_id", "span_id", "field", "excerpt")
_PAGE = 50


@click.command(
    "search", cls=Command, example="catalyst trace search 'timed? out' --file traces.jsonl"
)
@click.argument("pattern")
@source_options
@option("-l", "--limit", type=click.IntRange(min=1), default=_PAGE, metavar="N", help="Hits. [50]")
@filter_options()
@output_options
def trace_search(pattern: str, files: Sequence[str], limit: int, filters: Filters) -> None:
    """Find text or a regular expression in inputs, outputs and other payloads."""
    output = current_output(os.environ)
    output.check_fields(HIT_FIELDS)
    asked = select(filters)
    with open_reader(files, output) as reader:
        hits = reader.search(asked, pattern, limit)
    items: list[dict[str, Any]] = [
        {field: getattr(hit, field) for field in HIT_FIELDS} for hit in hits
    ]
    listing = Listing(items=items, columns=HIT_FIELDS, identity=("trace_id", "span_id"))
    show_listing(output, listing, lambda theme: _draw(theme, items))
    _end(output, items, limit, files)


def _draw(theme: Theme, items: Sequence[dict[str, Any]]) -> list[Text]:
    lines: list[Text] = []
    trace = ""
    for item in items:
        if item["trace_id"] != trace:
            trace = item["trace_id"]
            lines.append(Text(trace, style=theme.role("accent")))
        line = styled(
            (f"  {item['span_id']}  ", theme.role("accent")),
            (f"{one_line(item['field'])}  ", theme.role("muted")),
            one_line(item["excerpt"]),
        )
        lines.append(cut(line, theme.screen.width, theme.mark("more")))
    return lines


def _end(output: Output, items: Sequence[dict[str, Any]], limit: int, files: Sequence[str]) -> None:
    if not items:
        output.note("nothing found")
        return
    first = items[0]
    more = " or more" if len(items) == limit else ""
    ids = f"{short_id(first['trace_id'])} {first['span_id']}"
    output.hint(
        [plural(len(items), "hit") + more],
        f"catalyst span get {ids} --view io{file_flags(files)}",
    )
