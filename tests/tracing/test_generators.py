"""Traced generators: the protocol survives; the span is current in each step and only there."""

from __future__ import annotations

import asyncio
import gc
import inspect
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry import trace
from opentelemetry.trace import StatusCode

from catalyst_sdk import trace_span


def current() -> object:
    return trace.get_current_span()


def nothing_current() -> bool:
    return not trace.get_current_span().get_span_context().is_valid


@trace_span
def count(upto: int) -> Iterator[int]:
    for number in range(upto):
        with trace_span(f"step {number}"):
            pass
        yield number


@trace_span
async def count_async(upto: int) -> AsyncIterator[int]:
    for number in range(upto):
        with trace_span(f"step {number}"):
            await asyncio.sleep(0)
        yield number


def test_a_generator_is_one_span_with_what_it_yielded(traced):
    seen = []
    for number in count(3):
        assert nothing_current()
        seen.append(number)
        with trace_span("consumer"):
            pass
    assert seen == [0, 1, 2]
    span = traced.one("count")
    assert span.attributes["input.value"] == '{"upto":3}'
    assert span.attributes["output.value"] == "[0,1,2]"
    below = {s.name for s in traced.spans if s.parent and s.parent.span_id == span.context.span_id}
    assert below == {"step 0", "step 1", "step 2"}
    assert [s.parent for s in traced.spans if s.name == "consumer"] == [None] * 3


def test_texts_are_joined_as_one(traced):
    @trace_span
    def tokens() -> Iterator[str]:
        yield "Hello"
        yield ", world"

    list(tokens())
    assert traced.one().attributes["output.value"] == "Hello, world"
    assert traced.one().attributes["output.mime_type"] == "text/plain"


def test_texts_then_something_else_are_a_list(traced):
    @trace_span
    def mixed() -> Iterator[object]:
        yield "a"
        yield {"b": 1}

    list(mixed())
    assert traced.one().attributes["output.value"] == '["a",{"b":1}]'


def test_a_generator_never_started_has_no_span(traced):
    generator = count(3)
    del generator
    assert traced.spans == []


def test_closing_early_ends_the_span_without_an_error(traced):
    generator = count(10)
    assert next(generator) == 0
    generator.close()
    span = traced.one("count")
    assert span.status.status_code is StatusCode.UNSET
    assert span.events == ()
    assert span.attributes["output.value"] == "[0]"


def test_breaking_out_ends_the_span_when_it_is_collected(traced):
    for _ in count(10):
        break
    gc.collect()
    assert traced.one("count").end_time is not None


def test_a_generator_in_a_cycle_ends_at_its_last_step_not_when_it_is_collected(traced):
    class Holder:
        pass

    holder = Holder()
    holder.me = holder
    holder.generator = count(10)
    next(holder.generator)
    with trace_span("later"):
        pass
    del holder
    gc.collect()
    spans = {span.name: span for span in traced.spans}
    assert spans["count"].end_time <= spans["later"].start_time


def test_an_error_of_the_generator_is_recorded_and_raised(traced):
    @trace_span
    def broken() -> Iterator[int]:
        yield 1
        raise ValueError("broke")

    generator = broken()
    next(generator)
    with pytest.raises(ValueError, match="broke"):
        next(generator)
    with pytest.raises(StopIteration):
        next(generator)
    assert traced.one().status.status_code is StatusCode.ERROR


def test_a_span_kept_open_over_a_yield_stays_the_parent(traced):
    @trace_span
    def session() -> Iterator[int]:
        with trace_span("inside"):
            yield 1
            with trace_span("leaf"):
                pass
            yield 2
        with trace_span("after"):
            pass

    for _ in session():
        assert nothing_current()
    names = {span.context.span_id: span.name for span in traced.spans}
    parents = {span.name: span.parent and names[span.parent.span_id] for span in traced.spans}
    assert parents == {"session": None, "inside": "session", "leaf": "inside", "after": "session"}


