"""What holds for every span and every input, however strange."""

from __future__ import annotations

import io
import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalyst_sdk.errors import BadInput, BadLine
from catalyst_sdk.spans import (
    Event,
    Link,
    Span,
    decode_span,
    encode_span,
    facts,
    messages,
    scan_facts,
    spans_of_stream,
)
from catalyst_sdk.spans._concepts import CONCEPTS, FAMILIES, KINDS

_hex = "0123456789abcdef"
_scalars = (
    st.text()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
)
_values = _scalars | st.lists(st.text()) | st.lists(st.integers(-(2**63), 2**63 - 1))
_attributes = st.dictionaries(
    st.text().filter(lambda key: not key.startswith("inference.")), _values, max_size=8
)
_times = st.integers(0, 2**63 - 1)
_spans = st.builds(
    Span,
    trace_id=st.text(_hex, min_size=32, max_size=32),
    span_id=st.text(_hex, min_size=16, max_size=16) | st.text(_hex, min_size=24, max_size=24),
    parent_span_id=st.just("") | st.text(_hex, min_size=16, max_size=16),
    trace_state=st.text(),
    name=st.text(),
    kind=st.sampled_from(["SPAN_KIND_INTERNAL", "SPAN_KIND_CLIENT", "SPAN_KIND_SERVER"]),
    start_ns=_times,
    end_ns=_times,
    status_code=st.sampled_from(["UNSET", "OK", "ERROR"]),
    status_message=st.text(),
    resource=_attributes,
    scope_name=st.text(),
    scope_version=st.text(),
    attributes=_attributes,
    events=st.lists(
        st.builds(Event, name=st.text(), time_ns=_times, attributes=_attributes), max_size=3
    ).map(tuple),
    links=st.lists(
        st.builds(
            Link,
            trace_id=st.text(_hex, min_size=32, max_size=32),
            span_id=st.text(_hex, min_size=16, max_size=16),
            attributes=_attributes,
        ),
        max_size=2,
    ).map(tuple),
)

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
_words = st.sampled_from(
    [
        *("role", "content", "parts", "type", "text", "message", "messages", "kind", "kwargs"),
        *("tool_calls", "function", "name", "arguments", "id", "input", "output", "choices"),
        *("system", "tools", "error", "errors", "success", "status", "code", "user", "tool"),
        *("assistant", "tool_use", "tool_result", "image", "request", "part_kind", "properties"),
        *("required", "enum", "anyOf", "$ref", "#/", "parameters", "documents", "score", "lc"),
        *("finishReason", "response_metadata", "args", "summary", "source", "url", "data:x"),
    ]
)
_payload = st.recursive(
    st.none() | st.booleans() | st.integers() | _words | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_words, inner, max_size=5),
    max_leaves=25,
)
_known_names = st.sampled_from(
    sorted(
        {key for keys in CONCEPTS.values() for key in keys}
        | set(KINDS)
        | {"events", "int.llm.token_count.prompt"}
        | {f"{prefix}{path}" for prefix in FAMILIES for path in ("0", "0.message.role", "1.a.0.b")}
    )
)
_known_values = (
    st.sampled_from(["LLM", "TOOL", "AGENT", "RETRIEVER", "chat", "execute_tool", "generation"])
    | _payload.map(json.dumps)
    | _payload
    | _scalars
)
_odd_attributes = st.dictionaries(_known_names, _known_values, max_size=10)


@given(_spans)
def test_decoding_a_line_gives_back_the_span_that_was_encoded(span: Span) -> None:
    line = encode_span(span)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert decode_span(line) == span


@given(st.dictionaries(_known_names | st.text(), _values, max_size=8))
def test_reading_drops_only_what_the_other_attributes_imply(attributes: dict[str, object]) -> None:
    span = Span(trace_id="a", span_id="b", start_ns=1, attributes=attributes)
    read = decode_span(encode_span(span))
    lost = span.attributes.keys() - read.attributes.keys()
    assert all(name.startswith("inference.") for name in lost)
    assert decode_span(encode_span(read)) == read
    assert facts(read) == facts(span)


