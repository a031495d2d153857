"""Graphs: one trace, the graph's span above its nodes', their own work below."""

from __future__ import annotations

import asyncio
import json
import operator
import sys
import warnings
from typing import Annotated, Any, TypedDict

import pytest
from inline_snapshot import snapshot
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_core.runnables import RunnableLambda
from langgraph.checkpoint.memory import MemorySaver
from langgraph.errors import GraphRecursionError
from langgraph.graph import END, START, StateGraph
from langgraph.pregel import Pregel
from langgraph.types import Command, Send, interrupt

from catalyst_integrations.langgraph import LangGraphInstrumentor
from catalyst_sdk import agent_span, semconv
from catalyst_sdk.instrumentation.testing import SpanCollector, attributes_of, span_tree


class State(TypedDict):
    words: Annotated[list[str], operator.add]


def built(*nodes: tuple[str, Any], **options: Any) -> Any:
    """A graph of *nodes*, one after the other."""
    graph = StateGraph(State)
    before = START
    for name, node in nodes:
        graph.add_node(name, node)
        graph.add_edge(before, name)
        before = name
    graph.add_edge(before, END)
    return graph.compile(**options)


def say(word: str) -> Any:
    return lambda state: {"words": [word]}


def _named(spans: SpanCollector, name: str) -> dict[str, Any]:
    return attributes_of(next(span for span in spans.settled() if span.name == name))


def _values(spans: SpanCollector, name: str) -> set[Any]:
    return {attributes_of(span).get(name) for span in spans.settled()}


def test_a_graph_is_an_agents_trace_of_its_nodes(way: Any, spans: SpanCollector) -> None:
    graph = built(("greet", say("hello")), ("part", say("bye")))
    assert way.invoke(graph, {"words": []}) == {"words": ["hello", "bye"]}
    assert span_tree(spans.settled(), semconv.GRAPH_NODE_ID) == snapshot("""\
LangGraph [AGENT]
  greet [CHAIN] id=greet
  part [CHAIN] id=part\
""")
    root, part = _named(spans, "LangGraph"), _named(spans, "part")
    assert root[semconv.INPUT_VALUE] == '{"words":[]}'
    assert root[semconv.OUTPUT_VALUE] == '{"words":["hello","bye"]}'
    assert part[semconv.INPUT_VALUE] == '{"words":["hello"]}'
    assert part[semconv.OUTPUT_VALUE] == '{"words":["bye"]}'


@pytest.mark.parametrize("mode", ["values", "updates", "messages", "custom", "debug"])
def test_a_streamed_graph_is_the_same_trace(mode: str, way: Any, spans: SpanCollector) -> None:
    graph = built(("greet", say("hello")), ("part", say("bye")))
    streamed = way.stream(_Streaming(graph, mode), {"words": []})
    assert bool(streamed) is (mode in ("values", "updates", "debug"))
    assert span_tree(spans.settled()) == snapshot("""\
LangGraph [AGENT]
  greet [CHAIN]
  part [CHAIN]\
""")


class _Streaming:
    """A graph streamed in one mode."""

    def __init__(self, graph: Any, mode: Any) -> None:
        self._graph = graph
        self._mode = mode

    def stream(self, value: Any, config: Any) -> Any:
        return self._graph.stream(value, config, stream_mode=self._mode)

    def astream(self, value: Any, config: Any) -> Any:
        return self._graph.astream(value, config, stream_mode=self._mode)


def test_a_stream_broken_out_of_leaves_nothing_open(way: Any, spans: SpanCollector) -> None:
    graph = built(("greet", say("hello")), ("part", say("bye")))
    assert len(way.stream(graph, {"words": []}, most=1)) == 1
    tree = span_tree(spans.settled())
    assert tree.startswith("LangGraph [AGENT]")
    assert len({span.context.trace_id for span in spans.ended}) == 1


def test_a_batch_of_a_graph_is_a_trace_for_each(way: Any, spans: SpanCollector) -> None:
    graph = built(("greet", say("hello")))
    assert len(way.batch(graph, [{"words": []}, {"words": []}])) == 2
    assert span_tree(spans.settled()) == snapshot("""\
LangGraph [AGENT]
  greet [CHAIN]
LangGraph [AGENT]
  greet [CHAIN]\
""")