def test_two_interleaved_generators_do_not_mix(traced):
    left, right = count(3), count(3)
    for _ in range(3):
        next(left), next(right)
    list(left), list(right)
    spans = traced.spans
    owners = [s.context.span_id for s in spans if s.name == "count"]
    for owner in owners:
        assert len([s for s in spans if s.parent and s.parent.span_id == owner]) == 3


def test_a_generator_stepped_by_other_threads_leaks_nothing(traced, caplog):
    generator = count(4)
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as other:
        for pool in (one, other, one, other):
            pool.submit(next, generator).result()
        assert one.submit(nothing_current).result()
        assert other.submit(nothing_current).result()
    generator.close()
    assert caplog.records == []
    span = traced.one("count")
    assert all(s.parent.span_id == span.context.span_id for s in traced.spans if s is not span)


def echo():
    """Use every part of the protocol."""
    got = None
    while True:
        try:
            got = yield got
        except KeyError as error:
            got = f"caught {error.args[0]}"
        if got == "stop":
            return "stopped"


ACTIONS = st.lists(
    st.one_of(
        st.just(("next",)),
        st.tuples(st.just("send"), st.sampled_from(["a", "b", "stop"])),
        st.tuples(st.just("throw"), st.sampled_from([KeyError, ValueError])),
        st.just(("close",)),
    ),
    max_size=8,
)


def perform(generator, actions) -> list[tuple[str, object]]:
    outcome: list[tuple[str, object]] = []
    for action, *rest in actions:
        try:
            if action == "next":
                outcome.append(("yield", next(generator)))
            elif action == "send":
                outcome.append(("yield", generator.send(*rest)))
            elif action == "throw":
                outcome.append(("yield", generator.throw(rest[0]("k"))))
            else:
                outcome.append(("close", generator.close()))
        except StopIteration as stop:
            outcome.append(("return", stop.value))
        except Exception as error:
            outcome.append(("raise", (type(error), error.args)))
    return outcome


@settings(max_examples=150, deadline=None)
@given(actions=ACTIONS)
def test_send_throw_and_close_do_what_they_do_untraced(actions):
    assert perform(trace_span(echo)(), actions) == perform(echo(), actions)


async def echo_async():
    got = None
    while True:
        try:
            got = yield got
        except KeyError as error:
            got = f"caught {error.args[0]}"
        if got == "stop":
            return


async def perform_async(generator, actions) -> list[tuple[str, object]]:
    outcome: list[tuple[str, object]] = []
    for action, *rest in actions:
        try:
            if action == "next":
                outcome.append(("yield", await anext(generator)))
            elif action == "send":
                outcome.append(("yield", await generator.asend(*rest)))
            elif action == "throw":
                outcome.append(("yield", await generator.athrow(rest[0]("k"))))
            else:
                outcome.append(("close", await generator.aclose()))
        except StopAsyncIteration:
            outcome.append(("return", None))
        except Exception as error:
            outcome.append(("raise", (type(error), error.args)))
    return outcome


@settings(max_examples=75, deadline=None)
@given(actions=ACTIONS)
def test_asend_athrow_and_aclose_do_what_they_do_untraced(actions):
    async def both():
        return (
            await perform_async(trace_span(echo_async)(), actions),
            await perform_async(echo_async(), actions),
        )

    ours, theirs = asyncio.run(both())
    assert ours == theirs


def test_a_generator_that_ignores_being_closed_is_told_so_as_ever():
    @trace_span
    def stubborn():
        try:
            yield 1
        except GeneratorExit:
            yield 2

    generator = stubborn()
    next(generator)
    with pytest.raises(RuntimeError, match="ignored GeneratorExit"):
        generator.close()


