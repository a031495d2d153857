"""Agent, session and user on every span below, wherever that span is made."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from opentelemetry import trace

import catalyst_sdk
from catalyst_sdk import agent_span, attributes, current_agent, propagate, trace_span
from catalyst_sdk.tracing import current_identity


def leaf() -> None:
    with trace_span("leaf"):
        pass


def who(traced, name: str = "leaf") -> dict[str, object]:
    keys = ("agent.id", "agent.name", "agent.role", "session.id", "user.id", "metadata", "tag.tags")
    return {k: v for k, v in traced.one(name).attributes.items() if k in keys}


def test_the_process_has_a_default_agent(start):
    traced = start("Refund Agent", session_id="s1", user_id="u1")
    leaf()
    assert who(traced) == {
        "agent.id": "refund-agent",
        "agent.name": "Refund Agent",
        "session.id": "s1",
        "user.id": "u1",
    }
    assert current_agent() == ("refund-agent", "Refund Agent", "")


def test_an_agent_id_alone_names_the_agent(start):
    traced = start(agent_id="a-1")
    leaf()
    assert who(traced) == {"agent.id": "a-1", "agent.name": "a-1"}


def test_without_anyone_there_is_no_agent(traced):
    leaf()
    assert who(traced) == {}
    assert current_agent() is None


def test_an_agent_span_is_an_agent_and_everything_below_carries_it(traced):
    with agent_span(
        "Refund agent",
        agent_id="refunds",
        role="support",
        session_id="s1",
        user_id="u1",
        metadata={"tier": "gold"},
        tags=["vip"],
    ):
        leaf()
    everything = {
        "agent.id": "refunds",
        "agent.name": "Refund agent",
        "agent.role": "support",
        "session.id": "s1",
        "user.id": "u1",
        "metadata": '{"tier":"gold"}',
        "tag.tags": ("vip",),
    }
    assert who(traced) == everything
    assert who(traced, "Refund agent") == everything
    assert traced.one("Refund agent").attributes["openinference.span.kind"] == "AGENT"


def test_nested_agents_override_and_the_outer_one_returns(traced):
    with agent_span("Planner", role="lead", session_id="s1"):
        assert current_agent() == ("planner", "Planner", "lead")
        with agent_span("Worker"):
            assert current_agent() == ("worker", "Worker", "")
            leaf()
        assert current_agent() == ("planner", "Planner", "lead")
    assert current_agent() is None
    assert who(traced) == {"agent.id": "worker", "agent.name": "Worker", "session.id": "s1"}


def test_attributes_need_no_span_merge_metadata_and_add_tags(traced):
    with (
        attributes(session_id="s1", metadata={"a": 1, "b": 1}, tags=["x"]),
        attributes(user_id="u1", metadata={"b": 2}, tags=["y", "x"]),
    ):
        assert current_identity()["user.id"] == "u1"
        leaf()
    assert current_identity() == {}
    assert who(traced) == {
        "session.id": "s1",
        "user.id": "u1",
        "metadata": '{"a":1,"b":2}',
        "tag.tags": ("x", "y"),
    }


def test_attributes_keep_the_default_agent(start):
    traced = start("A", session_id="process")
    with attributes(session_id="request"):
        leaf()
    assert who(traced) == {"agent.id": "a", "agent.name": "A", "session.id": "request"}


def test_spans_of_others_carry_it_and_what_they_set_themselves_stands(traced):
    tracer = traced.handle.provider.get_tracer("somebody.else")
    with agent_span("A", session_id="s1"):
        tracer.start_span("theirs", attributes={"session.id": "own"}).end()
    assert who(traced, "theirs") == {"session.id": "own", "agent.id": "a", "agent.name": "A"}


def test_a_decorated_agent_carries_it_at_each_call(traced):
    @agent_span("Sorter", role="r")
    def sort(items: list[int]) -> list[int]:
        leaf()
        return sorted(items)

    assert sort([2, 1]) == [1, 2]
    assert who(traced)["agent.id"] == "sorter"
    assert traced.one("Sorter").attributes["output.value"] == "[1,2]"


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Refund agent", "refund-agent"),
        ("  Größe_2 / Ünï ", "grosse-2-uni"),
        ("客服 agent", "客服-agent"),
        ("***", "***"),
    ],
)
def test_the_id_is_a_slug_of_the_name(traced, name, slug):
    with agent_span(name):
        agent = current_agent()
    assert agent is not None
    assert agent.name == name
    assert agent.id == slug


def test_it_reaches_executors(traced):
    with agent_span("A"), ThreadPoolExecutor(2) as pool:
        pool.submit(leaf).result()
        list(pool.map(lambda _: leaf(), range(3)))
    leaves = [span for span in traced.spans if span.name == "leaf"]
    assert [span.attributes["agent.id"] for span in leaves] == ["a"] * 4
    assert {span.parent.span_id for span in leaves} == {traced.one("A").context.span_id}


def test_a_pool_keeps_nothing_of_an_earlier_request(traced):
    pool = ThreadPoolExecutor(1)
    with agent_span("first"):
        pool.submit(leaf).result()
    is_clean = pool.submit(lambda: current_agent() is None).result()
    pool.shutdown()
    assert is_clean


def test_only_the_tracing_context_is_carried_into_executors(traced):
    mine = contextvars.ContextVar("mine", default="default")
    mine.set("request")
    with agent_span("A"), ThreadPoolExecutor(1) as pool:
        assert pool.submit(mine.get).result() == "default"


def test_it_reaches_tasks_and_worker_threads_of_asyncio(traced):
    async def main() -> None:
        loop = asyncio.get_running_loop()
        with agent_span("A"):
            await asyncio.gather(
                asyncio.create_task(asyncio.to_thread(leaf)),
                asyncio.to_thread(leaf),
                loop.run_in_executor(None, leaf),
            )
            await asyncio.create_task(in_task())

    async def in_task() -> None:
        leaf()

    asyncio.run(main())
    leaves = [span for span in traced.spans if span.name == "leaf"]
    assert [span.attributes["agent.id"] for span in leaves] == ["a"] * 4


def test_it_reaches_generators_made_inside_and_run_outside_keep_their_own(traced):
    @agent_span("Gen")
    def generate() -> Iterator[int]:
        leaf()
        yield 1
        leaf()

    with agent_span("Caller"):
        for _ in generate():
            assert current_agent() == ("caller", "Caller", "")
    ids = [span.attributes["agent.id"] for span in traced.spans if span.name == "leaf"]
    assert ids == ["gen", "gen"]


def test_concurrent_requests_do_not_mix(traced):
    async def request(number: int) -> None:
        with agent_span(f"agent {number}", session_id=f"s{number}"):
            await asyncio.sleep(0)
            await asyncio.to_thread(leaf)

    async def main() -> None:
        await asyncio.gather(*(request(number) for number in range(20)))

    asyncio.run(main())
    pairs = {
        (span.attributes["agent.id"], span.attributes["session.id"])
        for span in traced.spans
        if span.name == "leaf"
    }
    assert pairs == {(f"agent-{n}", f"s{n}") for n in range(20)}


def test_a_raw_thread_starts_clean_unless_told_to_propagate(traced):
    seen: dict[str, object] = {}

    def look(name: str) -> None:
        seen[name] = current_agent()

    with agent_span("A"):
        threads = [
            threading.Thread(target=look, args=("raw",)),
            threading.Thread(target=propagate(look), args=("told",)),
        ]
        carried = propagate(look)
    for thread in threads:
        thread.start()
        thread.join()
    carried("later")
    assert seen == {"raw": None, "told": ("a", "A", ""), "later": ("a", "A", "")}
    assert carried.__name__ == "look"
    assert current_agent() is None


def test_propagate_takes_coroutines_to_other_loops(traced):
    async def look() -> object:
        await asyncio.sleep(0)
        return current_agent()

    with agent_span("A"):
        carried = propagate(look)
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(asyncio.run, look()).result() == ("a", "A", "")
    assert asyncio.run(carried()) == ("a", "A", "")
    assert current_agent() is None


def test_odd_arguments_do_not_stop_the_program(traced, caplog):
    with (
        agent_span("A", user_id=42, tags="one", metadata=[1]),  # type: ignore[arg-type]
        attributes(metadata={"a": 1}),
        agent_span("B\ud800", tags=5),  # type: ignore[arg-type]
        attributes(tags=object()),  # type: ignore[arg-type]
        trace_span("work", attributes=7),  # type: ignore[arg-type]
    ):
        leaf()
    assert who(traced) == {
        "agent.id": "a",
        "agent.name": "A",
        "user.id": "42",
        "tag.tags": ("one",),
        "metadata": '{"a":1}',
    }
    assert len(caplog.records) == 2


def test_shutdown_puts_submit_back(start):
    original = ThreadPoolExecutor.submit
    start()
    assert ThreadPoolExecutor.submit is not original
    catalyst_sdk.shutdown()
    assert ThreadPoolExecutor.submit is original


def test_somebody_who_wrapped_submit_since_is_left_in_place(start, monkeypatch):
    original = ThreadPoolExecutor.submit
    start()
    ours = ThreadPoolExecutor.submit

    def theirs(self, fn, /, *args, **kwargs):
        return ours(self, fn, *args, **kwargs)

    monkeypatch.setattr(ThreadPoolExecutor, "submit", theirs)
    catalyst_sdk.shutdown()
    assert ThreadPoolExecutor.submit is theirs
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(
            lambda: trace.get_current_span().get_span_context().is_valid
        ).result() is (False)
    ThreadPoolExecutor.submit = original
