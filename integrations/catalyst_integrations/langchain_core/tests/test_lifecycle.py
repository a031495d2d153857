"""On and off, exactly; and what is left when a process ends, forks or runs for long."""

from __future__ import annotations

import gc
import itertools
import os
import subprocess
import sys
import textwrap
from typing import Any

import pytest
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_core.runnables import RunnableLambda

from catalyst_integrations.langchain_core import LangChainInstrumentor
from catalyst_sdk.instrumentation.langchain_callbacks import CallbackInstrumentor
from catalyst_sdk.instrumentation.testing import SpanCollector


def run_python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout


def test_instrumenting_before_the_import_is_undone_exactly_too() -> None:
    out = run_python("""
        import sys
        from catalyst_integrations.langchain_core import LangChainInstrumentor
        from catalyst_sdk.instrumentation.testing import SpanCollector
        import wrapt
        collector = SpanCollector()
        LangChainInstrumentor().instrument(tracer_provider=collector.provider)
        assert "langchain_core" not in sys.modules
        import langchain_core.tools, langchain_core.retrievers
        from langchain_core.language_models import BaseChatModel, BaseLLM
        from langchain_core.runnables import RunnableLambda, fallbacks
        assert RunnableLambda(lambda n: n + 1).invoke(1) == 2
        assert len(collector.settled()) == 1
        LangChainInstrumentor().uninstrument()
        left = [
            f"{name}.{key}.{part}"
            for name, module in list(sys.modules.items()) if name.startswith("langchain_core")
            for key, value in list(vars(module).items())
            for part, held in [("", value), *(vars(value).items() if type(value) is type else ())]
            if type(held) is wrapt.FunctionWrapper
        ]
        assert left == [], left
        assert RunnableLambda(lambda n: n + 1).invoke(1) == 2
        print(len(collector.settled()))
    """)
    assert out == "1\n"


def test_importing_the_library_does_not_cost_its_tracing() -> None:
    run_python("""
        import sys
        from catalyst_integrations.langchain_core import LangChainInstrumentor
        LangChainInstrumentor().instrument()
        import langchain_core.runnables
        print("langsmith" in sys.modules)
    """)


def test_a_run_under_way_when_uninstrumented_still_works(collector: SpanCollector) -> None:
    LangChainInstrumentor().instrument(tracer_provider=collector.provider)

    def off(number: int) -> int:
        LangChainInstrumentor().uninstrument()
        return inner.invoke(number)

    inner = RunnableLambda(lambda number: number + 1)
    assert RunnableLambda(off).invoke(1) == 2
    assert [span.name for span in collector.settled()] == ["off"]
    assert len(CallbackInstrumentor.runs) == 0


def test_streams_open_at_exit_are_told() -> None:
    out = run_python("""
        from langchain_core.language_models import GenericFakeChatModel
        from catalyst_integrations.langchain_core import LangChainInstrumentor
        from opentelemetry.sdk.trace import TracerProvider, SpanProcessor
        class Show(SpanProcessor):
            def on_end(self, span):
                print(span.name, span.attributes.get("catalyst.interrupted"))
        provider = TracerProvider()
        provider.add_span_processor(Show())
        LangChainInstrumentor().instrument(tracer_provider=provider)
        stream = GenericFakeChatModel(messages=iter(["one two three"])).stream("hi")
        next(stream)
    """)
    assert out == "GenericFakeChatModel True\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_child_leaves_its_parents_runs_alone() -> None:
    out = run_python("""
        import os, warnings
        warnings.simplefilter("ignore")
        from langchain_core.runnables import RunnableLambda
        from catalyst_integrations.langchain_core import LangChainInstrumentor
        from opentelemetry.sdk.trace import TracerProvider, SpanProcessor
        class Show(SpanProcessor):
            def on_end(self, span):
                print(os.getpid() == parent, span.name, flush=True)
        parent = os.getpid()
        provider = TracerProvider()
        provider.add_span_processor(Show())
        LangChainInstrumentor().instrument(tracer_provider=provider)
        def fork(number):
            if os.fork() == 0:
                RunnableLambda(lambda n: n).with_config(run_name="inner").invoke(1)
                raise SystemExit(0)
            os.wait()
            return number
        RunnableLambda(fork).invoke(1)
    """)
    assert "False inner" in out
    assert out.count("True fork") == 1


def _work(chain: Any, number: int) -> None:
    chain.invoke(number)
    for _ in chain.stream(number):
        break


@pytest.mark.parametrize(
    "runs", [150, pytest.param(10_000, marks=[pytest.mark.slow, pytest.mark.timeout(900)])]
)
def test_runs_leave_nothing_behind(runs: int, spans: SpanCollector) -> None:
    def objects() -> int:
        spans.settled()
        spans.clear()
        gc.collect()
        return len(gc.get_objects())

    model = GenericFakeChatModel(messages=map(AIMessage, itertools.repeat("one two")))
    chain = RunnableLambda(lambda n: f"{n}") | model
    for number in range(50):
        _work(chain, number)
    before = objects()
    for number in range(runs):
        _work(chain, number)
    grown = objects() - before
    assert grown < 100, f"{grown} more objects after {runs} runs"
    assert len(CallbackInstrumentor.runs) == 0


def test_runs_that_never_end_make_room(
    spans: SpanCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    from catalyst_sdk.instrumentation.langchain_callbacks import _runs

    monkeypatch.setattr(_runs, "_MOST", 3)
    streams: list[Any] = []
    for _ in range(5):
        model = GenericFakeChatModel(messages=iter(["one two three"]))
        streams.append(model.stream("hi"))
        next(streams[-1])
    assert len(spans.settled()) == 2
    assert all(span.attributes["catalyst.interrupted"] for span in spans.ended)
    for stream in streams:
        stream.close()
    assert len(spans.settled()) == 5


def test_a_failing_callback_of_ours_is_logged_once_and_hurts_nobody(
    collector: SpanCollector, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from catalyst_sdk.instrumentation._boundary import forget_failures
    from catalyst_sdk.instrumentation.langchain_callbacks import _callbacks

    def fail(*_args: Any) -> None:
        raise RuntimeError("a mistake of ours")

    forget_failures()
    monkeypatch.setattr(_callbacks, "start_span", fail)
    LangChainInstrumentor().instrument(tracer_provider=collector.provider)
    try:
        assert [RunnableLambda(lambda n: n + 1).invoke(n) for n in range(3)] == [1, 2, 3]
    finally:
        LangChainInstrumentor().uninstrument()
        forget_failures()
    assert [r.getMessage() for r in caplog.records] == [
        "a run could not be traced; the traced call was not affected"
    ]
