"""Agents made by langchain and by langgraph's prebuilt: over real clients, tokens once."""

from __future__ import annotations

import asyncio
import importlib
import sys
import warnings
from typing import Annotated, Any

import pytest
from inline_snapshot import snapshot
from langchain_core.tools import InjectedToolCallId, tool
from langgraph.types import Command

from catalyst_integrations.langgraph import LangGraphInstrumentor
from catalyst_sdk import attributes, semconv
from catalyst_sdk.instrumentation.testing import (
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
    tool_call,
)

ASKED = {"messages": [{"role": "user", "content": "Weather in Paris?"}]}
CALL = tool_call("weather", '{"city": "Paris"}')
NOISE = ("RunnableSequence", "Prompt", "should_continue", "call_model", "_", "RunnableCallable")
"""Runs that some versions of the prebuilt agent have inside its nodes."""


@tool
def weather(city: str) -> str:
    """Tell the weather."""
    return f"sunny in {city}"


@pytest.fixture(params=["create_agent", "create_react_agent"])
def create(request: pytest.FixtureRequest) -> Any:
    """Makes an agent by name, model and tools; a node of it is `model` or `agent`."""
    if request.param == "create_agent":
        agents = pytest.importorskip("langchain.agents")
        if not hasattr(agents, "create_agent"):
            pytest.skip("langchain before 1.0")
        return agents.create_agent
    prebuilt = importlib.import_module("langgraph.prebuilt")

    def create(*args: Any, **kwargs: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # deprecated since 1.0, and still there
            return prebuilt.create_react_agent(*args, **kwargs)

    return create


def _tree(spans: SpanCollector, *attributes: str) -> str:
    """The same for every maker of agents: the model's node is `model`, noise is left out."""
    shown: list[str] = []
    depths: list[tuple[int, int]] = [(-2, -2)]
    for line in span_tree(spans.settled(), *attributes).splitlines():
        depth = len(line) - len(line.lstrip())
        while depths[-1][0] >= depth:
            depths.pop()
        above = depths[-1][1]
        noise = line.strip().startswith(NOISE)
        depths.append((depth, above if noise else above + 2))
        if not noise:
            shown.append(" " * (above + 2) + line.strip())
    return "\n".join(shown).replace("  agent [", "  model [")


def test_an_agents_run_is_one_trace_and_tokens_count_once(
    way: Any, create: Any, chat: Any, server: ProviderServer, both: SpanCollector
) -> None:
    server.script(
        json_reply(chat_completion(None, tool_calls=[CALL])),
        json_reply(chat_completion("Sunny.")),
    )
    agent = create(chat(), [weather], name="Weather agent")
    assert way.invoke(agent, ASKED)["messages"][-1].content == "Sunny."
    both.settled()
    assert len({span.context.trace_id for span in both.ended}) == 1
    kinds = [attributes_of(span)[semconv.SPAN_KIND] for span in both.ended]
    assert [kinds.count(kind) for kind in ("AGENT", "LLM", "TOOL")] == [1, 2, 1]
    billed = [attributes_of(span).get(semconv.LLM_TOKENS_TOTAL) for span in both.ended]
    assert sum(tokens or 0 for tokens in billed) == 56
    assert {attributes_of(span)[semconv.AGENT_ID] for span in both.ended} == {"weather-agent"}
    used = attributes_of(next(span for span in both.ended if span.name == "weather"))
    assert (used[semconv.TOOL_CALL_ID], used[semconv.INPUT_VALUE], used[semconv.OUTPUT_VALUE]) == (
        "call_1",
        '{"city":"Paris"}',
        "sunny in Paris",
    )


def test_the_tree_of_create_agent(
    way: Any, chat: Any, server: ProviderServer, both: SpanCollector
) -> None:
    agents = pytest.importorskip("langchain.agents")
    if not hasattr(agents, "create_agent"):
        pytest.skip("langchain before 1.0")
    server.script(
        json_reply(chat_completion(None, tool_calls=[CALL])),
        json_reply(chat_completion("Sunny.")),
    )
    way.invoke(agents.create_agent(chat(), [weather], name="Weather agent"), ASKED)
    assert span_tree(both.settled(), semconv.AGENT_NAME) == snapshot("""\
Weather agent [AGENT] name=Weather agent
  model [CHAIN] name=Weather agent
    ChatOpenAI [CHAIN] name=Weather agent
      chat gpt-test [LLM] 20+8 name=Weather agent
  tools [CHAIN] name=Weather agent
    weather [TOOL] name=Weather agent
  model [CHAIN] name=Weather agent
    ChatOpenAI [CHAIN] name=Weather agent
      chat gpt-test [LLM] 20+8 name=Weather agent\
""")


def test_the_tree_without_the_providers_own_tracing(
    way: Any, create: Any, chat: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    server.script(
        json_reply(chat_completion(None, tool_calls=[CALL])),
        json_reply(chat_completion("Sunny.")),
    )
    way.invoke(create(chat(), [weather], name="Weather agent"), ASKED)
    billed = [line.strip() for line in span_tree(spans.settled()).splitlines() if "+" in line]
    assert billed == ["ChatOpenAI [LLM] 20+8", "ChatOpenAI [LLM] 20+8"]


@pytest.mark.parametrize("mode", ["updates", "messages"])
def test_a_streamed_agent_is_the_same_trace(
    mode: Any, way: Any, create: Any, chat: Any, server: ProviderServer, both: SpanCollector
) -> None:
    is_async = type(way).__name__ == "Async"
    if mode == "messages" and is_async and sys.version_info < (3, 11):
        pytest.skip("the library loses its config there and may not stream")
    if mode == "messages":
        server.script(
            sse_reply(chat_chunks((), tool_calls=[CALL])), sse_reply(chat_chunks(["Sun", "ny."]))
        )
    else:
        server.script(
            json_reply(chat_completion(None, tool_calls=[CALL])),
            json_reply(chat_completion("Sunny.")),
        )
    agent = create(chat(stream_usage=True), [weather], name="Weather agent")

    def stream() -> Any:
        return list(agent.stream(ASKED, stream_mode=mode))

    async def astream() -> Any:
        return [item async for item in agent.astream(ASKED, stream_mode=mode)]

    way.run(astream if is_async else stream)
    both.settled()
    assert len({span.context.trace_id for span in both.ended}) == 1
    billed = [line.strip() for line in span_tree(both.ended).splitlines() if "+" in line]
    assert billed == ["chat gpt-test [LLM] 20+8"] * 2


def test_a_tool_that_asks_a_model_has_it_below(
    way: Any, create: Any, chat: Any, server: ProviderServer, both: SpanCollector
) -> None:
    tracer = both.provider.get_tracer("host")
    model = chat()

    @tool
    def weather(city: str) -> str:
        """Tell the weather."""
        with tracer.start_as_current_span("own"):
            return str(model.invoke(f"weather in {city}").content)

    server.script(
        json_reply(chat_completion(None, tool_calls=[CALL])),
        json_reply(chat_completion("sunny")),
        json_reply(chat_completion("Sunny.")),
    )
    way.invoke(create(chat(), [weather]), ASKED)
    assert _tree(both) == snapshot("""\
LangGraph [AGENT]
  model [CHAIN]
    ChatOpenAI [CHAIN]
      chat gpt-test [LLM] 20+8
  tools [CHAIN]
    weather [TOOL]
      own [-]
        ChatOpenAI [CHAIN]
          chat gpt-test [LLM] 20+8
  model [CHAIN]
    ChatOpenAI [CHAIN]
      chat gpt-test [LLM] 20+8\
""")


def test_a_tool_that_runs_an_agent_has_it_below_as_itself(
    way: Any, create: Any, chat: Any, server: ProviderServer, both: SpanCollector
) -> None:
    expert = create(chat(), [], name="Expert")

    @tool
    def weather(city: str) -> str:
        """Ask the expert."""
        return str(expert.invoke({"messages": [("user", city)]})["messages"][-1].content)

    server.script(
        json_reply(chat_completion(None, tool_calls=[CALL])),
        json_reply(chat_completion("sunny")),
        json_reply(chat_completion("Sunny.")),
    )
    with attributes(session_id="s1"):
        way.invoke(create(chat(), [weather], name="Desk"), ASKED)
    assert _tree(both, semconv.AGENT_ID) == snapshot("""\
Desk [AGENT] id=desk
  model [CHAIN] id=desk
    ChatOpenAI [CHAIN] id=desk
      chat gpt-test [LLM] 20+8 id=desk
  tools [CHAIN] id=desk
    weather [TOOL] id=desk
      Expert [AGENT] id=expert
        model [CHAIN] id=expert
          ChatOpenAI [CHAIN] id=expert
            chat gpt-test [LLM] 20+8 id=expert
  model [CHAIN] id=desk
    ChatOpenAI [CHAIN] id=desk
      chat gpt-test [LLM] 20+8 id=desk\
""")
    assert {attributes_of(span)[semconv.SESSION_ID] for span in both.ended} == {"s1"}


def test_a_handoff_names_whom_the_work_goes_to(
    way: Any, create: Any, chat: Any, server: ProviderServer, both: SpanCollector
) -> None:
    from langchain_core.messages import ToolMessage
    from langgraph.graph import START, MessagesState, StateGraph

    @tool
    def transfer_to_billing(call_id: Annotated[str, InjectedToolCallId]) -> Any:
        """Hand over to billing."""
        told = ToolMessage("over to billing", tool_call_id=call_id)
        return Command(goto="billing", graph=Command.PARENT, update={"messages": [told]})

    call = tool_call("transfer_to_billing", "{}")
    server.script(
        json_reply(chat_completion(None, tool_calls=[call])),
        json_reply(chat_completion("Refunded.")),
    )
    graph = StateGraph(MessagesState)
    graph.add_node("desk", create(chat(), [transfer_to_billing], name="Desk"))
    graph.add_node("billing", create(chat(), [], name="Billing"))
    graph.add_edge(START, "desk")
    way.invoke(graph.compile(), ASKED)
    assert _tree(both, semconv.AGENT_HANDOFF_TO, semconv.AGENT_NAME) == snapshot("""\
LangGraph [AGENT]
  desk [CHAIN]
    Desk [AGENT] name=Desk
      model [CHAIN] name=Desk
        ChatOpenAI [CHAIN] name=Desk
          chat gpt-test [LLM] 20+8 name=Desk
      tools [CHAIN] name=Desk
        transfer_to_billing [TOOL] to=billing name=Desk
  billing [CHAIN]
    Billing [AGENT] name=Billing
      model [CHAIN] name=Billing
        ChatOpenAI [CHAIN] name=Billing
          chat gpt-test [LLM] 20+8 name=Billing\
""")


def test_a_failing_request_fails_the_agent(
    way: Any, create: Any, chat: Any, server: ProviderServer, both: SpanCollector
) -> None:
    server.script(error_reply(400, "no such model"))
    with pytest.raises(Exception, match="no such model"):
        way.invoke(create(chat(), [weather]), ASKED)
    assert _tree(both) == snapshot("""\
LangGraph [AGENT] ERROR
  model [CHAIN] ERROR
    ChatOpenAI [CHAIN] ERROR
      chat gpt-test [LLM] ERROR\
""")


def test_collapsed_compositions_are_left_out(
    way: Any, create: Any, chat: Any, server: ProviderServer, collector: SpanCollector
) -> None:
    server.script(json_reply(chat_completion("Sunny.")))
    LangGraphInstrumentor().instrument(tracer_provider=collector.provider, collapse=True)
    try:
        way.invoke(create(chat(), []), ASKED)
    finally:
        LangGraphInstrumentor().uninstrument()
    assert "RunnableSequence" not in span_tree(collector.settled())
    assert "ChatOpenAI [LLM] 20+8" in span_tree(collector.ended)


def test_events_of_an_agent_leave_its_trace_as_it_is(
    create: Any, chat: Any, server: ProviderServer, both: SpanCollector
) -> None:
    server.script(
        json_reply(chat_completion(None, tool_calls=[CALL])),
        json_reply(chat_completion("Sunny.")),
    )
    agent = create(chat(disable_streaming=True), [weather])

    async def events() -> list[Any]:
        return [event async for event in agent.astream_events(ASKED, version="v2")]

    assert asyncio.run(events())
    assert _tree(both) == snapshot("""\
LangGraph [AGENT]
  model [CHAIN]
    ChatOpenAI [CHAIN]
      chat gpt-test [LLM] 20+8
  tools [CHAIN]
    weather [TOOL]
  model [CHAIN]
    ChatOpenAI [CHAIN]
      chat gpt-test [LLM] 20+8\
""")
