"""Models: the billing span where the provider has none, a step around it where it has."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from inline_snapshot import snapshot
from langchain_core.caches import InMemoryCache
from langchain_core.language_models import FakeListLLM, GenericFakeChatModel
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_core.outputs import GenerationChunk
from langchain_core.tools import tool

from catalyst_sdk import semconv
from catalyst_sdk.hooks import StopAgent, request_stop
from catalyst_sdk.instrumentation.testing import (
    Hold,
    ProviderServer,
    SpanCollector,
    attributes_of,
    error_reply,
    json_reply,
    span_tree,
    sse_reply,
)
from catalyst_sdk.instrumentation.testing.openai_wire import (
    chat_chunks,
    chat_completion,
    completion,
    tool_call,
)

ASKED = [SystemMessage("Be brief."), HumanMessage("Weather in Paris?")]
MESSAGES = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Weather in Paris?"},
]
TOKENS = {
    semconv.LLM_TOKENS_PROMPT: 20,
    semconv.LLM_TOKENS_COMPLETION: 8,
    semconv.LLM_TOKENS_TOTAL: 28,
    semconv.LLM_TOKENS_CACHE_READ: 12,
    semconv.LLM_TOKENS_REASONING: 5,
}


@tool
def weather(city: str) -> str:
    """Tell the weather."""
    return f"sunny in {city}"


def scripted(*answers: Any) -> GenericFakeChatModel:
    usage = {"input_tokens": 7, "output_tokens": 3, "total_tokens": 10}
    messages = [
        AIMessage(answer, usage_metadata=usage) if isinstance(answer, str) else answer
        for answer in answers
    ]
    return GenericFakeChatModel(messages=iter(messages))


def test_a_model_of_an_untraced_provider_is_one_llm_span_with_everything(
    way: Any, chat: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    call = tool_call("weather", '{"city": "Paris"}')
    server.script(json_reply(chat_completion(None, tool_calls=[call])))
    model = chat(temperature=0.5).bind_tools([weather])
    assert way.invoke(model, ASKED).tool_calls[0]["name"] == "weather"

    span = spans.only()
    assert (span.name, span.kind.name, span.status.status_code.name) == (
        "ChatOpenAI",
        "INTERNAL",
        "OK",
    )
    attributes = attributes_of(span)
    parameters = attributes.pop(semconv.LLM_INVOCATION_PARAMETERS)
    assert parameters["temperature"] == 0.5
    assert attributes.pop(semconv.LLM_RESPONSE_ID, "chatcmpl-1") == "chatcmpl-1"
    (offered,) = attributes.pop(semconv.LLM_TOOLS)
    assert offered["function"]["name"] == "weather"
    assert attributes == {
        semconv.SPAN_KIND: "LLM",
        semconv.LLM_MODEL_NAME: "gpt-test-2026",
        semconv.LLM_REQUEST_MODEL_NAME: "gpt-test",
        semconv.LLM_PROVIDER: "openai",
        semconv.LLM_INPUT_MESSAGES: MESSAGES,
        semconv.LLM_OUTPUT_MESSAGES: [
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [
                    {
                        "id": "call_1",
                        "function": {"name": "weather", "arguments": '{"city":"Paris"}'},
                    }
                ],
            }
        ],
        semconv.LLM_FINISH_REASON: "tool_calls",
        semconv.LLM_STREAMING: False,
        semconv.LLM_TOKENS_PROMPT_AUDIO: 0,
        semconv.LLM_TOKENS_COMPLETION_AUDIO: 0,
        **TOKENS,
    }


def test_a_stream_is_added_up(
    way: Any, chat: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    server.script(sse_reply(chat_chunks(["Sun", "ny."])))
    pieces = way.stream(chat(stream_usage=True), ASKED)
    assert "".join(piece.content for piece in pieces) == "Sunny."

    attributes = attributes_of(spans.only())
    assert attributes[semconv.LLM_TIME_TO_FIRST_TOKEN_MS] > 0
    assert attributes[semconv.LLM_STREAMING] is True
    assert attributes[semconv.LLM_STREAM_OUTCOME] == "complete"
    assert attributes[semconv.LLM_OUTPUT_MESSAGES] == [{"role": "assistant", "content": "Sunny."}]
    assert {name: attributes.get(name) for name in TOKENS} == TOKENS


def test_a_stream_broken_out_of_is_aborted_with_what_had_come(
    way: Any, chat: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    server.script(sse_reply(chat_chunks(["Sun", "ny", "!"])))
    assert len(way.stream(chat(), ASKED, most=3)) == 3
    span = spans.only()
    attributes = attributes_of(span)
    assert attributes[semconv.LLM_STREAM_OUTCOME] == "aborted"
    (message,) = attributes[semconv.LLM_OUTPUT_MESSAGES]
    assert message["content"] in ("Sun", "Sunny")  # some versions leave the last piece out
    assert span.status.is_ok


def test_a_stream_cut_by_the_server_is_an_error(
    way: Any, chat: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    server.script(sse_reply([*list(chat_chunks(["Sun"]))[:2], {"error": {"message": "busy"}}]))
    with pytest.raises(Exception, match="busy"):
        way.stream(chat(), ASKED)
    span = spans.only()
    assert not span.status.is_ok
    assert attributes_of(span)[semconv.LLM_OUTPUT_MESSAGES][0]["content"] == "Sun"


def test_a_refused_request_is_an_error_span(
    way: Any, chat: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    server.script(error_reply(400, "no such model"))
    with pytest.raises(Exception, match="no such model"):
        way.invoke(chat(), ASKED)
    span = spans.only()
    assert "no such model" in (span.status.description or "")
    assert [event.name for event in span.events] == ["exception"]
    assert attributes_of(span)["http.response.status_code"] == 400
    assert len(server.received) == 1


@pytest.mark.parametrize("do", ["invoke", "stream"])
def test_over_a_traced_provider_the_model_is_a_step_and_tokens_count_once(
    way: Any, do: str, chat: Any, server: ProviderServer, both: SpanCollector
) -> None:
    if do == "invoke":
        server.script(json_reply(chat_completion()))
        way.invoke(chat(), ASKED)
    else:
        server.script(sse_reply(chat_chunks()))
        way.stream(chat(stream_usage=True), ASKED)
    assert span_tree(both.settled()) == snapshot("""\
