"""One span as one line of JSON: the JSONL contract, written and read."""

from __future__ import annotations

from typing import Any

import msgspec

from catalyst_sdk.errors import BadInput
from catalyst_sdk.spans._json import Json, json_text
from catalyst_sdk.spans._shape import projections, without_projections
from catalyst_sdk.spans._span import AttributeMap, Event, Link, Span
from catalyst_sdk.spans._time import format_time, parse_time


class StatusLine(msgspec.Struct):
    """The `status` object of a line."""

    code: str | int | None = "UNSET"
    message: str | None = ""


class ResourceLine(msgspec.Struct):
    """The `resource` object of a line."""

    attributes: dict[str, Any] | None = None


class ScopeLine(msgspec.Struct):
    """The `scope` object of a line."""

    name: str | None = ""
    version: str | None = ""


class EventLine(msgspec.Struct):
    """One of the `events` of a line."""

    name: str = ""
    time: str | int | float | None = None
    attributes: dict[str, Any] | None = None


class LinkLine(msgspec.Struct):
    """One of the `links` of a line."""

    trace_id: str
    span_id: str
    attributes: dict[str, Any] | None = None


class SpanLine(msgspec.Struct):
    """A line as written, before its values are normalised."""

    trace_id: str
    span_id: str
    start_time: str | int | float
    attributes: dict[str, Any]
    parent_span_id: str | None = ""
    trace_state: str | None = ""
    name: str | None = ""
    kind: str | int | None = "SPAN_KIND_INTERNAL"
    end_time: str | int | float | None = None
    status: StatusLine | None = None
    resource: ResourceLine | None = None
    scope: ScopeLine | None = None
    events: list[EventLine] | None = None
    links: list[LinkLine] | None = None


_SPAN_KINDS = (
    "SPAN_KIND_UNSPECIFIED",
    "SPAN_KIND_INTERNAL",
    "SPAN_KIND_SERVER",
    "SPAN_KIND_CLIENT",
    "SPAN_KIND_PRODUCER",
    "SPAN_KIND_CONSUMER",
)
_STATUS_CODES = ("UNSET", "OK", "ERROR")
_KIND_NAMES: dict[object, str] = {
    **dict(enumerate(_SPAN_KINDS)),
    **{str(number): kind for number, kind in enumerate(_SPAN_KINDS)},
    **{kind: kind for kind in _SPAN_KINDS},
    **{kind.removeprefix("SPAN_KIND_"): kind for kind in _SPAN_KINDS},
    None: "SPAN_KIND_INTERNAL",
    "": "SPAN_KIND_INTERNAL",
}
_STATUS_NAMES: dict[object, str] = {
    **dict(enumerate(_STATUS_CODES)),
    **{str(number): code for number, code in enumerate(_STATUS_CODES)},
    **{code: code for code in _STATUS_CODES},
    **{"STATUS_CODE_" + code: code for code in _STATUS_CODES},
    "SUCCESS": "OK",
}

_NOT_A_SPAN = "not a span"
_encoder = msgspec.json.Encoder(enc_hook=str)
line_decoder = msgspec.json.Decoder(SpanLine)


def span_kind(value: object) -> str:
    """Name an OTel span kind given as a name, a short name or a number."""
    known = _KIND_NAMES.get(value) if isinstance(value, (str, int, type(None))) else None
    if known is not None:
        return known
    text = str(value)
    return _KIND_NAMES.get(text.upper().rpartition(".")[2], text)


def status_code(value: object) -> str:
    """Reduce a status code (a name, an enum's name, a number) to `UNSET`, `OK` or `ERROR`."""
    known = _STATUS_NAMES.get(value) if isinstance(value, (str, int)) else None
    if known is not None:
        return known
    return _STATUS_NAMES.get(str(value).upper().rpartition(".")[2], "UNSET")


def encode_span(span: Span) -> bytes:
    """Write a span as one line of JSON with its newline; what has no JSON form becomes text."""
    document = _document(span)
    try:
        return _encoder.encode(document) + b"\n"
    except (UnicodeEncodeError, OverflowError, TypeError, ValueError, RecursionError):
        return _encoder.encode(_plain(document)) + b"\n"


def decode_span(line: bytes) -> Span:
    """Read a line that `encode_span` (or halo-engine) wrote; raises BadInput with the reason."""
    try:
        return span_of_line(line_decoder.decode(line))
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise BadInput(line_reason(line, error)) from None


