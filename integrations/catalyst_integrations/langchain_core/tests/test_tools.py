"""Tools: what went in and came out, for which call, and what ran inside."""

from __future__ import annotations

import asyncio
import threading
from typing import Annotated, Any

import pytest
from inline_snapshot import snapshot
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import InjectedToolArg, StructuredTool, ToolException, tool

from catalyst_sdk import semconv
from catalyst_sdk.hooks import StopAgent, request_stop
from catalyst_sdk.instrumentation.testing import SpanCollector, attributes_of, span_tree

CALL = {"type": "tool_call", "id": "call_1", "name": "weather", "args": {"city": "Paris"}}


@tool
def weather(city: str) -> str:
    """Tell the weather."""
    return f"sunny in {city}"


@tool
def broken(city: str) -> str:
    """Fail."""
    raise ToolException(f"no station in {city}")


def test_a_tools_span_has_its_arguments_result_and_call(way: Any, spans: SpanCollector) -> None:
    assert way.invoke(weather, CALL).content == "sunny in Paris"
    span = spans.only()
    assert span.name == "weather"
    assert attributes_of(span) == {
        semconv.SPAN_KIND: "TOOL",
        semconv.TOOL_NAME: "weather",
        semconv.TOOL_DESCRIPTION: "Tell the weather.",
        semconv.TOOL_CALL_ID: "call_1",
        semconv.INPUT_VALUE: '{"city":"Paris"}',
        semconv.INPUT_MIME_TYPE: "application/json",
        semconv.OUTPUT_VALUE: "sunny in Paris",
        semconv.OUTPUT_MIME_TYPE: "text/plain",
    }


def test_a_renamed_run_keeps_the_tools_name(spans: SpanCollector) -> None:
    weather.invoke({"city": "Paris"}, {"run_name": "lookup"})
    span = spans.only()
    assert (span.name, attributes_of(span)[semconv.TOOL_NAME]) == ("lookup", "weather")


def test_arguments_the_model_does_not_give_are_left_out(spans: SpanCollector) -> None:
    def search(query: str, account: Annotated[str, InjectedToolArg]) -> str:
        """Search."""
        return f"{query} for {account}"

    StructuredTool.from_function(search).invoke({"query": "refunds", "account": "secret-17"})
    attributes = attributes_of(spans.only())
    assert attributes[semconv.INPUT_VALUE] == '{"query":"refunds"}'


def test_a_failing_tool_is_an_error(way: Any, spans: SpanCollector) -> None:
    with pytest.raises(ToolException, match="no station"):
        way.invoke(broken, {"city": "Paris"})
    span = spans.only()
    assert not span.status.is_ok
    assert [event.name for event in span.events] == ["exception"]


def test_a_failure_told_to_the_model_is_an_error_too(way: Any, spans: SpanCollector) -> None:
    told = broken.model_copy(update={"handle_tool_error": True})
    assert way.invoke(told, {**CALL, "name": "broken"}).status == "error"
    span = spans.only()
    assert (span.status.is_ok, span.status.description) == (False, "no station in Paris")
    assert attributes_of(span)[semconv.OUTPUT_VALUE] == "no station in Paris"


def test_a_model_and_spans_of_the_users_own_inside_a_tool_are_below_it(
    way: Any, spans: SpanCollector
) -> None:
    tracer = spans.provider.get_tracer("host")
    model = GenericFakeChatModel(messages=iter([AIMessage("sunny")]))

    def ask(city: str) -> str:
        """Ask another model."""
        with tracer.start_as_current_span("prepare"):
            with tracer.start_as_current_span("query"):
                answer = model.invoke(f"weather in {city}")
            return str(answer.content)

    async def aask(city: str) -> str:
        """Ask another model."""
        with tracer.start_as_current_span("prepare"):
            await asyncio.sleep(0)
            with tracer.start_as_current_span("query"):
                answer = await model.ainvoke(f"weather in {city}")
            return str(answer.content)

    asking = StructuredTool.from_function(ask, aask)
    chain = RunnableLambda(lambda city: {"city": city}) | asking
    with tracer.start_as_current_span("request"):
        assert way.invoke(chain, "Paris") == "sunny"
    assert span_tree(spans.settled()) == snapshot("""\
request [-]
  RunnableSequence [CHAIN]
    RunnableLambda [CHAIN]
    ask [TOOL]
      prepare [-]
        query [-]
          GenericFakeChatModel [LLM]\
""")


def test_a_tool_that_hands_work_to_threads_keeps_them_below(spans: SpanCollector) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from catalyst_sdk import propagate

    tracer = spans.provider.get_tracer("host")

    def work(number: int) -> int:
        with tracer.start_as_current_span(f"part {number}"):
            return number

    def fan_out(most: int) -> int:
        """Work in parallel."""
        with ThreadPoolExecutor(2) as pool:
            return sum(pool.map(propagate(work), range(most)))

    assert StructuredTool.from_function(fan_out).invoke({"most": 2}) == 1
    assert sorted(span_tree(spans.settled()).splitlines()) == snapshot(
        ["  part 0 [-]", "  part 1 [-]", "fan_out [TOOL]"]
    )


def test_a_cancelled_tool_ends_its_span(spans: SpanCollector) -> None:
    async def wait(city: str) -> str:
        """Wait."""
        started.set()
        await asyncio.sleep(60)
        return city

    waiting = StructuredTool.from_function(coroutine=wait)
    started = threading.Event()

    async def cancel() -> None:
        task = asyncio.create_task(waiting.ainvoke({"city": "Paris"}))
        while not started.is_set():
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    assert span_tree(spans.settled()) == snapshot("wait [TOOL] ERROR")


def test_a_hook_can_stop_an_agent_before_its_next_tool(way: Any, spans: SpanCollector) -> None:
    with spans.provider.get_tracer("host").start_as_current_span("run") as span:
        request_stop(span.get_span_context().trace_id, "over budget")
        with pytest.raises(StopAgent, match="over budget"):
            way.invoke(weather, CALL)


def test_what_a_tool_returns_is_recorded_whatever_it_is(spans: SpanCollector) -> None:
    class Station:
        """Has no form in JSON."""

        def __repr__(self) -> str:
            return "Station(7)"

    @tool
    def station(city: str) -> Any:
        """Find the station."""
        return {"station": Station(), "city": city}

    assert repr(station.invoke({"city": "Paris"})["station"]) == "Station(7)"
    assert attributes_of(spans.only())[semconv.OUTPUT_VALUE] == (
        '{"station":"Station(7)","city":"Paris"}'
    )
