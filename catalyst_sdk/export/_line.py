"""A ReadableSpan as one JSONL line (DESIGN § 4), without building a Span in between."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, cast

import msgspec
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import (
    INVALID_SPAN_CONTEXT,
    Link,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
)

from catalyst_sdk import semconv
from catalyst_sdk.export._copy import attributes_of
from catalyst_sdk.export._forks import import_unforked
from catalyst_sdk.export._mend import mended

_KINDS = {kind: f"SPAN_KIND_{kind.name}" for kind in SpanKind}
_PLAIN_STATUS = {code: {"code": f"STATUS_CODE_{code.name}", "message": ""} for code in StatusCode}
_NO_STATUS = _PLAIN_STATUS[StatusCode.UNSET]
_MOST_FRAGMENTS = 256

SCHEMA_VERSION = "inference.export.schema_version"


class _Line(msgspec.Struct, omit_defaults=True):
    """The line's keys, in order; events and links only where there are any."""

    trace_id: str
    span_id: str
    parent_span_id: str
    trace_state: str
    name: str
    kind: str
    start_time: str
    end_time: str
    status: dict[str, str]
    resource: msgspec.Raw
    scope: msgspec.Raw
    attributes: dict[str, Any]
    events: list[dict[str, Any]] = []
    links: list[dict[str, Any]] = []


class _Fragment(NamedTuple):
    """The JSON of a resource or scope, and what it was made from."""

    source: object
    json: msgspec.Raw
    attributes: dict[str, Any]


class LineEncoder:
    """Encodes spans as lines; keeps the JSON of the resources and scopes it has met."""

    def __init__(self, *, project_id: str | None = None) -> None:
        self._project_id = project_id
        self._encoder = msgspec.json.Encoder(enc_hook=_plain)
        self._fragments: dict[int, _Fragment] = {}
        self._clock = _Clock()
        self._projections: Any = None

    def encode(self, spans: Iterable[ReadableSpan]) -> bytes:
        """The lines of *spans*, each ended by a newline."""
        if self._projections is None:  # 30 ms that `init` need not wait for
            self._projections = import_unforked("catalyst_sdk.spans").projections
        lines = [self._line(span) for span in spans]
        try:
            return self._encoder.encode_lines(lines)
        except (UnicodeEncodeError, TypeError, ValueError, RecursionError):
            return b"".join(self._encoder.encode(_mended(line)) + b"\n" for line in lines)

    def _line(self, span: ReadableSpan) -> _Line:
        context = span.context or INVALID_SPAN_CONTEXT
        parent = span.parent
        return _Line(
            f"{context.trace_id:032x}",
            f"{context.span_id:016x}",
            f"{parent.span_id:016x}" if parent is not None else "",
            _trace_state(context),
            span.name,
            _KINDS[span.kind],
            self._clock.format(span.start_time or 0),
            self._clock.format(span.end_time or 0),
            _status(span.status),
            self._resource(span.resource).json,
            self._scope(span.instrumentation_scope).json,
            self._attributes(span),
            [self._event(event) for event in span.events],
            [_link(link) for link in span.links],
        )

    def _attributes(self, span: ReadableSpan) -> dict[str, Any]:
        attributes = attributes_of(span)
        attributes.setdefault(SCHEMA_VERSION, 1)
        if self._project_id is not None:
            attributes.setdefault(semconv.INFERENCE_PROJECT_ID, self._project_id)
        resource = self._resource(span.resource).attributes
        for key, value in self._projections(attributes, resource).items():
            attributes.setdefault(key, value)
        return attributes

    def _event(self, event: Event) -> dict[str, Any]:
        return {
            "name": event.name,
            "time": self._clock.format(event.timestamp),
            "attributes": dict(event.attributes or {}),
        }

    def _resource(self, resource: Resource) -> _Fragment:
        known = self._fragments.get(id(resource))
        if known is not None:
            return known
        attributes = dict(resource.attributes)
        return self._remember(resource, {"attributes": attributes}, attributes)

    def _scope(self, scope: InstrumentationScope | None) -> _Fragment:
        known = self._fragments.get(id(scope))
        if known is not None:
            return known
        name, version = (scope.name, scope.version) if scope is not None else ("", "")
        return self._remember(scope, {"name": name or "", "version": version or ""}, {})

    def _remember(
        self, source: object, document: dict[str, Any], attributes: dict[str, Any]
    ) -> _Fragment:
        # Keyed by identity (hashing a Resource serialises it); holding the source keeps its id.
        if len(self._fragments) >= _MOST_FRAGMENTS:
            self._fragments.clear()
        json = msgspec.Raw(self._encoder.encode(mended(document)))
        fragment = self._fragments[id(source)] = _Fragment(source, json, attributes)
        return fragment


class _Clock:
    """Formats times as ISO-8601 UTC with nanoseconds; remembers the last second's text."""

    def __init__(self) -> None:
        self._second = -1
        self._text = ""

    def format(self, ns: int) -> str:
        """`2026-01-02T03:04:05.000000006Z`; "" for 0, a time that is not known."""
        if not ns:
            return ""
        second, fraction = divmod(ns, 1_000_000_000)
        if second != self._second:
            self._second = second
            self._text = time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(second))
        return f"{self._text}{fraction:09d}Z"


def _trace_state(context: SpanContext) -> str:
    state = context.trace_state
    return state.to_header() if state else ""


def _status(status: Status) -> dict[str, str]:
    if not status.description:
        return _PLAIN_STATUS.get(status.status_code, _NO_STATUS)
    return {"code": f"STATUS_CODE_{status.status_code.name}", "message": status.description}


def _link(link: Link) -> dict[str, Any]:
    return {
        "trace_id": f"{link.context.trace_id:032x}",
        "span_id": f"{link.context.span_id:016x}",
        "attributes": dict(link.attributes or {}),
    }


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(cast("Mapping[Any, Any]", value))
    return str(value)


def _mended(line: _Line) -> _Line:
    return _Line(**{name: mended(getattr(line, name)) for name in line.__struct_fields__})
