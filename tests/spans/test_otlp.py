"""The same spans of a real OpenTelemetry SDK through each of its formats."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanKind, Status, StatusCode, Tracer

from catalyst_sdk.errors import BadInput, BadLine
from catalyst_sdk.spans import Span, format_of, read_spans

RESOURCE = {"service.name": "shop", "process.pid": 12}
BIG = 2**62 + 1


@pytest.fixture(scope="module")
def recorded() -> Sequence[ReadableSpan]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(resource=Resource(RESOURCE), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("my.scope", "1.2")
    with tracer.start_as_current_span("parent", kind=SpanKind.SERVER) as parent:
        link = Link(parent.get_span_context(), {"why": "retry"})
        with pytest.raises(KeyError):
            fail(tracer, link)
        parent.set_status(Status(StatusCode.OK))
    spans = exporter.get_finished_spans()
    provider.shutdown()
    return spans


def fail(tracer: Tracer, link: Link) -> None:
    with tracer.start_as_current_span("child", kind=SpanKind.CLIENT, links=[link]) as child:
        child.set_attributes(
            {"text": "ü", "whole": BIG, "real": 0.5, "yes": True, "list": ["a", "b"]}
        )
        raise KeyError("user 7")


def read(path: Path) -> tuple[list[Span], list[BadLine]]:
    bad: list[BadLine] = []
    return list(read_spans(path, on_bad_line=bad.append)), bad


def check(spans: list[Span], recorded: Sequence[ReadableSpan]) -> None:
    child, parent = spans
    source = recorded[0]
    assert source.context
    assert source.parent
    assert source.start_time
    assert (child.trace_id, child.span_id) == (
        f"{source.context.trace_id:032x}",
        f"{source.context.span_id:016x}",
    )
    assert child.parent_span_id == parent.span_id == f"{source.parent.span_id:016x}"
    assert parent.parent_span_id == ""
    assert abs(child.start_ns - source.start_time) < 1000
    assert (child.name, child.kind) == ("child", "SPAN_KIND_CLIENT")
    assert (child.status_code, parent.status_code) == ("ERROR", "OK")
    assert child.status_message == "KeyError: 'user 7'"
    assert child.attributes == {
        "text": "ü",
        "whole": BIG,
        "real": 0.5,
        "yes": True,
        "list": ["a", "b"],
    }
    assert RESOURCE.items() <= child.resource.items()
    assert (child.scope_name, child.scope_version) in (("my.scope", "1.2"), ("", ""))
    (event,) = child.events
    assert event.name == "exception"
    assert event.attributes["exception.type"] == "KeyError"
    assert child.links[0].span_id == parent.span_id
    assert child.links[0].attributes == {"why": "retry"}


def document(recorded: Sequence[ReadableSpan], *, snake: bool = False) -> dict[str, Any]:
    return MessageToDict(encode_spans(recorded), preserving_proto_field_name=snake)


def with_hex_ids(node: Any) -> Any:
    if isinstance(node, list):
        return [with_hex_ids(item) for item in node]
    if not isinstance(node, dict):
        return node
    ids = ("traceId", "spanId", "parentSpanId")
    return {
        key: base64.b64decode(value).hex() if key in ids else with_hex_ids(value)
        for key, value in node.items()
    }


def with_numbers(node: Any) -> Any:
    """Enums and 64-bit integers as numbers, as some exporters write them."""
    kinds = {"SPAN_KIND_SERVER": 2, "SPAN_KIND_CLIENT": 3}
    codes = {"STATUS_CODE_OK": 1, "STATUS_CODE_ERROR": 2}
    if isinstance(node, list):
        return [with_numbers(item) for item in node]
    if not isinstance(node, dict):
        return node
    found = {key: with_numbers(value) for key, value in node.items()}
    for key, value in found.items():
        if key == "kind":
            found[key] = kinds[value]
        elif key == "code":
            found[key] = codes[value]
        elif key == "intValue" or key.endswith("UnixNano"):
            found[key] = int(value)
    return found


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("spelling", ["base64", "hex", "snake", "numbers"])
def test_otlp_json_is_read_in_every_spelling(
    spelling: str, indent: int | None, recorded: Sequence[ReadableSpan], tmp_path: Path
) -> None:
    written = document(recorded, snake=spelling == "snake")
    if spelling in ("hex", "numbers"):
        written = with_hex_ids(written)
    if spelling == "numbers":
        written = with_numbers(written)
    path = tmp_path / "otlp.json"
    path.write_text(json.dumps(written, indent=indent))
    spans, bad = read(path)
    assert not bad
    check(spans, recorded)
    assert format_of(path.read_bytes()) == "otlp-json"


def test_the_collectors_json_lines_are_read_past_a_broken_one(
    recorded: Sequence[ReadableSpan], tmp_path: Path
) -> None:
    lines = [json.dumps(document([span])) for span in recorded]
    path = tmp_path / "collector.jsonl"
    path.write_text("\n".join([lines[0], '{"resourceSpans": [{', lines[1], ""]))
    spans, bad = read(path)
    check(spans, recorded)
    assert [(line.line, line.reason) for line in bad] == [(2, "not JSON (cut off)")]


def test_a_span_without_ids_in_a_document_costs_only_itself(
    recorded: Sequence[ReadableSpan], tmp_path: Path
) -> None:
    written = document(recorded)
    written["resourceSpans"][0]["scopeSpans"][0]["spans"].insert(0, {"name": "anonymous"})
    path = tmp_path / "otlp.json"
    path.write_text(json.dumps(written))
    spans, bad = read(path)
    check(spans, recorded)
    assert [line.reason for line in bad] == ["no trace_id"]


@pytest.mark.parametrize("framing", ["bare", "collector", "varint"])
def test_otlp_protobuf_is_read_in_every_framing(
    framing: str, recorded: Sequence[ReadableSpan], tmp_path: Path
) -> None:
    if framing == "bare":
        data = encode_spans(recorded).SerializeToString()
    else:
        pieces = [encode_spans([span]).SerializeToString() for span in recorded]
        data = b"".join(
            (len(p).to_bytes(4, "big") if framing == "collector" else varint(len(p))) + p
            for p in pieces
        )
    path = tmp_path / "traces.pb"
    path.write_bytes(data)
    assert format_of(data) == "otlp-protobuf"
    check(read(path)[0], recorded)
    path.write_bytes(gzip.compress(data))
    check(read(path)[0], recorded)


def varint(number: int) -> bytes:
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + varint(rest) if rest else bytes([low])


def test_protobuf_that_is_cut_off_is_refused(
    recorded: Sequence[ReadableSpan], tmp_path: Path
) -> None:
    path = tmp_path / "cut.pb"
    path.write_bytes(encode_spans(recorded).SerializeToString()[:-20])
    with pytest.raises(BadInput, match=r"cut\.pb"):
        read(path)


def test_what_the_console_exporter_prints_is_read(
    recorded: Sequence[ReadableSpan], tmp_path: Path
) -> None:
    path = tmp_path / "console.txt"
    for indent in (4, None):
        path.write_text("\n".join(span.to_json(indent=indent or 0) for span in recorded) + "\n")
        spans, bad = read(path)
        assert not bad
        check(spans, recorded)
    assert format_of(path.read_bytes()) == "otel-console"


def test_every_kind_of_otlp_value_has_a_plain_form(tmp_path: Path) -> None:
    values = {
        "text": {"stringValue": "x"},
        "whole": {"intValue": "9007199254740993"},
        "odd": {"intValue": "many"},
        "real": {"doubleValue": 0.5},
        "infinite": {"doubleValue": "Infinity"},
        "yes": {"bool_value": True},
        "list": {"arrayValue": {"values": [{"intValue": 1}, {"stringValue": "b"}]}},
        "map": {"kvlistValue": {"values": [{"key": "k", "value": {"stringValue": "v"}}]}},
        "bytes": {"bytesValue": "AAE="},
        "nothing": {},
    }
    span = {
        "traceId": "0af7651916cd43dd8448eb211c80319c",
        "spanId": "b7ad6b7169203331",
        "startTimeUnixNano": 1,
        "attributes": [{"key": key, "value": value} for key, value in values.items()],
    }
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}))
    (found,), _ = read(path)
    assert found.attributes == {
        "text": "x",
        "whole": 9007199254740993,
        "odd": "many",
        "real": 0.5,
        "infinite": float("inf"),
        "yes": True,
        "list": [1, "b"],
        "map": {"k": "v"},
        "bytes": "AAE=",
    }
