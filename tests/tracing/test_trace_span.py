"""`trace_span` around functions and blocks: what is recorded, and that nothing else changes."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import gc
import inspect
import json
import threading
import types
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.trace import StatusCode

from catalyst_sdk import TracedSpan, agent_span, current_span, trace_span
from catalyst_sdk.errors import ConfigError
from catalyst_sdk.tracing import _open


def attributes(span: Any) -> dict[str, Any]:
    return dict(span.attributes)


def test_a_bare_decorator_records_name_kind_arguments_and_result(traced):
    @trace_span
    def search(query: str, limit: int = 5, *more: str, **options: Any) -> list[str]:
        return [query.upper()]

    assert search("refunds", 3, "x", lang="en") == ["REFUNDS"]

    span = traced.one()
    test = "test_a_bare_decorator_records_name_kind_arguments_and_result"
    assert span.name == "search"
    assert test not in span.name
    assert attributes(span) == {
        "openinference.span.kind": "CHAIN",
        "input.value": '{"query":"refunds","limit":3,"more":["x"],"lang":"en"}',
        "input.mime_type": "application/json",
        "output.value": '["REFUNDS"]',
        "output.mime_type": "application/json",
    }
    assert span.status.status_code is StatusCode.UNSET


def test_a_name_kind_and_capture_flags_are_taken(traced):
    @trace_span("lookup", kind="TOOL", capture_input=False, attributes={"team": "a", "none": None})
    def find(secret: str) -> str:
        return "found"

    find("s3cr3t")
    assert traced.one("lookup").attributes == {
        "openinference.span.kind": "TOOL",
        "tool.name": "lookup",
        "team": "a",
        "output.value": "found",
        "output.mime_type": "text/plain",
    }


def test_capture_output_false_leaves_the_result_out(traced):
    trace_span("f", capture_output=False)(lambda: "secret")()
    assert "output.value" not in traced.one("f").attributes


def test_a_block_is_a_span_with_what_the_program_sets(traced):
    with trace_span("retrieve", kind="RETRIEVER") as span:
        assert isinstance(span, TracedSpan)
        span.set_input("which refunds?")
        span.set_output([{"id": 1}])
        assert trace.get_current_span() is span.otel
    assert not trace.get_current_span().is_recording()
    assert traced.one("retrieve").attributes == {
        "openinference.span.kind": "RETRIEVER",
        "input.value": "which refunds?",
        "input.mime_type": "text/plain",
        "output.value": '[{"id":1}]',
        "output.mime_type": "application/json",
    }


def test_an_async_block_nests_like_any_other(traced):
    async def main() -> None:
        async with trace_span("outer"):
            await asyncio.sleep(0)
            async with trace_span("inner"):
                pass

    asyncio.run(main())
    outer, inner = traced.spans
    assert inner.parent.span_id == outer.context.span_id


def test_an_output_set_by_the_program_stands(traced):
    @trace_span
    def answer() -> dict[str, Any]:
        current_span().set_output("short")
        return {"long": "x" * 100}

    answer()
    assert traced.one().attributes["output.value"] == "short"


def test_methods_static_and_class_methods_work_in_either_order(traced):
    class Desk:
        @trace_span
        def plain(self, a: int) -> int:
            return a

        @staticmethod
        @trace_span
        def static_inner(a: int) -> int:
            return a

        @trace_span
        @staticmethod
        def static_outer(a: int) -> int:
            return a

        @classmethod
        @trace_span
        def class_inner(cls, a: int) -> str:
            return cls.__name__

        @trace_span
        @classmethod
        def class_outer(cls, a: int) -> str:
            return cls.__name__

    class Sub(Desk):
        pass

    assert (Desk().plain(1), Desk.static_inner(1), Desk().static_outer(1)) == (1, 1, 1)
    assert (Sub.class_inner(1), Sub().class_outer(1)) == ("Sub", "Sub")
    assert {span.attributes["input.value"] for span in traced.spans} == {'{"a":1}'}
    assert traced.names() == [
        f"Desk.{name}"
        for name in ("plain", "static_inner", "static_outer", "class_inner", "class_outer")
    ]


def test_signature_name_doc_and_flags_survive():
    def plain(a: int, *, b: str = "x") -> str:
        """Say it."""
        return b

    async def coroutine(a: int) -> int:
        return a

    def generator(a: int):
        yield a

    async def async_generator(a: int):
        yield a

    for function in (plain, coroutine, generator, async_generator):
        wrapped = trace_span(function)
        assert inspect.signature(wrapped) == inspect.signature(function)
        assert wrapped.__name__ == function.__name__
        assert wrapped.__doc__ == function.__doc__
        assert wrapped.__wrapped__ is function
        for is_kind in (
            inspect.isfunction,
            inspect.iscoroutinefunction,
            inspect.isgeneratorfunction,
            inspect.isasyncgenfunction,
        ):
            assert is_kind(wrapped) == is_kind(function), (function, is_kind)


def test_partials_and_callable_objects_can_be_decorated(traced):
    class Tool:
        big = "state"

        def __init__(self) -> None:
            self.state = object()

        def __call__(self, a: int) -> int:
            return a + 1

    class AsyncTool:
        async def __call__(self, a: int) -> int:
            return a + 2

    def add(a: int, b: int) -> int:
        return a + b

    assert trace_span(functools.partial(add, 1))(2) == 3
    tool = trace_span(Tool())
    assert tool(1) == 2
    assert not hasattr(tool, "state")
    asynchronous = trace_span(AsyncTool())
    assert inspect.iscoroutinefunction(asynchronous)
    assert asyncio.run(asynchronous(1)) == 3
    assert traced.names() == ["add", "Tool", "AsyncTool"]


@pytest.mark.parametrize("target", [int, property(lambda self: 1), 3, None])
def test_what_cannot_be_decorated_is_refused_where_it_is_written(target):
    with pytest.raises(ConfigError, match="cannot decorate"):
        trace_span("x")(target)


def test_an_exception_is_recorded_and_reaches_the_caller_untouched(traced):
    error = ValueError("no such order")

    @trace_span
    def fail() -> None:
        raise error

    with pytest.raises(ValueError, match="no such order") as caught:
        fail()
    assert caught.value is error
    span = traced.one()
    assert span.status.status_code is StatusCode.ERROR
    assert span.status.description == "ValueError: no such order"
    (event,) = span.events
    assert event.attributes["exception.type"] == "ValueError"
    assert event.attributes["exception.message"] == "no such order"
    assert "raise error" in event.attributes["exception.stacktrace"]
    assert "output.value" not in span.attributes


@pytest.mark.parametrize("kind", [KeyboardInterrupt, asyncio.CancelledError, SystemExit])
def test_exceptions_that_are_no_errors_of_the_program_pass_and_are_recorded(traced, kind):
    @trace_span
    def stop() -> None:
        raise kind("now")

    with pytest.raises(kind):
        stop()
    assert traced.one().status.status_code is StatusCode.ERROR


def test_the_protocol_of_iterators_is_no_failure(traced):
    class Numbers:
        @trace_span
        def __next__(self) -> int:
            raise StopIteration

    with pytest.raises(StopIteration):
        Numbers().__next__()
    with pytest.raises(SystemExit), trace_span("leave"):
        raise SystemExit(0)
    assert [span.status.status_code for span in traced.spans] == [StatusCode.UNSET] * 2


def test_an_exception_whose_str_raises_is_recorded(traced):
    class Odd(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no text")

    with pytest.raises(Odd), trace_span("odd"):
        raise Odd
    span = traced.one()
    assert span.events[0].attributes["exception.message"] == "<str() raised RuntimeError>"
    assert span.status.status_code is StatusCode.ERROR


def test_a_cancelled_coroutine_ends_its_span(traced):
    @trace_span
    async def wait() -> None:
        await asyncio.Event().wait()

    async def main() -> None:
        task = asyncio.create_task(wait())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert traced.one().events[0].attributes["exception.type"].endswith("CancelledError")


def test_a_coroutine_dropped_in_the_middle_ends_its_span_and_logs_nothing(traced, caplog):
    @types.coroutine
    def suspend():
        yield

    @trace_span
    async def wait() -> None:
        await suspend()

    coroutine = wait()
    contextvars.copy_context().run(coroutine.send, None)
    del coroutine
    gc.collect()
    assert traced.one().end_time is not None
    assert caplog.records == []
    assert not trace.get_current_span().is_recording()


def test_one_scope_object_serves_many_threads_and_nests_in_itself(traced):
    scope = trace_span("step")

    def work(_: int) -> None:
        with scope as outer, scope as inner:
            assert trace.get_current_span() is inner.otel
            assert inner.otel is not outer.otel

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(100)))
    spans = traced.spans
    assert len(spans) == 200
    roots = [span for span in spans if span.parent is None]
    assert len(roots) == 100
    assert {s.parent.span_id for s in spans if s.parent} == {s.context.span_id for s in roots}


def test_one_scope_object_serves_interleaved_tasks(traced):
    scope = trace_span("step")

    async def work(turns: int) -> None:
        async with scope as span:
            for _ in range(turns):
                await asyncio.sleep(0)
            assert trace.get_current_span() is span.otel

    async def main() -> None:
        await asyncio.gather(*(work(5 - turns) for turns in range(5)))

    asyncio.run(main())
    assert all(span.parent is None for span in traced.spans)
    assert len(traced.spans) == 5


def test_an_unknown_kind_is_said_once_and_does_not_stop_the_program(traced, caplog):
    for _ in range(3):
        with trace_span("x", kind="STEP"):  # type: ignore[arg-type]
            pass
    with trace_span("y", kind="tool"):  # type: ignore[arg-type]
        pass
    assert [s.attributes["openinference.span.kind"] for s in traced.spans] == [
        "UNKNOWN",
        "UNKNOWN",
        "UNKNOWN",
        "TOOL",
    ]
    assert len(caplog.records) == 1


def test_a_processor_that_raises_never_reaches_the_program(start, caplog):
    from opentelemetry.sdk.trace import SpanProcessor, TracerProvider

    class Broken(SpanProcessor):
        def on_start(self, span: Any, parent_context: Any = None) -> None:
            raise RuntimeError("start")

        def on_end(self, span: Any) -> None:
            raise RuntimeError("end")

    provider = TracerProvider()
    provider.add_span_processor(Broken())
    start(provider=provider)

    @trace_span
    def work() -> int:
        with trace_span("inner") as span:
            span.set_output(1)
        return 1

    assert [work() for _ in range(3)] == [1, 1, 1]
    assert not trace.get_current_span().is_recording()
    assert 1 <= len(caplog.records) <= 2


def test_many_attributes_do_not_push_out_kind_and_agent(start):
    traced = start("A")
    with trace_span("work", kind="TOOL") as span:
        span.set_attributes({f"detail.{number}": number for number in range(500)})
    attributes = traced.one().attributes
    assert (attributes["openinference.span.kind"], attributes["agent.id"]) == ("TOOL", "a")
    assert len(attributes) > 500


def test_nothing_is_remembered_of_calls_that_are_over(traced):
    @trace_span
    def numbers():
        yield 1
        yield 2

    async def cancelled() -> None:
        async with trace_span("cancelled"):
            await asyncio.sleep(0)
            raise asyncio.CancelledError

    scope = trace_span("scope")
    for _ in range(100):
        next(numbers())
        list(numbers())
        with scope:
            pass
        with pytest.raises(asyncio.CancelledError):
            asyncio.run(cancelled())
    gc.collect()
    assert _open._under_way == {}
    assert scope._open == {}


def test_without_init_decorated_code_runs_untraced():
    @trace_span
    def f(a: int) -> int:
        return a

    with agent_span("a"), trace_span("b") as span:
        span.set_output("x")
        assert f(1) == 1
    assert threading.active_count() >= 1


def test_a_context_left_behind_by_the_program_does_not_keep_the_span_open(traced):
    from opentelemetry import context

    with trace_span("outer"):
        context.attach(context.set_value("mine", 1))
    assert traced.one().end_time is not None
    assert json.loads(traced.one().to_json())["name"] == "outer"


def test_a_tool_that_is_a_method_has_the_name_a_model_calls_it_by(traced):
    class Toolbox:
        @trace_span(kind="TOOL")
        def get_order(self, order_id: str) -> str:
            return order_id

    Toolbox().get_order("A-17")
    span = traced.one()
    assert (span.name, attributes(span)["tool.name"]) == ("Toolbox.get_order", "get_order")