ChatOpenAI [CHAIN]
  chat gpt-test [LLM] 20+8\
""")
    step = next(span for span in both.ended if span.name == "ChatOpenAI")
    assert attributes_of(step).keys() == {
        semconv.SPAN_KIND,
        semconv.INPUT_VALUE,
        semconv.INPUT_MIME_TYPE,
        semconv.OUTPUT_VALUE,
        semconv.OUTPUT_MIME_TYPE,
    }


def test_a_batch_has_a_span_for_each(
    way: Any, chat: Any, server: ProviderServer, both: SpanCollector
) -> None:
    server.script(*[json_reply(chat_completion()) for _ in range(3)])
    answers = way.batch(chat(), ["one", "two", "three"])
    assert [answer.content for answer in answers] == ["Hello."] * 3
    assert span_tree(both.settled()) == snapshot("""\
ChatOpenAI [CHAIN]
  chat gpt-test [LLM] 20+8
ChatOpenAI [CHAIN]
  chat gpt-test [LLM] 20+8
ChatOpenAI [CHAIN]
  chat gpt-test [LLM] 20+8\
""")


def test_a_failed_request_is_told_once(
    way: Any, chat: Any, server: ProviderServer, both: SpanCollector
) -> None:
    server.script(error_reply(400, "no such model"))
    with pytest.raises(Exception, match="no such model"):
        way.invoke(chat(), ASKED)
    assert span_tree(both.settled()) == snapshot("""\
ChatOpenAI [CHAIN] ERROR
  chat gpt-test [LLM] ERROR\
""")


def test_a_stream_broken_out_of_ends_both_spans(
    way: Any, chat: Any, server: ProviderServer, both: SpanCollector
) -> None:
    server.script(sse_reply(chat_chunks(["Sun", "ny", "!"])))
    way.stream(chat(), ASKED, most=2)
    assert span_tree(both.settled(), semconv.LLM_STREAM_OUTCOME) == snapshot("""\
ChatOpenAI [CHAIN]
  chat gpt-test [LLM] outcome=aborted\
""")


def test_each_model_of_a_fallback_bills_its_own_request(
    way: Any, chat: Any, server: ProviderServer, both: SpanCollector
) -> None:
    server.script(error_reply(500, "down"), json_reply(chat_completion()))
    model = chat().with_fallbacks([chat(model="gpt-spare")])
    assert way.invoke(model, ASKED).content == "Hello."
    assert span_tree(both.settled()) == snapshot("""\