@given(_odd_attributes, st.sampled_from(["UNSET", "OK", "ERROR"]))
@settings(max_examples=400)
def test_any_value_under_any_known_name_gives_facts_and_messages(
    attributes: dict[str, object], status: str
) -> None:
    span = Span(
        trace_id="a", span_id="b", start_ns=1, end_ns=2, status_code=status, attributes=attributes
    )
    row = facts(span)
    assert msgspec.convert(msgspec.to_builtins(row), type(row)) == row
    assert all(len(text) <= 240 for text in (row.input_preview, row.output_preview))
    assert "\n" not in row.input_preview + row.output_preview
    assert 0 <= row.input_hash < 2**64
    messages(span)


@given(_odd_attributes | _attributes)
@settings(max_examples=300)
def test_scanning_a_line_gives_the_facts_of_the_span_read_from_it(
    attributes: dict[str, object],
) -> None:
    span = Span(trace_id="ab", span_id="cd", name="x", start_ns=5, end_ns=9, attributes=attributes)
    line = encode_span(span)
    (row,) = scan_facts(io.BytesIO(line))
    row.line_length = 0
    assert row == facts(decode_span(line))


@given(st.binary() | st.lists(st.binary()).map(b"\n".join))
@settings(max_examples=300)
def test_random_bytes_are_bad_lines_and_nothing_worse(data: bytes) -> None:
    read_all(data)


@given(st.lists(_json | _payload, max_size=4), st.sampled_from([None, 2]))
def test_json_that_is_no_span_is_bad_lines_and_nothing_worse(
    documents: list[object], indent: int | None
) -> None:
    data = "\n".join(json.dumps(document, indent=indent) for document in documents)
    spans, _ = read_all(data.encode())
    assert not spans


@given(
    st.fixed_dictionaries(
        {"trace_id": _json, "span_id": _json, "start_time": _json},
        optional=dict.fromkeys(
            (
                *("name", "kind", "end_time", "status", "resource", "scope", "attributes"),
                *("events", "links", "context", "resourceSpans", "parent_span_id"),
            ),
            _json | _payload,
        ),
    )
)
@settings(max_examples=300)
def test_a_span_with_odd_fields_is_read_or_reported(document: dict[str, object]) -> None:
    read_all(json.dumps(document).encode())


@given(st.integers(0, 300), _spans, _spans)
def test_a_torn_line_costs_only_itself(cut: int, first: Span, second: Span) -> None:
    whole, torn = encode_span(first), encode_span(second)
    torn = torn[: min(cut, len(torn) - 2)]
    spans, bad = read_all(whole + torn + b"\n" + whole)
    assert spans == [first, first]
    assert len(bad) == (1 if torn.strip() else 0)
    assert all(line.line == 2 for line in bad)


def read_all(data: bytes) -> tuple[list[Span], list[BadLine]]:
    """Read in both ways; what cannot be read may only be told, never raised as anything else."""
    bad: list[BadLine] = []
    spans: list[Span] = []
    try:
        spans.extend(spans_of_stream(io.BytesIO(data), "x", bad.append))
    except BadInput:
        assert not spans
    for span in spans:
        facts(span)
        encode_span(span)
    list(scan_facts(io.BytesIO(data), on_bad_line=bad.append if not bad else None))
    return spans, [line for line in bad if line.source == "x"]


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), "\ud800", 2**70, b"\x00", {"a": {1: "\udfff"}}, object()],
)
def test_what_json_cannot_hold_never_stops_a_span_from_being_written(value: object) -> None:
    span = Span(trace_id="a", span_id="b", start_ns=1, attributes={"odd": value, "kept": "yes"})
    assert decode_span(encode_span(span)).attributes["kept"] == "yes"