def test_what_a_node_does_is_below_it(way: Any, spans: SpanCollector) -> None:
    tracer = spans.provider.get_tracer("host")
    model = GenericFakeChatModel(messages=iter([AIMessage("hello")]))

    def greet(_state: State) -> State:
        with tracer.start_as_current_span("own"):
            return {"words": [str(model.invoke("greet").content)]}

    async def agreet(_state: State) -> State:
        with tracer.start_as_current_span("own"):
            return {"words": [str((await model.ainvoke("greet")).content)]}

    graph = built(("greet", RunnableLambda(greet, agreet)), ("part", say("bye")))
    with tracer.start_as_current_span("request"):
        assert way.invoke(graph, {"words": []}) == {"words": ["hello", "bye"]}
    tree = span_tree(spans.settled()).splitlines()
    assert [line for line in tree if "RunnableLambda" not in line][:3] == snapshot(
        ["request [-]", "  LangGraph [AGENT]", "    greet [CHAIN]"]
    )
    (model_line,) = (line for line in tree if "GenericFakeChatModel [LLM]" in line)
    assert tree[tree.index(model_line) - 1].strip() == "own [-]"
    assert "    part [CHAIN]" in tree


def test_a_plain_nodes_own_span_is_below_it(way: Any, spans: SpanCollector) -> None:
    tracer = spans.provider.get_tracer("host")

    def greet(_state: State) -> State:
        with tracer.start_as_current_span("own"):
            return {"words": ["hello"]}

    way.invoke(built(("greet", greet)), {"words": []})
    assert span_tree(spans.settled()) == snapshot("""\
LangGraph [AGENT]
  greet [CHAIN]
    own [-]\
""")


def test_nodes_at_the_same_time_are_beside_one_another(way: Any, spans: SpanCollector) -> None:
    graph = StateGraph(State)
    graph.add_node("plan", say("plan"))
    graph.add_node("work", say("work"))
    graph.add_edge(START, "plan")

    def spread(_state: State) -> list[Send]:
        return [Send("work", {"words": []})] * 3

    graph.add_conditional_edges("plan", spread, ["work"])
    assert way.invoke(graph.compile(), {"words": []})["words"] == ["plan"] + ["work"] * 3
    assert span_tree(spans.settled()) == snapshot("""\
LangGraph [AGENT]
  plan [CHAIN]
    spread [CHAIN]
  work [CHAIN]
  work [CHAIN]
  work [CHAIN]\
""")


def test_an_unnamed_subgraph_is_a_step_of_its_agent(way: Any, spans: SpanCollector) -> None:
    inner = built(("look", say("look")))
    assert way.invoke(built(("research", inner)), {"words": []})
    assert span_tree(spans.settled()) == snapshot("""\
LangGraph [AGENT]
  research [CHAIN]
    LangGraph [CHAIN]
      look [CHAIN]\
""")


def test_a_named_subgraph_is_an_agent_of_its_own(way: Any, spans: SpanCollector) -> None:
    inner = built(("look", say("look")), name="Researcher")

    def ask(state: State) -> Any:
        return inner.invoke(state)

    async def aask(state: State) -> Any:
        return await inner.ainvoke(state)

    graph = built(("ask", RunnableLambda(ask, aask)), ("part", say("bye")), name="Desk")
    way.invoke(graph, {"words": []})
    lines = span_tree(spans.settled(), semconv.AGENT_ID).splitlines()
    assert lines[0] == "Desk [AGENT] id=desk"
    assert lines[-1] == "  part [CHAIN] id=desk"
    assert [line.strip() for line in lines if "Researcher" in line or "look" in line] == [
        "Researcher [AGENT] id=researcher",
        "look [CHAIN] id=researcher",
    ]


def test_an_unnamed_graph_is_of_the_agent_around_it(way: Any, spans: SpanCollector) -> None:
    with agent_span("Refund agent"):
        way.invoke(built(("greet", say("hello"))), {"words": []})
    assert _values(spans, semconv.AGENT_ID) == {"refund-agent"}


def test_the_thread_is_the_session(way: Any, spans: SpanCollector) -> None:
    graph = built(("greet", say("hello")), checkpointer=MemorySaver())
    way.invoke(graph, {"words": []}, {"configurable": {"thread_id": 17}})
    assert len(spans.settled()) == 2
    assert _values(spans, semconv.SESSION_ID) == {"17"}