RunnableWithFallbacks [CHAIN]
  ChatOpenAI [CHAIN] ERROR
    chat gpt-test [LLM] ERROR
  ChatOpenAI [CHAIN]
    chat gpt-spare [LLM] 20+8\
""")


def test_a_cached_answer_is_not_billed_again(way: Any, spans: SpanCollector) -> None:
    model = scripted("four", "five")
    model.cache = InMemoryCache()
    assert [way.invoke(model, "2 + 2?").content for _ in range(2)] == ["four", "four"]
    assert span_tree(spans.settled(), semconv.LLM_CACHE_HIT) == snapshot("""\
GenericFakeChatModel [LLM] 7+3
GenericFakeChatModel [CHAIN] cache_hit=True\
""")
    assert attributes_of(spans.ended[1])[semconv.OUTPUT_VALUE] == (
        '[{"role":"assistant","content":"four"}]'
    )


def test_a_cache_is_left_as_it_was(spans: SpanCollector) -> None:
    from catalyst_integrations.langchain_core import LangChainInstrumentor

    class Cache(InMemoryCache):
        """As a user defines it, inside a function."""

    before = dict(vars(Cache))
    model = scripted("four")
    model.cache = Cache()
    model.invoke("2 + 2?")
    LangChainInstrumentor().uninstrument()
    assert dict(vars(Cache)) == before
    LangChainInstrumentor().instrument(tracer_provider=spans.provider)


@pytest.mark.parametrize("traced", [False, True])
def test_a_completion_model_answers_several_prompts_by_one_request(
    traced: bool,
    way: Any,
    server: ProviderServer,
    spans: SpanCollector,
    request: pytest.FixtureRequest,
) -> None:
    openai = pytest.importorskip("langchain_openai")
    if traced:
        request.getfixturevalue("both")
    answered = completion("four")
    choices = [{**answered["choices"][0], "index": index} for index in range(2)]
    server.script(json_reply({**answered, "choices": choices}))
    model = openai.OpenAI(model="gpt-test", base_url=f"{server.url}/v1", api_key="k", max_retries=0)
    result = model.generate(["2 + 2?", "1 + 3?"])
    assert [g[0].text for g in result.generations] == ["four", "four"]
    tree = span_tree(spans.settled())
    if traced:
        assert tree == snapshot("""\
OpenAI [CHAIN]
  text_completion gpt-test [LLM] 20+8
OpenAI [CHAIN]\
""")
    else:
        assert tree == snapshot("""\
OpenAI [LLM] 20+8
OpenAI [LLM]\
""")


def test_a_completion_model_is_an_llm_span(way: Any, spans: SpanCollector) -> None:
    assert way.invoke(FakeListLLM(responses=["four"]), "2 + 2?") == "four"
    span = spans.only()
    attributes = attributes_of(span)
    assert span.name == "FakeListLLM"
    assert attributes[semconv.SPAN_KIND] == "LLM"
    assert attributes[semconv.LLM_INPUT_MESSAGES] == [{"role": "user", "content": "2 + 2?"}]
    assert attributes[semconv.LLM_OUTPUT_MESSAGES] == [{"role": "assistant", "content": "four"}]


def test_a_streamed_completion_is_one_span(way: Any, spans: SpanCollector) -> None:
    class Spelling(FakeListLLM):
        """Answers letter by letter."""

        def _stream(self, *_args: Any, **_kwargs: Any) -> Iterator[GenerationChunk]:
            yield from (GenerationChunk(text=letter) for letter in self.responses[0])

    assert "".join(way.stream(Spelling(responses=["four"]), "2 + 2?")) == "four"
    attributes = attributes_of(spans.only())
    assert attributes[semconv.LLM_STREAM_OUTCOME] == "complete"
    assert attributes[semconv.LLM_OUTPUT_MESSAGES] == [{"role": "assistant", "content": "four"}]


def test_answers_of_one_generate_are_kept_when_a_later_one_fails(spans: SpanCollector) -> None:
    model = scripted("one", ValueError("no more"))
    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever the fake model makes of it
        model.generate([[HumanMessage("1")], [HumanMessage("2")], [HumanMessage("3")]])
    assert span_tree(spans.settled()) == snapshot("""\
