"""`catalyst span get`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import click
import msgspec
from rich.text import Text

from catalyst_sdk.cli._data import file_flags, open_reader
from catalyst_sdk.cli._format import short_id
from catalyst_sdk.cli._grammar import Command, OneOf, option
from catalyst_sdk.cli._items import FORM, SPAN_FIELDS
from catalyst_sdk.cli._options import output_options, source_options
from catalyst_sdk.cli._output import Output, current_output, to_file
from catalyst_sdk.cli.views import _span
from catalyst_sdk.spans import Span, SpanFacts

VIEWS = ("summary", "io", "attributes", "events", "links", "raw")


@click.command(
    "get",
    cls=Command,
    example="catalyst span get 79194633 2557c74c --view io --part output | jq .",
)
@click.argument("trace_id", metavar="TRACE")
@click.argument("span_id", metavar="SPAN")
@source_options
@option("--view", type=OneOf("view", VIEWS), default=None, help="What to look at. [summary]")
@option("--part", type=OneOf("part", ("input", "output")), help="This value alone, as it is.")
@option("--full", is_flag=True, help="Whole messages and values.")
@option("-o", "--output", "path", metavar="FILE", help="Write to a file.")
@output_options
def span_get(
    trace_id: str,
    span_id: str,
    files: Sequence[str],
    view: str | None,
    part: str | None,
    full: bool,
    path: str | None,
) -> None:
    """Show one span; the first six digits of the ids will do."""
    from catalyst_sdk.spans import facts

    output = current_output(os.environ)
    output.check_fields(SPAN_FIELDS)
    target = to_file(output, path) if path else output
    with open_reader(files, output) as reader:
        span = reader.span(trace_id, span_id)
        if view == "raw":
            target.stored(reader.raw(span.trace_id, span.span_id))
        elif part is not None:
            target.value(payloads(span)[part])
        elif target.mode != "human" or (view == "io" and not target.screen.tty):
            _show_data(target, span, facts(span), view)
        else:
            target.lines(_drawn(target, span, facts(span), view or "summary", full=full))
    if path:
        output.note(f"wrote {path}")
    elif part is None and view != "raw":
        trace = short_id(span.trace_id)
        following = f"catalyst trace get {trace} --span {span.span_id} --view tree"
        if view in (None, "summary"):
            following = f"catalyst span get {trace} {span.span_id} --view io"
        output.hint([], following + file_flags(files))


def payloads(span: Span) -> dict[str, str]:
    """Give input and output as they were recorded, by any dialect, "" when absent."""
    from catalyst_sdk.spans import input_text, output_text

    return {"input": input_text(span), "output": output_text(span)}


def _show_data(output: Output, span: Span, facts: SpanFacts, view: str | None) -> None:
    document = _document(span, facts, view)
    if output.mode == "ids":
        output.write(f"{span.trace_id}\t{span.span_id}\n")
        return
    if output.fields:
        document = {field: document[field] for field in output.fields}
    output.document(document)


def _document(span: Span, facts: SpanFacts, view: str | None) -> dict[str, Any]:
    whole = msgspec.to_builtins(span)
    views: dict[str, Any] = {
        "io": {part: _opened(text) for part, text in payloads(span).items()},
        "attributes": {"attributes": span.attributes, "resource": span.resource},
        "events": {"events": whole["events"]},
        "links": {"links": whole["links"]},
    }
    return views[view] if view in views else {**FORM.span(facts), **payloads(span)}


def _opened(text: str) -> Any:
    """Give a JSON object or list as such, so that jq can go on; other text stays text."""
    if text.lstrip()[:1] not in ("{", "["):
        return text
    try:
        return msgspec.json.decode(text)
    except msgspec.MsgspecError:
        return text


def _drawn(output: Output, span: Span, facts: SpanFacts, view: str, *, full: bool) -> list[Text]:
    from catalyst_sdk.spans import messages

    theme = output.theme
    if view == "attributes":
        return _span.span_attributes(theme, span, full=full)
    if view == "events":
        return _span.span_events(theme, span)
    if view == "links":
        return _span.span_links(theme, span.links)
    body = _span.span_io(theme, facts, messages(span), payloads(span), full=full or view == "io")
    if view == "io":
        return body[1:]
    events = [Text(), *_span.span_events(theme, span)] if span.events else []
    return [*_span.span_header(theme, facts), *body, *events]