def test_the_thread_bound_to_a_graph_is_the_session(way: Any, spans: SpanCollector) -> None:
    bound = built(("greet", say("hello"))).with_config({"configurable": {"thread_id": "t2"}})
    way.invoke(bound, {"words": []})
    assert _values(spans, semconv.SESSION_ID) == {"t2"}


def test_a_session_of_the_program_stays(way: Any, spans: SpanCollector) -> None:
    graph = built(("greet", say("hello")))
    with agent_span("Refund agent", session_id="mine"):
        way.invoke(graph, {"words": []}, {"configurable": {"thread_id": "theirs"}})
    assert _values(spans, semconv.SESSION_ID) == {"mine"}


def test_an_interrupt_is_no_failure_and_the_resumed_run_has_its_session(
    way: Any, spans: SpanCollector
) -> None:
    def ask(_state: State) -> State:
        return {"words": [interrupt({"question": "refund?"})]}

    if sys.version_info < (3, 11) and type(way).__name__ == "Async":
        pytest.skip("langgraph itself needs 3.11 for interrupts in asynchronous graphs")
    inner = built(("ask", ask))
    graph = built(("plan", say("plan")), ("confirm", inner), checkpointer=MemorySaver())
    config = {"configurable": {"thread_id": "t1"}}
    way.invoke(graph, {"words": []}, config)
    assert way.invoke(graph, Command(resume="yes"), config)["words"][-1] == "yes"
    assert span_tree(spans.settled(), semconv.SESSION_ID) == snapshot("""\
LangGraph [AGENT] id=t1
  plan [CHAIN] id=t1
  confirm [CHAIN] id=t1
    LangGraph [CHAIN] id=t1
      ask [CHAIN] id=t1
LangGraph [AGENT] id=t1
  confirm [CHAIN] id=t1
    LangGraph [CHAIN] id=t1
      ask [CHAIN] id=t1\
""")
    told = [(span.name, event) for span in spans.ended for event in span.events]
    assert [(name, event.name) for name, event in told] == [("ask", "langgraph.interrupt")]
    assert json.loads(str(told[0][1].attributes["interrupt.value"])) == {"question": "refund?"}


def test_a_graph_that_pauses_before_a_node_is_no_failure(way: Any, spans: SpanCollector) -> None:
    nodes = (("plan", say("plan")), ("act", say("act")))
    graph = built(*nodes, checkpointer=MemorySaver(), interrupt_before=["act"])
    way.invoke(graph, {"words": []}, {"configurable": {"thread_id": "t1"}})
    assert span_tree(spans.settled()) == snapshot("""\
LangGraph [AGENT]
  plan [CHAIN]\
""")


def test_a_command_to_the_parent_is_a_handoff_not_a_failure(way: Any, spans: SpanCollector) -> None:
    def leave(_state: State) -> Any:
        return Command(goto="closer", update={"words": ["over"]}, graph=Command.PARENT)

    graph = StateGraph(State)
    graph.add_node("opener", built(("leave", leave), name="Opener"))
    graph.add_node("closer", say("bye"))
    graph.add_edge(START, "opener")
    assert way.invoke(graph.compile(), {"words": []})["words"] == ["over", "bye"]
    assert span_tree(spans.settled(), semconv.AGENT_HANDOFF_TO) == snapshot("""\
LangGraph [AGENT]
  opener [CHAIN]
    Opener [AGENT]
      leave [CHAIN] to=closer
  closer [CHAIN]\
""")


def test_a_failing_node_fails_its_graph(way: Any, spans: SpanCollector) -> None:
    def fail(_state: State) -> State:
        raise LookupError("no such customer")

    with pytest.raises(LookupError, match="no such customer"):
        way.invoke(built(("greet", say("hello")), ("find", fail)), {"words": []})
    assert span_tree(spans.settled(), "error.type") == snapshot("""\
LangGraph [AGENT] ERROR type=LookupError
  greet [CHAIN]
  find [CHAIN] ERROR\
""")


def test_a_graph_that_never_ends_fails_by_its_limit(way: Any, spans: SpanCollector) -> None:
    graph = StateGraph(State)
    graph.add_node("again", say("again"))
    graph.add_edge(START, "again")
    graph.add_edge("again", "again")
    with pytest.raises(GraphRecursionError):
        way.invoke(graph.compile(), {"words": []}, {"recursion_limit": 3})
    root = next(span for span in spans.settled() if span.parent is None)
    assert (root.status.description or "").startswith("GraphRecursionError")