GenericFakeChatModel [LLM] 7+3
GenericFakeChatModel [LLM] ERROR
GenericFakeChatModel [LLM] ERROR\
""")


def test_a_cancelled_call_ends_its_spans(
    chat: Any, server: ProviderServer, both: SpanCollector
) -> None:
    import threading

    held = threading.Event()
    server.script(sse_reply([*list(chat_chunks(["Sun"]))[:2], Hold(held)]))
    model = chat()

    async def cancel(streaming: bool) -> None:
        async def ask() -> None:
            if streaming:
                async for _ in model.astream(ASKED):
                    task.cancel()
            else:
                await model.ainvoke(ASKED)

        task = asyncio.create_task(ask())
        if not streaming:
            while not server.received:
                await asyncio.sleep(0.01)
            task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel(streaming=True))
    server.received.clear()
    server.script(sse_reply([Hold(held)]))
    asyncio.run(cancel(streaming=False))
    held.set()
    tree = span_tree(both.settled()).replace("[LLM] ERROR", "[LLM]")
    assert tree == snapshot("""\
ChatOpenAI [CHAIN] ERROR
  chat gpt-test [LLM]
ChatOpenAI [CHAIN] ERROR
  chat gpt-test [LLM]\
""")


def test_events_of_a_stream_leave_one_span(
    chat: Any, server: ProviderServer, both: SpanCollector
) -> None:
    async def events() -> list[Any]:
        model = chat(stream_usage=True)
        return [event async for event in model.astream_events(ASKED, version="v2")]

    server.script(sse_reply(chat_chunks()))
    assert asyncio.run(events())[-1]["event"] == "on_chat_model_end"
    assert span_tree(both.settled()) == snapshot("""\
ChatOpenAI [CHAIN]
  chat gpt-test [LLM] 20+8\
""")


def test_a_model_that_calls_a_model_is_a_step(spans: SpanCollector) -> None:
    class Careful(GenericFakeChatModel):
        """Asks another model."""

        def _generate(self, *args: Any, **kwargs: Any) -> Any:
            inner.invoke("is it harmful?")
            return super()._generate(*args, **kwargs)

    inner = scripted("no")
    Careful(messages=iter([AIMessage("fine")])).invoke("hi")
    assert span_tree(spans.settled()) == snapshot("""\
Careful [CHAIN]
  GenericFakeChatModel [LLM] 7+3\
""")


def test_a_hook_can_stop_an_agent_before_its_next_model_call(
    way: Any, spans: SpanCollector
) -> None:
    tracer = spans.provider.get_tracer("host")
    with tracer.start_as_current_span("run") as span:
        request_stop(span.get_span_context().trace_id, "over budget")
        with pytest.raises(StopAgent, match="over budget"):
            way.invoke(scripted("never asked"), "hi")


def test_binary_content_is_described(spans: SpanCollector) -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "QUJD" * 40}}
    block = {
        "type": "image",
        "source_type": "base64",
        "data": "QUJD" * 40,
        "mime_type": "image/png",
    }
    scripted("a cat").invoke([HumanMessage([{"type": "text", "text": "What?"}, image, block])])
    told = (spans.only().attributes or {})[semconv.LLM_INPUT_MESSAGES]
    assert isinstance(told, str)
    assert "QUJD" not in told
    assert told.count('"mime":"image/png","bytes":120') == 2


def test_reasoning_comes_before_the_words(spans: SpanCollector) -> None:
    thought = AIMessage("four", additional_kwargs={"reasoning_content": "2 and 2"})
    scripted(thought).invoke("2 + 2?")
    (message,) = attributes_of(spans.only())[semconv.LLM_OUTPUT_MESSAGES]
    assert message["content"] == [
        {"type": "reasoning", "text": "2 and 2"},
        {"type": "text", "text": "four"},
    ]


def test_a_tool_call_is_told_once_where_it_is_also_content(spans: SpanCollector) -> None:
    used = {"type": "tool_use", "id": "t1", "name": "weather", "input": {"city": "Paris"}}
    called = {"id": "t1", "name": "weather", "args": {"city": "Paris"}}
    text = {"type": "text", "text": "I look."}
    scripted(AIMessage([text, used], tool_calls=[called])).invoke("Weather?")
    (message,) = attributes_of(spans.only())[semconv.LLM_OUTPUT_MESSAGES]
    assert message["content"] == [text]
    assert [call["id"] for call in message["tool_calls"]] == ["t1"]
