"""What each fact means, one by one."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from catalyst_sdk.spans import Event, Span, facts

Make = Callable[..., Span]
LLM = {"openinference.span.kind": "LLM"}


def answer(text: str, **message: object) -> dict[str, object]:
    said = {"role": "assistant", "content": text, **message}
    return {**LLM, "input.value": "hello", "llm.output_messages": json.dumps([said])}


def test_place_time_and_identity_come_from_span_resource_and_attributes(make_span: Make) -> None:
    row = facts(
        make_span(
            {"agent.id": "a", "agent.role": "helper", "session.id": 7, "user.id": "u"},
            parent_span_id="00f067aa0ba902b7",
            resource={
                "service.name": "shop",
                "service.version": "1.2",
                "deployment.environment": "prod",
            },
            scope_name="my.lib",
        )
    )
    assert (row.service, row.service_version, row.environment) == ("shop", "1.2", "prod")
    assert (row.agent_id, row.agent_role, row.session_id, row.user_id) == ("a", "helper", "7", "u")
    assert (row.scope, row.parent_span_id) == ("my.lib", "00f067aa0ba902b7")
    assert row.duration_ns == 1_000_000_000
    assert row.project_id == "shop", "without a project of its own a span is its service's"


def test_a_span_that_never_ended_has_no_duration_and_no_empty_output(make_span: Make) -> None:
    row = facts(make_span({**LLM, "input.value": "hi", "output.value": ""}, end_ns=0))
    assert (row.end_ns, row.duration_ns, row.output_empty) == (0, 0, False)


def test_an_error_is_told_by_its_exception_then_by_its_status(make_span: Make) -> None:
    raised = Event(
        name="exception",
        time_ns=1,
        attributes={"exception.type": "KeyError", "exception.message": "'user 42'"},
    )
    row = facts(make_span(status_code="ERROR", status_message="failed", events=(raised,)))
    assert (row.error_type, row.error_message) == ("KeyError", "'user 42'")
    assert row.error_signature == "<str>"
    row = facts(make_span(status_code="ERROR", status_message="ValueError: bad id 77"))
    assert (row.error_type, row.error_signature) == ("ValueError", "ValueError: bad id <n>")
    row = facts(make_span(status_code="ERROR"))
    assert (row.status, row.error_signature) == ("ERROR", "")


def test_a_tool_whose_status_says_little_is_told_by_its_output(make_span: Make) -> None:
    row = facts(
        make_span(
            {
                "openinference.span.kind": "TOOL",
                "output.value": "An error occurred while running the tool. Error: no file 7",
            },
            status_code="ERROR",
            status_message="Error running tool (non-fatal)",
        )
    )
    assert row.error_signature == "An error occurred while running the tool. Error: no file <n>"


def test_error_type_or_level_alone_makes_an_error(make_span: Make) -> None:
    row = facts(make_span({"error.type": "429", "gen_ai.operation.name": "chat"}))
    assert (row.status, row.error_type, row.error_signature) == ("ERROR", "429", "<n>")
    assert facts(make_span({"error.type": "429"}, status_code="OK")).status == "OK"
    assert facts(make_span({"langfuse.observation.level": "ERROR"})).status == "ERROR"


@pytest.mark.parametrize("blank", ["", " \n", "[]", "{}", "null", "None", '""', "[ ]"])
def test_an_output_of_nothing_is_empty(blank: str, make_span: Make) -> None:
    for kind in ("TOOL", "AGENT", "RETRIEVER"):
        span = {"openinference.span.kind": kind, "input.value": "x", "output.value": blank}
        assert facts(make_span(span)).output_empty, kind
    chain = {"openinference.span.kind": "CHAIN", "input.value": "x", "output.value": blank}
    assert not facts(make_span(chain)).output_empty


def test_content_that_was_never_captured_is_not_an_empty_output(make_span: Make) -> None:
    assert not facts(make_span(LLM)).output_empty
    assert facts(make_span({**LLM, "input.value": "hi"})).output_empty
    assert not facts(make_span({**LLM, "input.value": "hi"}, status_code="ERROR")).output_empty


def test_an_answer_is_empty_when_it_neither_speaks_nor_acts(make_span: Make) -> None:
    assert facts(make_span(answer(""))).output_empty
    assert facts(make_span(answer("", reasoning_content="hmm"))).output_empty
    assert not facts(make_span(answer("Hi"))).output_empty
    call = {"id": "1", "function": {"name": "f", "arguments": "{}"}}
    assert not facts(make_span(answer("", tool_calls=[call]))).output_empty


def test_a_refusal_is_told_by_the_provider_or_the_words(make_span: Make) -> None:
    assert facts(make_span(answer("", refusal="No."))).refused
    assert facts(make_span({**LLM, "llm.finish_reason": "content_filter"})).refused
    for words in (
        "I'm sorry, but I can't assist with that request.",
        "I’m sorry, but I can’t help with that.",
        "Sorry, I cannot help you make this.",
        "I cannot provide instructions for this.",
        "As an AI language model, I cannot do this.",
    ):
        assert facts(make_span(answer(words))).refused, words
    for words in (
        "Sure! You can't go wrong with that.",
        "I can't find that order. Could you check the number?",
        "I'm sorry, but I cannot find your booking.",
        "Refunds cannot be issued after 30 days.",
        "I'm sorry to hear that. I can help you cancel it.",
        "I can't help but admire this. " * 40,
    ):
        assert not facts(make_span(answer(words))).refused, words


def test_structured_output_that_does_not_parse_is_told(make_span: Make) -> None:
    asked = {"llm.invocation_parameters": '{"response_format":{"type":"json_schema"}}'}
    assert not facts(make_span({**answer('{"a": 1}'), **asked})).invalid_json
    assert facts(make_span({**answer('{"a": 1'), **asked})).invalid_json
    assert facts(make_span({**answer("```json\n{}\n```"), **asked})).invalid_json
    assert not facts(make_span(answer("plain words"))).invalid_json
    call = {"id": "1", "function": {"name": "f", "arguments": "{}"}}
    assert not facts(make_span({**answer("One moment", tool_calls=[call]), **asked})).invalid_json
    responses = {"llm.invocation_parameters": '{"text":{"format":{"type":"json_object"}}}'}
    assert facts(make_span({**answer("words"), **responses})).invalid_json
    assert facts(make_span({**answer("words"), "gen_ai.output.type": "json"})).invalid_json


def test_a_retriever_tells_its_documents_and_best_score(make_span: Make) -> None:
    kind = {"openinference.span.kind": "RETRIEVER", "input.value": "q"}
    flat = {
        "retrieval.documents.0.document.content": "a",
        "retrieval.documents.0.document.score": 0.5,
        "retrieval.documents.1.document.content": "b",
        "retrieval.documents.1.document.score": 0.75,
    }
    row = facts(make_span({**kind, **flat}))
    assert (row.document_count, row.top_score) == (2, 0.75)
    told = {"retrieval.documents": json.dumps([{"document.content": "a", "document.score": 0.25}])}
    row = facts(make_span({**kind, **told}))
    assert (row.document_count, row.top_score) == (1, 0.25)
    row = facts(make_span({**kind, "output.value": '{"results": [{"id": 1, "score": 0.9}]}'}))
    assert (row.document_count, row.top_score) == (1, 0.9)
    row = facts(make_span({**kind, "output.value": "[]"}))
    assert (row.document_count, row.output_empty) == (0, True)
    assert facts(make_span(kind)).document_count == -1


@pytest.mark.parametrize(
    ("attributes", "name", "target"),
    [
        ({"openinference.span.kind": "TOOL"}, "transfer_to_human_agents", "human_agents"),
        ({"openinference.span.kind": "TOOL"}, "handoff_to_billing", "billing"),
        ({"openinference.span.kind": "TOOL", "tool.name": "delegate_to_qa"}, "x", "qa"),
        ({"openinference.span.kind": "TOOL"}, "transfer_money", ""),
        ({"agent.handoff.to": "Spanish agent"}, "handoff", "Spanish agent"),
    ],
)
def test_hand_offs_tell_their_target(
    attributes: dict[str, object], name: str, target: str, make_span: Make
) -> None:
    assert facts(make_span(attributes, name=name)).handoff_target == target


def test_tool_inputs_hash_by_meaning_and_others_by_text(make_span: Make) -> None:
    def hashed(kind: str, text: str) -> int:
        return facts(make_span({"openinference.span.kind": kind, "input.value": text})).input_hash

    assert hashed("TOOL", '{"a": 1, "b": 2}') == hashed("TOOL", '{"b":2,"a":1}')
    assert hashed("TOOL", '{"a": 1}') != hashed("TOOL", '{"a": 2}')
    assert hashed("AGENT", '{"a": 1, "b": 2}') != hashed("AGENT", '{"b":2,"a":1}')
    long = "x" * 5000
    assert hashed("AGENT", long + "y" + long) != hashed("AGENT", long + "z" + long)
    assert hashed("AGENT", "hello") == 9022087748821825191, "stable over versions and machines"
    assert hashed("AGENT", long) == 5699944587305755649


def test_sizes_count_bytes(make_span: Make) -> None:
    row = facts(make_span({"input.value": "añ", "output.value": "abc"}))
    assert (row.input_size, row.output_size) == (3, 3)


def test_previews_are_one_short_line_of_human_text(make_span: Make) -> None:
    row = facts(make_span({**LLM, "input.value": "  Hello\n\tthere  "}))
    assert row.input_preview == "Hello there"
    row = facts(make_span({"openinference.span.kind": "TOOL", "input.value": "word " * 100}))
    assert len(row.input_preview) <= 240
    assert row.input_preview.endswith("…")
    history = [
        {"role": "user", "content": "First?"},
        {"role": "assistant", "content": "Yes."},
        {"role": "user", "content": "And second?"},
        {"role": "tool", "tool_call_id": "1", "content": "data"},
    ]
    row = facts(make_span({**LLM, "llm.input_messages": json.dumps(history)}))
    assert (row.input_preview, row.message_count) == ("And second?", 4)
    agent = {"openinference.span.kind": "AGENT"}
    row = facts(make_span({**agent, "input.value": json.dumps({"messages": history})}))
    assert row.input_preview == "And second?"
    row = facts(make_span({**agent, "output.value": '{"output": "All done", "steps": 3}'}))
    assert row.output_preview == "All done"


def test_tokens_that_were_not_told_differ_from_none_used(make_span: Make) -> None:
    assert not facts(make_span(LLM)).has_usage
    row = facts(make_span({**LLM, "llm.token_count.prompt": 0, "llm.token_count.completion": 0}))
    assert (row.has_usage, row.total_tokens) == (True, 0)
    row = facts(make_span({**LLM, "llm.cost.total": 0.0}))
    assert (row.has_cost, row.cost_usd) == (True, 0.0)


def test_time_to_first_token_is_read_from_numbers_and_events(make_span: Make) -> None:
    assert facts(make_span({**LLM, "llm.time_to_first_token_ms": 12.5})).ttft_ms == 12.5
    first = Event(name="First Token Stream Event", time_ns=1_700_000_000_250_000_000)
    assert facts(make_span(LLM, events=(first,))).ttft_ms == 250


def test_an_anthropic_request_counts_its_system_prompt(make_span: Make) -> None:
    request = {
        "system": "Be brief.",
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "Weather?"}]},
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": "t1", "name": "get", "input": {"a": 1}}],
            },
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "21°"}],
            },
        ],
        "tools": [{"name": "get", "input_schema": {"type": "object"}}],
    }
    response = {
        "role": "assistant",
        "content": [{"type": "thinking", "thinking": "…"}, {"type": "text", "text": "21 °C"}],
        "stop_reason": "end_turn",
        "type": "message",
    }
    row = facts(
        make_span({**LLM, "input.value": json.dumps(request), "output.value": json.dumps(response)})
    )
    assert (row.message_count, row.input_preview, row.output_preview) == (4, "Weather?", "21 °C")
    assert (row.finish_reason, row.tools_offered) == ("stop", ["get"])
    assert row.system_hash
