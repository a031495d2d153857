from __future__ import annotations

import json
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import (
    Link,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    TraceState,
)

from catalyst_sdk import semconv, spans
from catalyst_sdk.export._line import SCHEMA_VERSION, LineEncoder

CONTEXT = SpanContext(
    0x1234567890ABCDEF1234567890ABCDEF,
    0x00000000000000FF,
    is_remote=False,
    trace_flags=TraceFlags(1),
    trace_state=TraceState([("vendor", "a")]),
)
PARENT = SpanContext(CONTEXT.trace_id, 0xAB, is_remote=True, trace_flags=TraceFlags(1))


def llm_span(**changes: Any) -> ReadableSpan:
    fields: dict[str, Any] = {
        "name": "chat gpt-5",
        "context": CONTEXT,
        "parent": PARENT,
        "resource": Resource({"service.name": "shop"}, None),
        "kind": SpanKind.CLIENT,
        "attributes": {
            semconv.SPAN_KIND: "LLM",
            semconv.AGENT_ID: "refund",
            semconv.AGENT_NAME: "Refund",
            semconv.LLM_MODEL_NAME: "gpt-5",
            semconv.LLM_TOKENS_PROMPT: 317,
            semconv.LLM_TOKENS_COMPLETION: 20,
            semconv.LLM_INPUT_MESSAGES: '[{"role":"user","content":"hé"}]',
        },
        "events": [Event("exception", {"exception.type": "ValueError"}, 1_700_000_000_000_000_001)],
        "links": [Link(PARENT, {"why": "retry"})],
        "status": Status(StatusCode.ERROR, "rate limited"),
        "start_time": 1_700_000_000_000_000_000,
        "end_time": 1_700_000_001_500_000_007,
        "instrumentation_scope": InstrumentationScope("catalyst_sdk", "1.0"),
        **changes,
    }
    return ReadableSpan(**fields)


def as_read(span: ReadableSpan) -> spans.Span:
    """The span as the reading side models it, made by hand: the oracle of the encoder."""
    context, parent, scope = span.context, span.parent, span.instrumentation_scope
    assert context is not None
    assert scope is not None
    return spans.Span(
        trace_id=f"{context.trace_id:032x}",
        span_id=f"{context.span_id:016x}",
        parent_span_id=f"{parent.span_id:016x}" if parent else "",
        trace_state=context.trace_state.to_header(),
        name=span.name,
        kind=f"SPAN_KIND_{span.kind.name}",
        start_ns=span.start_time or 0,
        end_ns=span.end_time or 0,
        status_code=span.status.status_code.name,
        status_message=span.status.description or "",
        resource=dict(span.resource.attributes),
        scope_name=scope.name,
        scope_version=scope.version or "",
        attributes={**dict(span.attributes or {}), SCHEMA_VERSION: 1},
        events=tuple(
            spans.Event(name=e.name, time_ns=e.timestamp, attributes=dict(e.attributes or {}))
            for e in span.events
        ),
        links=tuple(
            spans.Link(
                trace_id=f"{k.context.trace_id:032x}",
                span_id=f"{k.context.span_id:016x}",
                attributes=dict(k.attributes or {}),
            )
            for k in span.links
        ),
    )


def line_of(span: ReadableSpan) -> bytes:
    return LineEncoder().encode([span])


