"""Chains: one trace, nested as the code nests, in and out on each span."""

from __future__ import annotations

import asyncio
import copy
import gc
import json
from typing import Any

import pytest
from inline_snapshot import snapshot
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import (
    RunnableBranch,
    RunnableConfig,
    RunnableGenerator,
    RunnableLambda,
    RunnableParallel,
    RunnablePassthrough,
)

from catalyst_integrations.langchain_core import LangChainInstrumentor
from catalyst_sdk import semconv
from catalyst_sdk.instrumentation.testing import SpanCollector, attributes_of, span_tree

PROMPT = ChatPromptTemplate.from_messages([("system", "Be brief."), ("user", "{question}")])


def answering(*answers: str) -> Any:
    usage: Any = {"input_tokens": 7, "output_tokens": 3, "total_tokens": 10}
    messages = [AIMessage(answer, usage_metadata=usage) for answer in answers]
    return PROMPT | GenericFakeChatModel(messages=iter(messages)) | StrOutputParser()


def _named(spans: SpanCollector, name: str) -> dict[str, Any]:
    return attributes_of(next(span for span in spans.settled() if span.name == name))


def test_a_chain_is_one_trace(way: Any, spans: SpanCollector) -> None:
    assert way.invoke(answering("four"), {"question": "2 + 2?"}) == "four"
    assert span_tree(spans.settled()) == snapshot("""\
RunnableSequence [CHAIN]
  ChatPromptTemplate [CHAIN]
  GenericFakeChatModel [LLM] 7+3
  StrOutputParser [CHAIN]\
""")
    root = _named(spans, "RunnableSequence")
    assert root[semconv.INPUT_VALUE] == '{"question":"2 + 2?"}'
    assert root[semconv.OUTPUT_VALUE] == "four"
    prompt = _named(spans, "ChatPromptTemplate")
    assert json.loads(prompt[semconv.OUTPUT_VALUE]) == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "2 + 2?"},
    ]


def test_a_streamed_chain_is_the_same_trace(way: Any, spans: SpanCollector) -> None:
    pieces = way.stream(answering("four it is"), {"question": "2 + 2?"})
    assert "".join(pieces) == "four it is"
    assert span_tree(spans.settled()) == snapshot("""\
RunnableSequence [CHAIN]
  ChatPromptTemplate [CHAIN]
  GenericFakeChatModel [LLM]
  StrOutputParser [CHAIN]\
""")
    root = _named(spans, "RunnableSequence")
    assert json.loads(root[semconv.INPUT_VALUE])["question"] == "2 + 2?"
    assert root[semconv.OUTPUT_VALUE] == "four it is"


def test_a_batch_without_a_span_around_it_is_a_trace_for_each(
    way: Any, spans: SpanCollector
) -> None:
    chain = RunnableLambda(lambda number: number + 1).with_config(run_name="add")
    assert way.batch(chain, [1, 2]) == [2, 3]
    assert span_tree(spans.settled()) == snapshot("""\
add [CHAIN]
add [CHAIN]\
""")


def test_a_batch_inside_a_span_is_one_trace(way: Any, spans: SpanCollector) -> None:
    with spans.provider.get_tracer("host").start_as_current_span("request"):
        assert way.batch(answering("a", "b"), [{"question": "1"}, {"question": "2"}])
    assert span_tree(spans.settled()) == snapshot("""\
request [-]
  RunnableSequence [CHAIN]
    ChatPromptTemplate [CHAIN]
    GenericFakeChatModel [LLM] 7+3
    StrOutputParser [CHAIN]
  RunnableSequence [CHAIN]
    ChatPromptTemplate [CHAIN]
    GenericFakeChatModel [LLM] 7+3
    StrOutputParser [CHAIN]\
""")