def test_a_cancelled_graph_ends_its_spans(spans: SpanCollector) -> None:
    started = asyncio.Event()

    async def wait(_state: State) -> State:
        started.set()
        await asyncio.sleep(60)
        return {"words": []}

    async def cancel() -> None:
        task = asyncio.create_task(built(("wait", wait)).ainvoke({"words": []}))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    assert span_tree(spans.settled()) == snapshot("""\
LangGraph [AGENT] ERROR
  wait [CHAIN] ERROR\
""")


def test_events_of_a_graph_leave_its_trace_as_it_is(spans: SpanCollector) -> None:
    async def events() -> list[Any]:
        graph = built(("greet", say("hello")))
        return [event async for event in graph.astream_events({"words": []}, version="v2")]

    assert asyncio.run(events())[-1]["event"] == "on_chain_end"
    assert span_tree(spans.settled()) == snapshot("""\
LangGraph [AGENT]
  greet [CHAIN]\
""")


def test_graphs_at_the_same_time_do_not_mix(spans: SpanCollector) -> None:
    from concurrent.futures import ThreadPoolExecutor

    tracer = spans.provider.get_tracer("host")

    def greet(state: State) -> State:
        with tracer.start_as_current_span(f"own {state['words'][0]}"):
            return {"words": []}

    graph = built(("greet", greet))

    def run(number: int) -> None:
        with agent_span(f"Agent {number}"):
            graph.invoke({"words": [str(number)]})

    async def arun(number: int) -> None:
        with agent_span(f"Agent {number}"):
            await graph.ainvoke({"words": [str(number)]})

    async def gather() -> None:
        await asyncio.gather(*(arun(number) for number in range(20, 40)))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(run, range(20)))
    asyncio.run(gather())
    traces: dict[int, list[Any]] = {}
    for span in spans.settled():
        traces.setdefault(span.context.trace_id, []).append(span)
    inside = [list(held) for held in traces.values()]
    assert len(inside) == 40
    for held in inside:
        (own,) = (span.name for span in held if span.name.startswith("own"))
        agents = {attributes_of(span).get(semconv.AGENT_ID) for span in held}
        assert agents == {f"agent-{own.removeprefix('own ')}"}


def test_tasks_of_an_entrypoint_are_below_it(way: Any, spans: SpanCollector) -> None:
    func = pytest.importorskip("langgraph.func")
    tracer = spans.provider.get_tracer("host")

    @func.task()
    def work(number: int) -> int:
        with tracer.start_as_current_span("own"):
            return 2 * number

    @func.entrypoint()
    def flow(number: int) -> int:
        return int(work(number).result())

    @func.entrypoint()
    async def aflow(number: int) -> int:
        return int(await work(number))

    is_async = type(way).__name__ == "Async"
    if is_async and sys.version_info < (3, 11):
        pytest.skip("langgraph itself needs 3.11 for asynchronous tasks")
    assert way.invoke(aflow if is_async else flow, 3) == 6
    lines = span_tree(spans.settled()).splitlines()
    assert lines[0] == "LangGraph [AGENT]"
    work_line = next(line for line in lines if line.strip() == "work [CHAIN]")
    assert lines[lines.index(work_line) + 1].strip() == "own [-]"
    assert len({span.context.trace_id for span in spans.ended}) == 1


def test_content_is_left_out_when_asked(way: Any, collector: SpanCollector) -> None:
    LangGraphInstrumentor().instrument(tracer_provider=collector.provider, capture_content=False)
    try:
        way.invoke(built(("greet", say("a secret"))), {"words": ["a secret"]})
    finally:
        LangGraphInstrumentor().uninstrument()
    assert "secret" not in str([dict(span.attributes or {}) for span in collector.settled()])


@pytest.mark.skipif(not hasattr(Pregel, "_pregel_stream_v3"), reason="langgraph before it")
def test_a_graph_streamed_by_protocol_is_the_same_trace(spans: SpanCollector) -> None:
    model = GenericFakeChatModel(messages=iter([AIMessage("hello there")]))

    def greet(_state: State) -> State:
        return {"words": [str(model.invoke("greet").content)]}

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # in beta
        stream = built(("greet", greet)).stream_events({"words": []}, version="v3")
        assert "hello there" in stream.output["words"][0]
    assert span_tree(spans.settled()) == snapshot("""\
LangGraph [AGENT]
  greet [CHAIN]
    GenericFakeChatModel [LLM]\
""")