def test_the_line_holds_what_the_contract_names() -> None:
    line = json.loads(line_of(llm_span()))
    assert line["trace_id"] == "1234567890abcdef1234567890abcdef"
    assert line["span_id"] == "00000000000000ff"
    assert line["parent_span_id"] == "00000000000000ab"
    assert line["trace_state"] == "vendor=a"
    assert line["kind"] == "SPAN_KIND_CLIENT"
    assert line["start_time"] == "2023-11-14T22:13:20.000000000Z"
    assert line["end_time"] == "2023-11-14T22:13:21.500000007Z"
    assert line["status"] == {"code": "STATUS_CODE_ERROR", "message": "rate limited"}
    assert line["resource"] == {"attributes": {"service.name": "shop"}}
    assert line["scope"] == {"name": "catalyst_sdk", "version": "1.0"}
    assert line["events"][0]["time"] == "2023-11-14T22:13:20.000000001Z"
    assert line["links"][0]["attributes"] == {"why": "retry"}
    projected = {k: v for k, v in line["attributes"].items() if k.startswith("inference.")}
    assert projected == {
        "inference.export.schema_version": 1,
        "inference.llm.model_name": "gpt-5",
        "inference.llm.input_tokens": 317,
        "inference.llm.output_tokens": 20,
        "inference.agent_name": "Refund",
        "inference.agent_id": "refund",
        "inference.project_id": "shop",
        "inference.observation_kind": "LLM",
    }


def test_a_root_has_an_empty_parent_and_no_empty_lists() -> None:
    line = json.loads(line_of(llm_span(parent=None, events=(), links=())))
    assert line["parent_span_id"] == ""
    assert "events" not in line
    assert "links" not in line


def test_a_project_that_is_told_goes_before_the_service() -> None:
    line = json.loads(LineEncoder(project_id="p-1").encode([llm_span()]))
    assert line["attributes"]["inference.project_id"] == "p-1"


def test_the_two_encoders_write_the_same_line() -> None:
    assert line_of(llm_span()) == spans.encode_span(as_read(llm_span()))


# What OpenTelemetry allows as attributes, and JSON can carry as it is.
names = st.text(min_size=1, max_size=20).filter(lambda name: not name.startswith("inference."))
scalars = (
    st.text(max_size=50)
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
)
attribute_maps = st.dictionaries(names, scalars | st.lists(scalars, max_size=4), max_size=8)
times = st.integers(1, 4_000_000_000_000_000_000)


@given(
    attributes=attribute_maps,
    event_attributes=attribute_maps,
    name=st.text(),
    start=times,
    end=times,
    kind=st.sampled_from(SpanKind),
    said=st.text(max_size=30),
    span_kind=st.sampled_from([*semconv.SPAN_KINDS, ""]),
)
def test_every_span_is_read_back_as_it_was(
    attributes: dict[str, Any],
    event_attributes: dict[str, Any],
    name: str,
    start: int,
    end: int,
    kind: SpanKind,
    said: str,
    span_kind: str,
) -> None:
    span = llm_span(
        name=name,
        attributes={semconv.SPAN_KIND: span_kind, **attributes},
        events=[Event("e", event_attributes, start)],
        kind=kind,
        status=Status(StatusCode.ERROR, said),
        start_time=start,
        end_time=end,
    )
    line = line_of(span)
    assert line.count(b"\n") == 1
    assert line == spans.encode_span(as_read(span))
    assert spans.decode_span(line) == as_read(span)


def test_what_json_cannot_carry_is_mended_and_the_neighbours_kept() -> None:
    odd = llm_span(
        attributes={
            "lone": "a\ud800b",
            "pair": "\ud83d\ude00",
            "nan": float("nan"),
            "long": 2**70,
            "raw": b"\x00\xff",
            "nested": {"deep": ("x", 1)},
        }
    )
    first, second = LineEncoder().encode([odd, llm_span()]).splitlines()
    attributes = json.loads(first)["attributes"]
    assert attributes["lone"] == "a\ufffdb"
    assert attributes["pair"] == "😀"
    assert attributes["nan"] is None
    assert attributes["long"] == str(2**70)
    assert attributes["nested"] == {"deep": ["x", 1]}
    assert json.loads(second)["name"] == "chat gpt-5"
    msgspec.json.decode(first)


def test_endless_nesting_costs_its_depth_not_the_batch() -> None:
    deep: Any = "x"
    for _ in range(5_000):
        deep = [deep]
    first, second = (
        LineEncoder().encode([llm_span(attributes={"d": deep}), llm_span()]).splitlines()
    )
    assert json.loads(first)["name"] == json.loads(second)["name"] == "chat gpt-5"