def test_parallel_branches_are_below_their_step(way: Any, spans: SpanCollector) -> None:
    tracer = spans.provider.get_tracer("host")

    def double(number: int) -> int:
        with tracer.start_as_current_span("own"):
            return 2 * number

    steps = RunnableParallel(double=RunnableLambda(double), same=RunnablePassthrough())
    chain = steps | RunnableLambda(lambda both: both["double"] + both["same"])
    assert way.invoke(chain, 3) == 9
    assert sorted(span_tree(spans.settled()).splitlines()) == sorted(
        [
            "RunnableSequence [CHAIN]",
            "  RunnableParallel<double,same> [CHAIN]",
            "    double [CHAIN]",
            "      own [-]",
            "    RunnablePassthrough [CHAIN]",
            "  RunnableLambda [CHAIN]",
        ]
    )


def test_calls_inside_a_function_are_below_it(way: Any, spans: SpanCollector) -> None:
    inner = RunnableLambda(lambda number: number + 1).with_config(run_name="inner")

    def outer(number: int) -> int:
        return inner.invoke(number) + inner.invoke(number)

    async def aouter(number: int) -> int:
        return sum(await asyncio.gather(inner.ainvoke(number), inner.ainvoke(number)))

    chain = RunnableLambda(outer, aouter).with_config(run_name="outer")
    assert way.invoke(chain, 1) == 4
    assert span_tree(spans.settled()) == snapshot("""\
outer [CHAIN]
  inner [CHAIN]
  inner [CHAIN]\
""")


def test_a_branch_and_a_retry_are_chains(way: Any, spans: SpanCollector) -> None:
    failures = iter([ValueError("once")])

    def work(number: int) -> int:
        for error in failures:
            raise error
        return number

    branch = RunnableBranch((lambda n: n > 0, RunnableLambda(work)), RunnablePassthrough())
    chain = branch.with_retry(stop_after_attempt=2, wait_exponential_jitter=False)
    assert way.invoke(chain, 3) == 3
    assert "ERROR" in span_tree(spans.settled())
    assert len({span.context.trace_id for span in spans.ended}) == 1


def test_an_error_is_told_in_full_once_and_named_above(way: Any, spans: SpanCollector) -> None:
    def fail(_question: Any) -> None:
        raise LookupError("no such customer")

    with pytest.raises(LookupError, match="no such customer"):
        way.invoke(PROMPT | RunnableLambda(fail), {"question": "2 + 2?"})
    assert span_tree(spans.settled(), "error.type") == snapshot("""\
RunnableSequence [CHAIN] ERROR type=LookupError
  ChatPromptTemplate [CHAIN]
  fail [CHAIN] ERROR\
""")
    told = [span.name for span in spans.ended if span.events]
    assert told == ["fail"]
    assert {span.status.description for span in spans.ended if not span.status.is_ok} == {
        "LookupError: no such customer"
    }


def test_a_stream_broken_out_of_leaves_nothing_open(way: Any, spans: SpanCollector) -> None:
    chain = answering("four it is, of course") | RunnableGenerator(_pass, _apass)
    assert len(way.stream(chain, {"question": "2 + 2?"}, most=2)) == 2
    gc.collect()
    assert len(spans.settled()) == 5
    assert len({span.context.trace_id for span in spans.ended}) == 1


def _pass(pieces: Any) -> Any:
    yield from pieces


async def _apass(pieces: Any) -> Any:
    async for piece in pieces:
        yield piece


def test_a_stream_never_read_has_no_span(spans: SpanCollector) -> None:
    stream = answering("four").stream({"question": "2 + 2?"})
    del stream
    assert spans.settled() == []


def test_what_the_user_does_between_pieces_is_not_inside_the_chain(
    spans: SpanCollector,
) -> None:
    tracer = spans.provider.get_tracer("host")
    for _piece in answering("four it").stream({"question": "2 + 2?"}):
        with tracer.start_as_current_span("render"):
            pass
    roots = {span.name for span in spans.settled() if span.parent is None}
    assert roots == {"RunnableSequence", "render"}


