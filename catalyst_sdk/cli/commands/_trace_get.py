"""`catalyst trace get`."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click
import msgspec
from rich.text import Text

from catalyst_sdk.cli._data import file_flags, open_reader
from catalyst_sdk.cli._format import duration, one_line, plural, short_id, short_length
from catalyst_sdk.cli._grammar import Command, OneOf, option
from catalyst_sdk.cli._items import FORM, SPAN_COLUMNS, SPAN_FIELDS, span_values
from catalyst_sdk.cli._options import output_options, source_options
from catalyst_sdk.cli._output import Listing, Output, current_output, show_listing, to_file
from catalyst_sdk.cli._theme import Theme
from catalyst_sdk.cli._trace_row import trace_row
from catalyst_sdk.cli.views._forest import ROWS_SHOWN, Fold, below
from catalyst_sdk.cli.views._spans import span_table
from catalyst_sdk.cli.views._summary import trace_summary
from catalyst_sdk.cli.views._thread import thread
from catalyst_sdk.cli.views._timeline import timeline
from catalyst_sdk.cli.views._tree import tree
from catalyst_sdk.errors import NotFound
from catalyst_sdk.semconv import SPAN_KINDS
from catalyst_sdk.spans import SpanFacts

if TYPE_CHECKING:
    from catalyst_sdk.cli._reader import Reader

VIEWS = ("summary", "tree", "timeline", "thread", "spans", "raw")


class _Look(msgspec.Struct, frozen=True, kw_only=True):
    """What of a trace is wanted, and how."""

    view: str
    fold: Fold
    span: str | None
    full: bool


@click.command(
    "get", cls=Command, example="catalyst trace get 79194633 --view timeline --file traces.jsonl"
)
@click.argument("trace_id", metavar="ID")
@source_options
@option("--view", type=OneOf("view", VIEWS), default="summary", help="How to look at it.")
@option("--span", metavar="ID", help="Only this span and what is below it.")
@option("--depth", type=click.IntRange(min=0), metavar="N", help="Levels of the tree.")
@option(
    "--kind", type=OneOf("kind", SPAN_KINDS, commas=True), help="Only these, and the way there."
)
@option("--errors", is_flag=True, help="Only what failed, and the way there.")
@option("--all", "everything", is_flag=True, help="Fold and cut nothing.")
@option("--full", is_flag=True, help="Whole messages in the thread.")
@option("-o", "--output", "path", metavar="FILE", help="Write to a file.")
@output_options
def trace_get(
    trace_id: str,
    files: Sequence[str],
    view: str,
    span: str | None,
    depth: int | None,
    kind: str | None,
    errors: bool,
    everything: bool,
    full: bool,
    path: str | None,
) -> None:
    """Show one trace; the first six digits of its id will do."""
    output = current_output(os.environ)
    output.check_fields(SPAN_FIELDS)
    kinds = frozenset(kind.split(",")) if kind else frozenset[str]()
    fold = Fold(
        depth=depth,
        rows=None if everything else ROWS_SHOWN,
        errors=errors,
        kinds=kinds,
        more="--all" if depth is None else "--depth",
    )
    look = _Look(view=view, fold=fold, span=span, full=full or everything)
    target = to_file(output, path) if path else output
    with open_reader(files, output) as reader:
        spans = reader.facts(trace_id)
        _show(target, reader, _chosen(spans, span) if span else spans, look)
    if path:
        output.note(f"wrote {path}")
    elif view != "raw":
        _end(output, spans, look, files)


def _chosen(spans: Sequence[SpanFacts], prefix: str) -> list[SpanFacts]:
    found = [span for span in spans if span.span_id.startswith(prefix.lower())]
    if not found:
        raise NotFound(
            f"The trace has no span '{one_line(prefix)}'.", hint="--view spans lists them all."
        )
    if len(found) > 1:
        from catalyst_sdk.errors import AmbiguousId

        ids = [span.span_id for span in found]
        raise AmbiguousId(f"'{one_line(prefix)}' fits {plural(len(ids), 'span')}.", ids[:10])
    return below(spans, found[0])


def _show(output: Output, reader: Reader, spans: Sequence[SpanFacts], look: _Look) -> None:
    if look.view == "raw":
        output.stored(_stored(reader, spans, look))
    elif output.mode != "human" or look.view == "spans":
        _show_data(output, reader, spans, look)
    else:
        output.lines(_DRAW[look.view](output.theme, reader, spans, look))


def _stored(reader: Reader, spans: Sequence[SpanFacts], look: _Look) -> list[bytes]:
    if look.span is None:
        return reader.raw(spans[0].trace_id)
    lines = [line for span in spans for line in reader.raw(span.trace_id, span.span_id)]
    return list(dict.fromkeys(lines))


def _show_data(output: Output, reader: Reader, spans: Sequence[SpanFacts], look: _Look) -> None:
    if output.mode == "json" and look.view != "spans":
        output.document(_document(reader, spans, look))
        return
    rows = [span_values(span) for span in spans if _wanted(span, look.fold)]
    listing = Listing(
        items=[FORM.span(row) for row in rows], columns=SPAN_COLUMNS, identity=("span_id",)
    )
    show_listing(output, listing, lambda theme: span_table(theme, rows, one_trace=True))


def _wanted(span: SpanFacts, fold: Fold) -> bool:
    return (span.status == "ERROR" or not fold.errors) and (
        not fold.kinds or span.kind in fold.kinds
    )


def _document(reader: Reader, spans: Sequence[SpanFacts], look: _Look) -> dict[str, Any]:
    from catalyst_sdk.store.queries import transcript, turn_item

    document = FORM.trace(trace_row(spans))
    if look.view == "thread":
        return {
            **document,
            "turns": [turn_item(turn) for turn in transcript(_talks(reader, spans), spans)],
        }
    return {**document, "spans": [FORM.span(span) for span in spans if _wanted(span, look.fold)]}


def _talks(reader: Reader, spans: Sequence[SpanFacts]) -> list[Any]:
    from catalyst_sdk.spans import messages

    wanted = {span.span_id: span for span in spans if span.kind == "LLM"}
    if not wanted:
        return []
    read = reader.trace(spans[0].trace_id)
    return [(wanted[span.span_id], messages(span)) for span in read if span.span_id in wanted]


Draw = Callable[[Theme, "Reader", Sequence[SpanFacts], _Look], list[Text]]
_DRAW: dict[str, Draw] = {
    "summary": lambda theme, _, spans, __: trace_summary(theme, trace_row(spans), spans),
    "tree": lambda theme, _, spans, look: tree(theme, spans, look.fold),
    "timeline": lambda theme, _, spans, look: timeline(theme, spans, look.fold),
    "thread": lambda theme, reader, spans, look: thread(
        theme, _talks(reader, spans), spans, full=look.full
    ),
}


def _end(output: Output, spans: Sequence[SpanFacts], look: _Look, files: Sequence[str]) -> None:
    trace = short_id(spans[0].trace_id)
    failed = min(
        (span for span in spans if span.status == "ERROR"),
        key=lambda span: span.end_ns or span.start_ns,
        default=None,
    )
    if failed is not None:
        reason = f"{failed.name}  {failed.error_message or failed.error_type}"
        span = failed.span_id[: short_length(span.span_id for span in spans)]
        command = f"catalyst span get {trace} {span} --view io"
        output.hint([reason], command + file_flags(files))
        return
    length = max(span.end_ns for span in spans) - min(span.start_ns for span in spans)
    following = "thread" if look.view != "thread" else "timeline"
    output.hint(
        [plural(len(spans), "span"), duration(max(length, 0))],
        f"catalyst trace get {trace} --view {following}{file_flags(files)}",
    )
