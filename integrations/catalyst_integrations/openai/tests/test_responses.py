from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from catalyst_sdk import semconv
from catalyst_sdk.instrumentation.testing import (
    ProviderServer,
    SpanCollector,
    attributes_of,
    json_reply,
    sse_reply,
)
from catalyst_sdk.instrumentation.testing.openai_wire import (
    function_call,
    output_text,
    reasoning,
    response,
    response_events,
)

ASKED: Any = {"model": "gpt-test", "input": "Weather in Paris?", "instructions": "Be brief."}
TOOLS = [{"type": "function", "name": "weather", "parameters": {"type": "object"}}]
ANSWERED = [
    reasoning("I need the weather."),
    output_text("I look it up."),
    function_call("weather", '{"city":"Paris"}'),
]
MESSAGE = {
    "role": "assistant",
    "content": [
        {"type": "reasoning", "text": "I need the weather."},
        {"type": "text", "text": "I look it up."},
    ],
    "tool_calls": [
        {"id": "call_1", "function": {"name": "weather", "arguments": '{"city":"Paris"}'}}
    ],
}
TOKENS = {
    semconv.LLM_TOKENS_PROMPT: 20,
    semconv.LLM_TOKENS_COMPLETION: 8,
    semconv.LLM_TOKENS_TOTAL: 28,
    semconv.LLM_TOKENS_CACHE_READ: 12,
    semconv.LLM_TOKENS_REASONING: 5,
}


def _has(attributes: dict[str, Any], expected: dict[str, Any]) -> bool:
    assert {name: attributes.get(name) for name in expected} == expected
    return True


def test_a_response_is_one_span_with_everything(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    server.script(json_reply(response(*ANSWERED)))
    answered = api.run(lambda c: c.responses.create(**ASKED, tools=TOOLS, max_output_tokens=99))
    assert answered.output_text == "I look it up."
    assert spans.only().name == "responses gpt-test"
    assert _has(
        attributes_of(spans.only()),
        {
            semconv.SPAN_KIND: "LLM",
            semconv.LLM_MODEL_NAME: "gpt-test-2026",
            semconv.LLM_INVOCATION_PARAMETERS: {"max_output_tokens": 99},
            semconv.LLM_INPUT_MESSAGES: [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "Weather in Paris?"},
            ],
            semconv.LLM_TOOLS: TOOLS,
            semconv.LLM_OUTPUT_MESSAGES: [MESSAGE],
            semconv.LLM_FINISH_REASON: "tool_calls",
            semconv.LLM_RESPONSE_ID: "resp_1",
            **TOKENS,
        },
    )


def test_input_items_become_messages(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    server.script(json_reply(response()))
    image = {"type": "input_image", "image_url": "data:image/png;base64,AAEC", "detail": "low"}
    items: list[Any] = [
        {"role": "user", "content": [{"type": "input_text", "text": "Weather?"}, image]},
        *ANSWERED,
        {"type": "function_call_output", "call_id": "call_1", "output": "sunny"},
        {"type": "computer_call_output", "call_id": "call_2", "output": {"type": "none"}},
        {"type": "item_reference", "id": "msg_9"},
    ]
    api.run(lambda c: c.responses.create(model="gpt-test", input=items))
    messages = attributes_of(spans.only())[semconv.LLM_INPUT_MESSAGES]
    sha256 = "ae4b3280e56e2faf83f414a6e3dabe9d5fbe18976544c05fed121accb85b53fc"
    described = {"mime": "image/png", "bytes": 3, "sha256": sha256}
    assert messages == [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Weather?"},
                {"type": "input_image", "image_url": described, "detail": "low"},
            ],
        },
        MESSAGE,
        {"role": "tool", "tool_call_id": "call_1", "content": "sunny"},
        {"role": "tool", "tool_call_id": "call_2", "content": [items[-2]]},
        {"role": "assistant", "content": [items[-1]]},
    ]