def span_of_line(line: SpanLine) -> Span:
    """Normalise a decoded line; raises ValueError when an id or a time cannot be one."""
    if not line.trace_id or not line.span_id:
        raise ValueError("no trace_id" if not line.trace_id else "no span_id")
    status = line.status or StatusLine()
    scope = line.scope or ScopeLine()
    resource = dict_without_none(line.resource.attributes) if line.resource else {}
    return Span(
        trace_id=line.trace_id.lower(),
        span_id=line.span_id.lower(),
        parent_span_id=(line.parent_span_id or "").lower(),
        trace_state=line.trace_state or "",
        name=line.name or "",
        kind=span_kind(line.kind),
        start_ns=parse_time(line.start_time),
        end_ns=parse_time(line.end_time),
        status_code=status_code(status.code),
        status_message=status.message or "",
        resource=resource,
        scope_name=scope.name or "",
        scope_version=scope.version or "",
        attributes=without_projections(dict_without_none(line.attributes), resource),
        events=tuple(_event(e) for e in line.events) if line.events else (),
        links=tuple(_link(k) for k in line.links) if line.links else (),
    )


def line_reason(line: bytes, error: Exception) -> str:
    """Say in a few words why a line is not a span."""
    try:
        document: Json = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        text = line.strip()
        cut = text[:1] == b"{" and text[-1:] != b"}"
        return "not JSON (cut off)" if cut else "not JSON"
    except RecursionError:
        return "nested too deeply"
    reason = object_reason(document)
    return reason if reason != _NOT_A_SPAN else str(error)


def object_reason(document: Json) -> str:
    """Say what a JSON value lacks to be a span."""
    if not isinstance(document, dict):
        return "not an object"
    for field in ("trace_id", "span_id", "start_time"):
        if not document.get(field):
            return f"no {field}"
    return _NOT_A_SPAN


def dict_without_none(attributes: dict[str, Any] | None) -> AttributeMap:
    """Drop the attributes that are null: an absent value has no key."""
    if not attributes:
        return {}
    if None in attributes.values():
        return {key: value for key, value in attributes.items() if value is not None}
    return attributes


def _document(span: Span) -> dict[str, Any]:
    added = projections(span.attributes, span.resource)
    for key in span.attributes.keys() & added.keys():
        del added[key]
    document: dict[str, Any] = {
        "trace_id": span.trace_id,
        "span_id": span.span_id,
        "parent_span_id": span.parent_span_id,
        "trace_state": span.trace_state,
        "name": span.name,
        "kind": span.kind,
        "start_time": format_time(span.start_ns) or "1970-01-01T00:00:00.000000000Z",
        "end_time": format_time(span.end_ns),
        "status": {"code": "STATUS_CODE_" + span.status_code, "message": span.status_message},
        "resource": {"attributes": span.resource},
        "scope": {"name": span.scope_name, "version": span.scope_version},
        "attributes": {**span.attributes, **added} if added else span.attributes,
    }
    if span.events:
        document["events"] = [
            {"name": e.name, "time": format_time(e.time_ns), "attributes": e.attributes}
            for e in span.events
        ]
    if span.links:
        document["links"] = span.links
    return document


def _event(line: EventLine) -> Event:
    return Event(
        name=line.name,
        time_ns=parse_time(line.time),
        attributes=dict_without_none(line.attributes),
    )


def _link(line: LinkLine) -> Link:
    return Link(
        trace_id=line.trace_id.lower(),
        span_id=line.span_id.lower(),
        attributes=dict_without_none(line.attributes),
    )


def _plain(value: Json | tuple[Json, ...] | msgspec.Struct, depth: int = 0) -> Json:
    """Replace what JSON cannot hold: lone surrogates, huge integers, odd keys, endless nesting."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8", "replace")
    if isinstance(value, int) and not isinstance(value, bool):
        return value if -(1 << 63) <= value < 1 << 64 else str(value)
    if depth > 100:
        return "…"
    if isinstance(value, dict):
        return {json_text(_plain(str(k))): _plain(v, depth + 1) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v, depth + 1) for v in value]
    if isinstance(value, msgspec.Struct):
        return _plain(msgspec.structs.asdict(value), depth + 1)
    return value
