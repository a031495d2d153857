"""The loopback provider answers a real OpenAI client as the real service does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import openai
import pytest

from catalyst_sdk.demo.provider import Refusal, Reply

if TYPE_CHECKING:
    from demo.conftest import Stage

USER = [{"role": "user", "content": "Where is my order?"}]
TOOL = {
    "type": "function",
    "function": {"name": "get_order", "parameters": {"type": "object", "properties": {}}},
}


def _ask(client: openai.OpenAI, **more: Any) -> Any:
    return client.chat.completions.create(**{"model": "m-1", "messages": USER, **more})


def test_an_answer_arrives_with_its_words_reason_and_usage(stage: Stage, client: openai.OpenAI):
    stage.says(Reply("On its way."))
    completion = _ask(client)
    assert completion.choices[0].message.content == "On its way."
    assert completion.choices[0].finish_reason == "stop"
    assert completion.model == "m-1"
    usage = completion.usage
    assert usage.completion_tokens == 3
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens


def test_tool_calls_arrive_with_ids_and_json_arguments(stage: Stage, client: openai.OpenAI):
    stage.says(Reply(calls=(("get_order", {"order_id": "AO-1"}), ("get_order", {}))))
    choice = _ask(client, tools=[TOOL]).choices[0]
    assert choice.finish_reason == "tool_calls"
    first, second = choice.message.tool_calls
    assert first.id != second.id
    assert json.loads(first.function.arguments) == {"order_id": "AO-1"}


def test_a_stream_says_the_same_as_a_document(stage: Stage, client: openai.OpenAI):
    reply = Reply("The parcel left the warehouse in Reno this morning.")
    stage.script = lambda request: reply
    chunks = list(_ask(client, stream=True))
    words = "".join(c.choices[0].delta.content or "" for c in chunks)
    assert words == _ask(client).choices[0].message.content
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert all(chunk.usage is None for chunk in chunks)


def test_a_stream_ends_with_its_usage_when_asked(stage: Stage, client: openai.OpenAI):
    stage.script = lambda request: Reply("Yes.")
    *_, last = _ask(client, stream=True, stream_options={"include_usage": True})
    assert last.choices == []
    assert last.usage == _ask(client).usage


def test_the_stream_helper_of_the_client_joins_tool_calls(stage: Stage, client: openai.OpenAI):
    stage.says(Reply(calls=(("get_order", {"order_id": "AO-40112"}),)))
    with client.chat.completions.stream(model="m-1", messages=USER, tools=[TOOL]) as stream:
        message = stream.get_final_completion().choices[0].message
    assert message.tool_calls is not None
    assert json.loads(message.tool_calls[0].function.arguments) == {"order_id": "AO-40112"}


def test_a_stream_left_early_does_not_harm_the_next_request(stage: Stage, client: openai.OpenAI):
    stage.script = lambda request: Reply("A long answer. " * 200)
    with _ask(client, stream=True) as stream:
        next(iter(stream))
    assert _ask(client).choices[0].finish_reason == "stop"


def test_an_answer_over_the_token_limit_is_cut(stage: Stage, client: openai.OpenAI):
    stage.script = lambda request: Reply("x" * 400)
    choice = _ask(client, max_completion_tokens=50).choices[0]
    assert choice.finish_reason == "length"
    assert len(choice.message.content) == 200


def test_a_long_prefix_sent_again_is_billed_as_cached(stage: Stage, client: openai.OpenAI):
    system = {"role": "system", "content": "rules " * 1500}
    first, second, other = (
        _ask(
            client, messages=[{**system, "content": start + system["content"]}, *USER]
        ).usage.prompt_tokens_details.cached_tokens
        for start in ("", "", "12:00 ")
    )
    assert first == other == 0
    assert second > 1024
    assert second % 128 == 0


def test_a_short_prompt_is_never_cached(stage: Stage, client: openai.OpenAI):
    _ask(client)
    assert _ask(client).usage.prompt_tokens_details.cached_tokens == 0


def test_a_rate_limit_carries_how_long_to_wait(stage: Stage, client: openai.OpenAI):
    stage.says(Refusal(429, "Slow down.", code="rate_limit_exceeded", retry_after_s=0.05))
    with pytest.raises(openai.RateLimitError) as caught:
        _ask(client)
    assert caught.value.code == "rate_limit_exceeded"
    assert caught.value.response.headers["retry-after-ms"] == "50"


def test_the_client_itself_retries_a_rate_limit(stage: Stage):
    stage.says(Refusal(429, "Slow down.", retry_after_s=0.01), Reply("Now."))
    with openai.OpenAI(base_url=stage.provider.base_url, api_key="k", max_retries=1) as client:
        assert _ask(client).choices[0].message.content == "Now."
    assert len(stage.requests) == 2


def test_a_malformed_request_is_refused_with_the_field(client: openai.OpenAI):
    with pytest.raises(openai.BadRequestError, match=r"messages\[0\]"):
        _ask(client, messages=[{"content": "nobody says this"}])


def test_an_unknown_address_is_not_found(client: openai.OpenAI):
    with pytest.raises(openai.NotFoundError, match="Unknown request URL"):
        client.models.list()