def test_yield_from_a_traced_generator_gives_its_return_value(traced):
    @trace_span
    def inner():
        yield 1
        return "result"

    def outer():
        value = yield from inner()
        yield value

    assert list(outer()) == [1, "result"]
    assert traced.one().attributes["output.value"] == "[1]"


def test_a_generator_that_only_returns_has_its_return_value_as_output(traced):
    @trace_span
    def only():
        return {"a": 1}
        yield

    list(only())
    assert traced.one().attributes["output.value"] == '{"a":1}'


def test_an_async_generator_is_one_span(traced):
    async def main() -> list[int]:
        seen = []
        async for number in count_async(3):
            assert nothing_current()
            seen.append(number)
        return seen

    assert asyncio.run(main()) == [0, 1, 2]
    span = traced.one("count_async")
    assert span.attributes["output.value"] == "[0,1,2]"
    below = [s for s in traced.spans if s.parent and s.parent.span_id == span.context.span_id]
    assert len(below) == 3


def test_an_async_generator_stepped_by_several_tasks_leaks_nothing(traced, caplog):
    @trace_span
    async def session() -> AsyncIterator[int]:
        with trace_span("inside"):
            yield 1
            yield 2
        with trace_span("after"):
            pass
        yield 3

    async def main() -> None:
        generator = session()
        for _ in range(3):
            await asyncio.create_task(step(generator))
        await generator.aclose()

    async def step(generator: AsyncIterator[int]) -> None:
        await anext(generator)
        assert nothing_current()

    asyncio.run(main())
    spans = {span.name: span for span in traced.spans}
    assert spans["after"].parent.span_id == spans["session"].context.span_id
    assert spans["inside"].parent.span_id == spans["session"].context.span_id
    assert caplog.records == []


def test_an_async_generator_broken_out_of_ends_its_span(traced):
    async def main() -> None:
        async for _ in count_async(5):
            break
        gc.collect()
        await asyncio.sleep(0)

    asyncio.run(main())
    assert traced.one("count_async").status.status_code is StatusCode.UNSET


def test_an_async_generator_left_over_after_its_loop_ends_its_span(traced):
    loop = asyncio.new_event_loop()
    generator = count_async(5)
    assert loop.run_until_complete(anext(generator)) == 0
    loop.close()
    del generator
    gc.collect()
    assert traced.one("count_async").end_time is not None


def test_a_cancelled_step_is_recorded(traced):
    @trace_span
    async def slow() -> AsyncIterator[int]:
        await asyncio.Event().wait()
        yield 1

    async def main() -> None:
        task = asyncio.create_task(anext(slow()))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert traced.one("slow").status.status_code is StatusCode.ERROR


def test_a_generator_based_coroutine_can_still_be_awaited(traced):
    import types

    @types.coroutine
    def pause():
        yield from asyncio.sleep(0).__await__()
        return "rested"

    wrapped = trace_span(pause)

    async def main() -> str:
        return await wrapped()

    assert asyncio.run(main()) == "rested"
    assert inspect.isgeneratorfunction(wrapped)
    assert traced.names() == ["pause"]


def test_many_items_are_kept_up_to_a_bound(traced):
    @trace_span
    def lots() -> Iterator[int]:
        yield from range(5000)

    assert sum(lots()) == sum(range(5000))
    output = traced.one().attributes["output.value"]
    assert output.startswith("[0,1,2,")
    assert output.endswith('"… 4000 more"]')


def test_a_long_text_is_kept_up_to_a_bound(traced):
    @trace_span
    def text() -> Iterator[str]:
        for _ in range(300):
            yield "x" * 10_000

    assert sum(map(len, text())) == 3_000_000
    assert len(traced.one().attributes["output.value"]) < 1_100_000


def test_generators_leave_no_thread_with_a_context(traced):
    seen: list[bool] = []

    def consume() -> None:
        for _ in count(2):
            seen.append(nothing_current())

    thread = threading.Thread(target=consume)
    thread.start()
    thread.join()
    assert seen == [True, True]
