"""The JSONL line: its exact form, its relatives, and why a line is not a span."""

from __future__ import annotations

import json
from typing import Any

import pytest
from inline_snapshot import snapshot

from catalyst_sdk.errors import BadInput
from catalyst_sdk.spans import Event, Link, Span, decode_span, encode_span

SPAN = Span(
    trace_id="0af7651916cd43dd8448eb211c80319c",
    span_id="b7ad6b7169203331",
    parent_span_id="00f067aa0ba902b7",
    name="chat gpt-5-mini",
    kind="SPAN_KIND_CLIENT",
    start_ns=1_769_860_800_123_456_789,
    end_ns=1_769_860_801_000_000_000,
    status_code="OK",
    resource={"service.name": "shop"},
    scope_name="catalyst_integrations.openai",
    scope_version="0.1.0",
    attributes={
        "openinference.span.kind": "LLM",
        "llm.model_name": "gpt-5-mini",
        "llm.token_count.prompt": 12,
        "llm.token_count.completion": 3,
        "agent.id": "refund-agent",
        "agent.name": "Refund agent",
        "ratio": 1.0,
        "tags": ["a", "b"],
    },
    events=(Event(name="retry", time_ns=1_769_860_800_500_000_000, attributes={"n": 1}),),
    links=(Link(trace_id="1" * 32, span_id="2" * 16, attributes={"why": "hand-off"}),),
)


def test_a_line_is_the_contract_to_the_letter() -> None:
    assert json.loads(encode_span(SPAN)) == snapshot(
        {
            "trace_id": "0af7651916cd43dd8448eb211c80319c",
            "span_id": "b7ad6b7169203331",
            "parent_span_id": "00f067aa0ba902b7",
            "trace_state": "",
            "name": "chat gpt-5-mini",
            "kind": "SPAN_KIND_CLIENT",
            "start_time": "2026-01-31T12:00:00.123456789Z",
            "end_time": "2026-01-31T12:00:01.000000000Z",
            "status": {"code": "STATUS_CODE_OK", "message": ""},
            "resource": {"attributes": {"service.name": "shop"}},
            "scope": {"name": "catalyst_integrations.openai", "version": "0.1.0"},
            "attributes": {
                "openinference.span.kind": "LLM",
                "llm.model_name": "gpt-5-mini",
                "llm.token_count.prompt": 12,
                "llm.token_count.completion": 3,
                "agent.id": "refund-agent",
                "agent.name": "Refund agent",
                "ratio": 1.0,
                "tags": ["a", "b"],
                "inference.llm.model_name": "gpt-5-mini",
                "inference.llm.input_tokens": 12,
                "inference.llm.output_tokens": 3,
                "inference.agent_name": "Refund agent",
                "inference.agent_id": "refund-agent",
                "inference.project_id": "shop",
                "inference.observation_kind": "LLM",
            },
            "events": [
                {"name": "retry", "time": "2026-01-31T12:00:00.500000000Z", "attributes": {"n": 1}}
            ],
            "links": [
                {
                    "trace_id": "11111111111111111111111111111111",
                    "span_id": "2222222222222222",
                    "attributes": {"why": "hand-off"},
                }
            ],
        }
    )


def test_keys_come_in_the_order_a_person_reads_them() -> None:
    assert list(json.loads(encode_span(SPAN))) == snapshot(
        [
            "trace_id",
            "span_id",
            "parent_span_id",
            "trace_state",
            "name",
            "kind",
            "start_time",
            "end_time",
            "status",
            "resource",
            "scope",
            "attributes",
            "events",
            "links",
        ]
    )


def test_a_root_that_never_ended_has_empty_parent_and_end() -> None:
    line = json.loads(encode_span(Span(trace_id="a" * 32, span_id="b" * 16, start_ns=1)))
    assert (line["parent_span_id"], line["end_time"]) == ("", "")
    assert (line["start_time"], line["status"]["code"]) == (
        "1970-01-01T00:00:00.000000001Z",
        "STATUS_CODE_UNSET",
    )
    assert "events" not in line
    assert "links" not in line


def test_projections_never_overwrite_what_the_span_says() -> None:
    span = Span(
        trace_id="a",
        span_id="b",
        start_ns=1,
        attributes={"llm.model_name": "m", "inference.llm.model_name": "other"},
    )
    assert json.loads(encode_span(span))["attributes"]["inference.llm.model_name"] == "other"
    assert decode_span(encode_span(span)) == span


def line(**changes: Any) -> bytes:
    document = {
        "trace_id": "A" * 32,
        "span_id": "b" * 24,
        "parent_span_id": None,
        "name": "x",
        "kind": 3,
        "start_time": "2026-01-31T12:00:00Z",
        "end_time": None,
        "status": {"code": 2, "message": None},
        "attributes": {"a": None, "b": 1},
        **changes,
    }
    return json.dumps({k: v for k, v in document.items() if v != "absent"}).encode()


def test_halo_engines_lines_are_read_with_their_nulls_and_long_ids() -> None:
    span = decode_span(line())
    assert span == Span(
        trace_id="a" * 32,
        span_id="b" * 24,
        name="x",
        kind="SPAN_KIND_CLIENT",
        start_ns=1_769_860_800_000_000_000,
        status_code="ERROR",
        attributes={"b": 1},
    )


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not JSON"),
        (b"hello", "not JSON"),
        (b'{"trace_id": "ab', "not JSON (cut off)"),
        (b"[1, 2]", "not an object"),
        (b'"text"', "not an object"),
        (b"{}", "no trace_id"),
        (line(trace_id="absent"), "no trace_id"),
        (line(trace_id=""), "no trace_id"),
        (line(span_id=None), "no span_id"),
        (line(start_time="absent"), "no start_time"),
        (line(start_time="yesterday"), "'yesterday' is not a time"),
        (line(attributes="absent"), "Object missing required field `attributes`"),
        (line(attributes=[1]), "Expected `object`, got `array` - at `$.attributes`"),
        (b'{"trace_id": "a", "span_id": "b", "start_time": "\xff"}', "not JSON"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_a_line_that_is_no_span_says_why(data: bytes, reason: str) -> None:
    with pytest.raises(BadInput) as caught:
        decode_span(data)
    assert caught.value.message == reason
