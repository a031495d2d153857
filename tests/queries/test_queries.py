"""A file and a live project with the same traces answer every question alike."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from catalyst_sdk.errors import NotFound
from catalyst_sdk.spans import Span, encode_span
from catalyst_sdk.store import FileStore, open_files, parse_filter, queries
from catalyst_sdk.store.clickhouse import LiveStore, OrderedProject
from catalyst_sdk.store.journal import Batch
from catalyst_sdk.store.queries import Selection
from cli.sample import FAILED, FINE, write_sample

SECOND = 10**9
START = 1_760_000_000 * SECOND


class Both(NamedTuple):
    """The same traces in a file and in a live project."""

    file: FileStore
    live: OrderedProject


def _made(seed: int, count: int) -> bytes:
    """Make traces of one to nine spans, some long, some without a root, some failing."""
    rng = random.Random(seed)
    lines: list[bytes] = []
    for number in range(count):
        trace = f"{rng.getrandbits(128):032x}"
        begin = START + number * 40 * SECOND
        attributes = {
            "agent.name": f"Agent {number % 3}",
            "session.id": f"s-{number % 7}",
            "tenant": f"t{number % 4}",
        }
        for step in range(rng.randint(1, 9)):
            kind = "AGENT" if step == 0 else rng.choice(["LLM", "TOOL", "CHAIN"])
            offset = 0 if step == 0 else rng.randint(1, 600) * SECOND
            own: dict[str, Any] = {"openinference.span.kind": kind, **attributes}
            if kind == "LLM":
                own |= {"llm.model_name": f"m{step % 2}", "llm.token_count.total": step * 10}
            lines.append(
                encode_span(
                    Span(
                        trace_id=trace,
                        span_id=f"{step + 1:016x}",
                        parent_span_id="" if step == 0 and number % 11 else f"{99:016x}",
                        name=kind.lower(),
                        start_ns=begin + offset,
                        end_ns=begin + offset + rng.randint(1, 90) * SECOND,
                        status_code="ERROR" if rng.random() < 0.05 else "OK",
                        attributes=own,
                    )
                )
            )
    rng.shuffle(lines)
    return b"".join(lines)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    folder = tmp_path_factory.mktemp("queries")
    path = write_sample(folder / "traces.jsonl")
    data = path.read_bytes() + _made(7, 150)
    path.write_bytes(data)
    options = {"min_free_bytes": 0}
    with open_files(path) as file, LiveStore(f"chdb://{folder}/s", journal_options=options) as live:
        lines = data.splitlines(True)
        half = len(lines) // 2
        # A third of the lines twice, in two parts: what is resent counts once.
        for number, part in enumerate((lines[:half], lines[half // 3 :])):
            batch = Batch(
                project="shop",
                content_type="application/x-ndjson",
                received_ns=number + 1,
                body=b"".join(part),
            )
            live.accept(batch).result()
            assert live.flush(30)
        other = _made(8, 20)
        live.accept(
            Batch(project="other", content_type="application/x-ndjson", received_ns=9, body=other)
        ).result()
        assert live.flush(30)
        yield Both(file, live.project("shop"))


SELECTIONS = {
    "everything": Selection(),
    "failed": Selection(parse_filter("status:error")),
    "ok": Selection(parse_filter("status:ok")),
    "model": Selection(parse_filter('model:m1 -agent:"Agent 2"')),
    "tenant": Selection(parse_filter("attr.tenant=t3")),
    "text": Selection(parse_filter("order")),
    "nothing": Selection(parse_filter("model:none")),
    "window": Selection(None, START + 900 * SECOND, START + 3000 * SECOND),
    "both": Selection(parse_filter("kind:TOOL spans:>3"), START + 900 * SECOND, None),
}


@pytest.mark.parametrize("name", SELECTIONS)
@pytest.mark.parametrize("limit", [40])
def test_pages_of_a_live_project_are_those_of_a_file(both: Both, name: str, limit: int) -> None:
    selection = SELECTIONS[name]
    whole = queries.list_traces(both.file, selection, limit=0).items
    cursor, found = None, []
    while True:
        page = queries.list_traces(both.live, selection, limit=limit, cursor=cursor)
        found += page.items
        assert page.next_cursor is None or len(page.items) == limit
        cursor = page.next_cursor
        if cursor is None:
            break
    assert [row["trace_id"] for row in found] == [row["trace_id"] for row in whole]
    assert found == [{**row, "cost_usd": pytest.approx(row["cost_usd"])} for row in whole]
    assert queries.count_traces(both.live, selection).count == len(whole)


@pytest.mark.parametrize("name", SELECTIONS)
def test_agents_sessions_facets_and_bars_agree(both: Both, name: str) -> None:
    selection = SELECTIONS[name]
    for ask in (
        queries.agents,
        lambda source, wanted: queries.list_sessions(source, wanted, limit=0).items,
        queries.facets,
        queries.histogram,
        queries.trace_ids,
        lambda source, wanted: queries.agent_overview(source, "Agent 1", wanted),
    ):
        assert ask(both.live, selection) == ask(both.file, selection)


def test_one_trace_agrees(both: Both) -> None:
    for trace in (FAILED, FINE):
        assert queries.trace_tree(both.live, trace) == queries.trace_tree(both.file, trace[:8])
        assert queries.trace_row(both.live, trace) == queries.trace_row(both.file, trace)
    assert queries.session_turns(both.live, "s-1") == queries.session_turns(both.file, "s-1")
    for source in both:
        with pytest.raises(NotFound, match="no session"):
            queries.session_turns(source, "s-none")
        with pytest.raises(NotFound, match="no agent"):
            queries.agent_overview(source, "Agent 11x")


def test_a_search_finds_the_same(both: Both) -> None:
    for pattern, selection in (("timed? out", Selection()), ("m1", SELECTIONS["failed"])):
        found = [
            {(hit.trace_id, hit.span_id, hit.field) for hit in hits}
            for hits in (queries.search(one, pattern, selection, limit=900) for one in both)
        ]
        assert found[0] == found[1] != set()


def test_a_count_stops_at_its_cap(both: Both) -> None:
    for source in both:
        assert queries.count_traces(source, cap=10) == queries.Counted(10, capped=True)
        assert queries.count_spans(source, cap=0).count > 153


def test_embedded_media_are_named(tmp_path: Path) -> None:
    picture = "data:image/png;base64," + "A" * 4096
    span = Span(trace_id="1" * 32, span_id="2" * 16, attributes={"input.value": f"see {picture}"})
    assert queries.payload_of(span, "input", 0, 100).text == "see [image/png, 3 KB]"
    assert queries.payload_of(span, "input", 4, 22, media=True).text == picture[:22]
