"""`AgentExecutor`, of langchain before 1.0 and of langchain-classic since."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
from inline_snapshot import snapshot
from langchain_core.language_models import FakeListLLM
from langchain_core.prompts import PromptTemplate
from langchain_core.tools import tool

from catalyst_sdk import semconv
from catalyst_sdk.instrumentation.testing import SpanCollector, attributes_of, span_tree

REACT = """{tools} {tool_names}
Question: {input}
{agent_scratchpad}"""
STEPS = [
    "I look.\nAction: weather\nAction Input: Paris",
    "I know.\nFinal Answer: sunny",
]


@tool
def weather(city: str) -> str:
    """Tell the weather."""
    return f"sunny in {city.strip()}"


def _executor(**options: Any) -> Any:
    for name in ("langchain_classic.agents", "langchain.agents"):
        try:
            agents = importlib.import_module(name)
        except ImportError:
            continue
        if hasattr(agents, "AgentExecutor"):
            break
    else:
        pytest.skip("no AgentExecutor is installed")
    prompt = PromptTemplate.from_template(REACT)
    agent = agents.create_react_agent(FakeListLLM(responses=STEPS), [weather], prompt)
    return agents.AgentExecutor(agent=agent, tools=[weather], **options)


def test_an_executors_run_is_an_agents(way: Any, spans: SpanCollector) -> None:
    assert way.invoke(_executor(), {"input": "Weather in Paris?"})["output"] == "sunny"
    tree = span_tree(spans.settled()).splitlines()
    assert [line for line in tree if "[CHAIN]" not in line] == snapshot(
        [
            "AgentExecutor [AGENT]",
            "    FakeListLLM [LLM]",
            "  weather [TOOL]",
            "    FakeListLLM [LLM]",
        ]
    )
    root = attributes_of(next(span for span in spans.ended if span.parent is None))
    assert root[semconv.INPUT_VALUE] == '{"input":"Weather in Paris?"}'
    assert "sunny" in root[semconv.OUTPUT_VALUE]


def test_a_named_executor_names_its_agent(way: Any, spans: SpanCollector) -> None:
    way.invoke(_executor(name="Weather agent"), {"input": "Weather in Paris?"})
    assert {attributes_of(span).get(semconv.AGENT_ID) for span in spans.settled()} == {
        "weather-agent"
    }


@pytest.mark.parametrize("most", [1, 1000])
def test_a_streamed_executor_is_one_trace(way: Any, most: int, spans: SpanCollector) -> None:
    assert way.stream(_executor(), {"input": "Weather in Paris?"}, most=most)
    roots = [span for span in spans.settled() if span.parent is None]
    assert [span.name for span in roots] == ["AgentExecutor"]


def test_what_an_executors_own_code_does_is_below_it(spans: SpanCollector) -> None:
    tracer = spans.provider.get_tracer("host")

    def stop(error: Exception) -> str:
        with tracer.start_as_current_span("handle"):
            return str(error)

    executor = _executor(handle_parsing_errors=stop)
    executor.agent.runnable.steps[-2].bound.responses[:] = ["gibberish", STEPS[1]]
    executor.invoke({"input": "Weather in Paris?"})
    handled = next(span for span in spans.settled() if span.name == "handle")
    names = {span.context.span_id: span.name for span in spans.ended}
    assert names[handled.parent.span_id] == "AgentExecutor"
