"""Traces and spans."""

from __future__ import annotations

import msgspec
from starlette.responses import Response

from catalyst_sdk import client as api
from catalyst_sdk.server.api import _forms
from catalyst_sdk.server.api._endpoint import SELECTION, Call, Endpoint, Parameter, paging
from catalyst_sdk.store import queries
from catalyst_sdk.store.queries import SPAN_SORTS, TRACE_SORTS

LINES = "application/x-ndjson"


def _list(call: Call) -> api.Listed[api.TraceItem]:
    return list_traces(call, call.selection())


def list_traces(call: Call, selection: queries.Selection) -> api.Listed[api.TraceItem]:
    """Answer a page of traces."""
    source = call.source
    page = queries.list_traces(source, selection, **call.page())
    failed = queries.first_errors(source, page.items)
    items = [_forms.trace_item(row, failed) for row in page.items]
    return api.Listed(items, page.next_cursor)


def _count(call: Call) -> queries.Counted:
    return queries.count_traces(call.source, call.selection())


def _get(call: Call) -> api.TraceDetail:
    source = call.source
    trace = source.complete(call.path("trace"))
    row = queries.trace_row(source, trace)
    return api.TraceDetail(
        trace=_forms.trace_item(row, queries.first_errors(source, [row])),
        spans=[_forms.span_item(span) for span in queries.trace_spans(source, trace)],
    )


def _tree(call: Call) -> Response | bytes:
    source = call.source
    trace = source.complete(call.path("trace"))
    version = source.version(trace)
    tag = f'"{trace[:8]}-{version:x}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    known = call.number("after", 0, 1 << 63)
    if tag in call.request.headers.get("if-none-match", "") or (known and version <= known):
        return Response(status_code=304, headers=headers)
    tree = msgspec.structs.asdict(queries.trace_tree(source, trace))
    body = msgspec.json.encode({**tree, "version": version})
    return Response(body, media_type="application/json", headers=headers)


def _raw(call: Call) -> Response:
    return Response(b"".join(call.source.raw(call.path("trace"))), media_type=LINES)


def _spans(call: Call) -> api.Listed[api.SpanItem]:
    source = call.source
    trace = call.text("trace_id")
    page = queries.list_spans(
        source, call.selection(), trace_id=source.complete(trace) if trace else None, **call.page()
    )
    return api.Listed([_forms.span_item(row) for row in page.items], page.next_cursor)


def _count_spans(call: Call) -> queries.Counted:
    source = call.source
    trace = call.text("trace_id")
    return queries.count_spans(
        source, call.selection(), trace_id=source.complete(trace) if trace else None
    )


def _span(call: Call) -> api.SpanDetail:
    return _forms.span_detail(call.source.span(call.path("trace"), call.path("span")))


def _raw_span(call: Call) -> Response:
    lines = call.source.raw(call.path("trace"), call.path("span"))
    return Response(b"".join(lines), media_type=LINES)


def _io(call: Call) -> queries.Payload:
    return queries.span_io(
        call.source,
        call.path("trace"),
        call.path("span"),
        call.text("part"),
        offset=call.number("offset", 0, 1 << 40),
        length=call.number("length", 1, 1 << 22),
        media=call.flag("media"),
    )


_TRACE_PAGE = paging(tuple(TRACE_SORTS), "start_time")
_SPAN_PAGE = paging(tuple(SPAN_SORTS), "start_time")
_OF_TRACE = Parameter("trace_id", "Only spans of this trace; a prefix will do.")

ENDPOINTS = (
    Endpoint(
        "GET",
        "/traces",
        _list,
        "List traces, newest first.",
        api.Listed[api.TraceItem],
        SELECTION + _TRACE_PAGE,
    ),
    Endpoint(
        "GET", "/traces/count", _count, "Count traces, at most 10,000.", api.Counted, SELECTION
    ),
    Endpoint("GET", "/traces/{trace}", _get, "One trace and its spans.", api.TraceDetail),
    Endpoint(
        "GET",
        "/traces/{trace}/tree",
        _tree,
        "One trace as columns. 304 by ETag, or when no span came after a version.",
        api.Tree,
        (Parameter("after", "The `version` of a tree already at hand.", "integer", 0),),
    ),
    Endpoint(
        "GET", "/traces/{trace}/raw", _raw, "The stored lines of a trace.", bytes, media=LINES
    ),
    Endpoint(
        "GET",
        "/spans",
        _spans,
        "List spans, newest first.",
        api.Listed[api.SpanItem],
        (*SELECTION, _OF_TRACE, *_SPAN_PAGE),
    ),
    Endpoint(
        "GET",
        "/spans/count",
        _count_spans,
        "Count spans, at most 10,000.",
        api.Counted,
        (*SELECTION, _OF_TRACE),
    ),
    Endpoint("GET", "/spans/{trace}/{span}", _span, "One span, whole.", api.SpanDetail),
    Endpoint("GET", "/spans/{trace}/{span}/raw", _raw_span, "The stored line.", bytes, media=LINES),
    Endpoint(
        "GET",
        "/spans/{trace}/{span}/io",
        _io,
        "A piece of a span's input or output.",
        api.Payload,
        (
            Parameter("part", "Which.", default="input", choices=("input", "output")),
            Parameter("offset", "Where to begin, in characters.", "integer", 0),
            Parameter("length", "How many characters.", "integer", queries.PIECE),
            Parameter("media", "Keep embedded base64 media.", "boolean", False),
        ),
    ),
)