def test_a_conversation_sends_answered_items_back(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    """The SDK's own objects as input, as its guide shows."""
    server.script(json_reply(response(*ANSWERED)), json_reply(response()))
    first = api.run(lambda c: c.responses.create(**ASKED))
    spans.clear()
    back = [*first.output, {"type": "function_call_output", "call_id": "call_1", "output": "21"}]
    api.run(lambda c: c.responses.create(model="gpt-test", input=back))
    messages = attributes_of(spans.only())[semconv.LLM_INPUT_MESSAGES]
    assert messages == [MESSAGE, {"role": "tool", "tool_call_id": "call_1", "content": "21"}]


def test_a_streamed_response_is_read_from_its_last_event(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    events = list(response_events(response(*ANSWERED)))
    server.script(sse_reply(events, named=True, done=False))
    stream = api.run(lambda c: c.responses.create(**ASKED, stream=True))
    assert type(stream) is api.stream_type
    assert len(api.take(stream)) == len(events)
    attributes = attributes_of(spans.only())
    assert attributes[semconv.LLM_TIME_TO_FIRST_TOKEN_MS] > 0
    assert _has(
        attributes,
        {
            semconv.LLM_STREAM_OUTCOME: "complete",
            semconv.LLM_OUTPUT_MESSAGES: [MESSAGE],
            **TOKENS,
        },
    )


def test_a_stream_left_at_its_last_event_is_complete(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    events = list(response_events())
    server.script(sse_reply(events, named=True, done=False))
    stream = api.run(lambda c: c.responses.create(**ASKED, stream=True))
    api.take(stream, len(events))
    api.finish(stream.close())
    assert _has(attributes_of(spans.only()), {semconv.LLM_STREAM_OUTCOME: "complete", **TOKENS})


def _abort_after(
    api: Any, server: ProviderServer, spans: SpanCollector, whole: Any, event_type: str
) -> Any:
    """The message recorded when the program stops reading at the first such event."""
    events = list(response_events(whole))
    server.script(sse_reply(events, named=True, done=False))
    stream = api.run(lambda c: c.responses.create(**ASKED, stream=True))
    api.take(stream, [event["type"] for event in events].index(event_type) + 1)
    api.finish(stream.close())
    attributes = attributes_of(spans.only())
    assert attributes[semconv.LLM_STREAM_OUTCOME] == "aborted"
    assert attributes[semconv.LLM_MODEL_NAME] == "gpt-test-2026"
    return attributes[semconv.LLM_OUTPUT_MESSAGES][0]


def test_of_an_aborted_response_the_text_that_had_come_is_kept(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    last = "response.output_text.delta"
    message = _abort_after(api, server, spans, response(*ANSWERED), last)
    assert message["content"] == [
        {"type": "reasoning", "text": "I need the weather."},
        {"type": "text", "text": "I look"},
    ]


def test_of_an_aborted_response_the_call_that_had_come_is_kept(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    last = "response.function_call_arguments.delta"
    message = _abort_after(api, server, spans, response(*ANSWERED), last)
    assert message["tool_calls"] == [
        {"id": "call_1", "function": {"name": "weather", "arguments": '{"city":'}}
    ]


def test_the_stream_helper_is_one_span(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    server.script(sse_reply(response_events(), named=True, done=False))

    def use(stream: Any) -> str:
        api.take(stream)
        return api.finish(stream.get_final_response()).output_text

    if not hasattr(api.client.responses, "stream"):
        pytest.skip("this version has no helper")
    assert api.within(api.client.responses.stream(**ASKED), use) == "Hello."
    assert _has(attributes_of(spans.only()), {semconv.LLM_STREAM_OUTCOME: "complete", **TOKENS})


class Weather(BaseModel):
    city: str
    celsius: int


def test_a_parsed_response_is_one_span(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    server.script(json_reply(response(output_text('{"city":"Paris","celsius":21}'))))
    parsed = api.run(lambda c: c.responses.parse(**ASKED, text_format=Weather))
    assert parsed.output_parsed == Weather(city="Paris", celsius=21)
    assert _has(attributes_of(spans.only()), TOKENS)


def test_an_incomplete_response_says_why(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    incomplete = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
    server.script(json_reply(response(**incomplete)))
    api.run(lambda c: c.responses.create(**ASKED))
    assert attributes_of(spans.only())[semconv.LLM_FINISH_REASON] == "max_output_tokens"


def test_a_failed_response_is_an_error_span(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    failed = response(
        status="failed", error={"code": "server_error", "message": "broke"}, usage=None
    )
    server.script(
        sse_reply(response_events(failed, last="response.failed"), named=True, done=False)
    )
    api.take(api.run(lambda c: c.responses.create(**ASKED, stream=True)))
    span = spans.only()
    assert span.status.description == "server_error: broke"
    assert attributes_of(span)[semconv.LLM_STREAM_OUTCOME] == "error"


def test_an_error_event_is_an_error_span(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    error = {"type": "error", "code": "overloaded", "message": "try later", "param": None}
    events = [*list(response_events())[:1], {**error, "sequence_number": 1}]
    server.script(sse_reply(events, named=True, done=False))
    stream = api.run(lambda c: c.responses.create(**ASKED, stream=True))
    assert len(api.take(stream)) == 2
    span = spans.only()
    assert span.status.description == "overloaded: try later"
    assert attributes_of(span)[semconv.LLM_STREAM_OUTCOME] == "error"


def test_a_generated_image_is_described_not_copied(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    item = {"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": "AAEC"}
    server.script(json_reply(response(item)))
    answered = api.run(lambda c: c.responses.create(**ASKED))
    assert answered.output[0].result == "AAEC"
    part = attributes_of(spans.only())[semconv.LLM_OUTPUT_MESSAGES][0]["content"][0]
    assert part["type"] == "image_generation_call"
    assert part["result"]["bytes"] == 3


def test_items_of_kinds_yet_unknown_are_kept_as_they_are(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    item = {"type": "crystal_ball_call", "id": "cb_1", "status": "completed", "question": "when?"}
    server.script(json_reply(response(item)))
    api.run(lambda c: c.responses.create(**ASKED))
    part = attributes_of(spans.only())[semconv.LLM_OUTPUT_MESSAGES][0]["content"][0]
    assert part["question"] == "when?"


def _background(server: ProviderServer, *statuses: str) -> None:
    for status in statuses:
        waiting: Any = {"status": status, "output": [], "usage": None, "background": True}
        done = status not in ("queued", "in_progress", "cancelled")
        server.script(json_reply(response() if done else response(**waiting)))


def test_a_background_response_is_one_span_until_it_is_done(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    _background(server, "queued", "in_progress", "completed")
    answered = api.run(lambda c: c.responses.create(**ASKED, extra_body={"background": True}))
    while answered.status != "completed":
        assert spans.settled() == []
        answered = api.run(lambda c, known=answered.id: c.responses.retrieve(known))
    assert spans.only().name == "responses gpt-test"
    assert _has(attributes_of(spans.only()), {semconv.LLM_FINISH_REASON: "stop", **TOKENS})


def test_a_background_response_polled_raw_is_one_span(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    _background(server, "queued", "in_progress", "completed")
    asked: Any = {**ASKED, "extra_body": {"background": True}}
    raw = api.run(lambda c: c.responses.with_raw_response.create(**asked))
    for _ in range(2):
        assert spans.settled() == []
        raw = api.run(lambda c: c.responses.with_raw_response.retrieve("resp_1"))
    assert api.finish(raw.parse()).status == "completed"
    assert _has(attributes_of(spans.only()), {semconv.LLM_FINISH_REASON: "stop", **TOKENS})


def test_a_background_response_that_is_cancelled_ends(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    _background(server, "queued", "cancelled")
    answered = api.run(lambda c: c.responses.create(**ASKED, extra_body={"background": True}))
    api.run(lambda c: c.post(f"/responses/{answered.id}/cancel", cast_to=type(answered)))
    assert attributes_of(spans.only())[semconv.LLM_FINISH_REASON] == "cancelled"


def test_a_background_response_nobody_waits_for_ends(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    _background(server, "queued")
    api.run(lambda c: c.responses.create(**ASKED, extra_body={"background": True}))
    api.collect()
    attributes = attributes_of(spans.only())
    assert attributes[semconv.LLM_FINISH_REASON] == "queued"
    assert semconv.LLM_TOKENS_TOTAL not in attributes


def test_the_answer_of_a_background_response_known_by_id_alone_is_billed_once(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    _background(server, "queued", "completed", "completed")
    known = api.run(lambda c: c.responses.create(**ASKED, extra_body={"background": True})).id
    api.collect()
    asked = spans.only()
    for _ in range(2):
        api.run(lambda c: c.responses.retrieve(known))
    answered = spans.settled()[1:]
    assert [span.name for span in answered] == ["responses.retrieve gpt-test"]
    assert answered[0].links[0].context == asked.get_span_context()
    assert _has(attributes_of(answered[0]), TOKENS)


def test_an_unknown_response_retrieved_is_not_a_model_call(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    _background(server, "completed")
    api.run(lambda c: c.responses.retrieve("resp_7"))
    assert spans.settled() == []