def test_collapsed_compositions_are_left_out(way: Any, collector: SpanCollector) -> None:
    LangChainInstrumentor().instrument(tracer_provider=collector.provider, collapse=True)
    try:
        inner = RunnableLambda(lambda n: n + 1) | RunnableLambda(lambda n: n * 2)
        chain = RunnableLambda(lambda n: n) | {"inner": inner, "same": RunnablePassthrough()}
        assert way.invoke(chain, 3) == {"inner": 8, "same": 3}
    finally:
        LangChainInstrumentor().uninstrument()
    assert sorted(span_tree(collector.settled()).splitlines(), reverse=True) == snapshot(
        [
            "RunnableSequence [CHAIN]",
            "  RunnableLambda [CHAIN]",
            "  RunnableLambda [CHAIN]",
            "  RunnableLambda [CHAIN]",
        ]
    )


def test_hidden_runs_are_left_out(way: Any, spans: SpanCollector) -> None:
    tracer = spans.provider.get_tracer("host")

    def work(number: int) -> int:
        with tracer.start_as_current_span("own"):
            return number + 1

    hidden = RunnableLambda(work).with_config(tags=["langsmith:hidden"])
    chain = RunnableLambda(lambda n: n) | hidden
    assert way.invoke(chain, 3) == 4
    assert span_tree(spans.settled()) == snapshot("""\
RunnableSequence [CHAIN]
  RunnableLambda [CHAIN]
  own [-]\
""")


def test_a_hidden_model_is_seen_all_the_same(way: Any, spans: SpanCollector) -> None:
    chain = RunnableLambda(lambda n: n) | answering("four").steps[1].with_config(
        tags=["langsmith:hidden"]
    )
    way.invoke(chain, "2 + 2?")
    assert span_tree(spans.settled()) == snapshot("""\
RunnableSequence [CHAIN]
  RunnableLambda [CHAIN]
  GenericFakeChatModel [LLM] 7+3\
""")


def test_a_config_may_be_copied_inside_a_run(spans: SpanCollector) -> None:
    def work(number: int, config: RunnableConfig) -> int:
        inner = RunnableLambda(lambda n: n + 1).with_config(run_name="inner")
        return int(inner.invoke(number, copy.deepcopy(config)))

    assert RunnableLambda(work).invoke(1) == 2
    assert span_tree(spans.settled()) == snapshot("""\
work [CHAIN]
  inner [CHAIN]\
""")


def test_content_is_left_out_when_asked(way: Any, collector: SpanCollector) -> None:
    LangChainInstrumentor().instrument(tracer_provider=collector.provider, capture_content=False)
    try:
        way.invoke(answering("a secret"), {"question": "a secret?"})
    finally:
        LangChainInstrumentor().uninstrument()
    told = [dict(span.attributes or {}) for span in collector.settled()]
    assert len(told) == 4
    assert "secret" not in str(told)
    assert "7" in span_tree(collector.ended)


def test_calls_at_the_same_time_do_not_mix(spans: SpanCollector) -> None:
    tracer = spans.provider.get_tracer("host")

    async def work(number: int) -> int:
        await asyncio.sleep(0)
        with tracer.start_as_current_span(f"own {number}"):
            return number

    async def run() -> None:
        chain = RunnableLambda(lambda n: n) | RunnableLambda(work)
        assert await asyncio.gather(*(chain.ainvoke(n) for n in range(20))) == list(range(20))

    asyncio.run(run())
    traces: dict[int, list[str]] = {}
    for span in spans.settled():
        traces.setdefault(span.context.trace_id, []).append(span.name)
    assert len(traces) == 20
    assert {len(names) for names in traces.values()} == {4}
    assert len({next(n for n in names if n.startswith("own")) for names in traces.values()}) == 20


def test_a_huge_input_is_cut_and_costs_little(spans: SpanCollector) -> None:
    rows = [{"row": number, "cells": list(range(50))} for number in range(20_000)]
    assert RunnableLambda(len).invoke(rows) == 20_000
    assert len(attributes_of(spans.only())[semconv.INPUT_VALUE]) < 2_000_000


def test_an_input_that_holds_itself_is_recorded(spans: SpanCollector) -> None:
    value: dict[str, Any] = {"name": "loop"}
    value["self"] = value
    RunnableLambda(lambda v: 1).invoke(value)
    assert attributes_of(spans.only())[semconv.INPUT_VALUE].startswith('{"name":"loop"')
