"""Files as tables: what stands in them, and spans by their ids."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from catalyst_sdk.errors import AmbiguousId, BadInput, EngineError, NotFound
from catalyst_sdk.findings import Totals
from catalyst_sdk.spans import SpanFacts, facts
from catalyst_sdk.store import FileStore, open_files
from catalyst_sdk.store.files._columns import to_batch
from store.made import T0, agent, lines, llm, run, runs, span_id, step, tool, trace_id, write


def test_spans_has_the_columns_of_span_facts_in_their_order(store: FileStore) -> None:
    rows = store.query("DESCRIBE TABLE spans")
    assert [row["name"] for row in rows] == list(SpanFacts.__struct_fields__)


def test_a_row_of_spans_is_the_facts_of_the_span(store: FileStore) -> None:
    rows = store.query("SELECT * FROM spans WHERE kind = 'LLM' ORDER BY start_ns LIMIT 1")
    placed = {"source", "line_offset", "line_length"}
    wanted = {n: v for n, v in _fields(facts(llm(1))).items() if n not in placed}
    assert {n: v for n, v in rows[0].items() if n not in placed} == wanted


def _fields(row: SpanFacts) -> dict[str, object]:
    return {name: getattr(row, name) for name in SpanFacts.__struct_fields__}


def test_a_trace_is_one_row_told_by_its_root(store: FileStore) -> None:
    rows = store.query("SELECT * FROM traces WHERE trace_id = {id:String}", {"id": trace_id(3)})
    assert rows == snapshot(
        [
            {
                "trace_id": "00000003abababababababababababab",
                "name": "run",
                "kind": "AGENT",
                "service": "shop",
                "agent_id": "refund-1",
                "agent_name": "Refunds",
                "session_id": "s1",
                "user_id": "",
                "input_preview": "Where is my money?",
                "output_preview": "It is on its way.",
                "start_ns": 1760000300000000000,
                "end_ns": 1760000310000000000,
                "duration_ns": 10000000000,
                "span_count": 3,
                "llm_count": 1,
                "tool_count": 1,
                "error_count": 1,
                "status": "ERROR",
                "error_message": "Tool timed out after 30s",
                "prompt_tokens": 100,
                "completion_tokens": 10,
                "total_tokens": 110,
                "cost_usd": 0.25,
                "models": ["gpt-5-mini"],
                "root_span_id": "000001cdcdcdcdcd",
                "complete": True,
            }
        ]
    )


def test_totals_count_what_was_read(store: FileStore) -> None:
    assert store.totals() == Totals(
        traces=6,
        spans=18,
        sessions=4,
        errors=2,
        traces_with_errors=2,
        prompt_tokens=600,
        completion_tokens=60,
        cost_usd=1.5,
        first_ns=T0 + 100_000_000_000,
        last_ns=T0 + 610_000_000_000,
    )


def test_a_wrapper_that_repeats_the_usage_of_its_model_call_is_not_billed(tmp_path: Path) -> None:
    wrapper = llm(1, 2)
    inner = step(1, 4, parent=2, name="inner", attributes=wrapper.attributes)
    total = {**agent(1).attributes, "llm.token_count.prompt": 999}
    root = step(1, 1, name="run", attributes=total)
    with open_files(write(tmp_path / "a.jsonl", [root, wrapper, inner])) as store:
        (row,) = store.query("SELECT prompt_tokens, cost_usd FROM traces")
    assert row == {"prompt_tokens": 100, "cost_usd": 0.25}


def test_a_trace_without_its_root_is_incomplete_and_told_by_its_first_span(tmp_path: Path) -> None:
    with open_files(write(tmp_path / "a.jsonl", [tool(1), llm(1)])) as store:
        (row,) = store.query("SELECT name, complete, root_span_id FROM traces")
    assert row == {"name": "chat", "complete": False, "root_span_id": span_id(2)}


def test_a_span_is_read_back_whole(store: FileStore) -> None:
    assert store.span(trace_id(2), span_id(2)) == llm(2)


def test_a_trace_comes_in_start_order(tmp_path: Path) -> None:
    with open_files(write(tmp_path / "a.jsonl", reversed(run(1)))) as store:
        assert store.trace(trace_id(1)) == run(1)


def test_facts_of_a_trace_are_its_rows(store: FileStore) -> None:
    rows = store.query(
        "SELECT * FROM spans WHERE trace_id = {id:String} ORDER BY start_ns", {"id": trace_id(4)}
    )
    assert [_fields(row) for row in store.facts(trace_id(4))] == rows


def test_raw_lines_come_byte_for_byte(store: FileStore) -> None:
    assert b"".join(store.raw(trace_id(5))) == lines(run(5))
    assert store.raw(trace_id(5), span_id(3)) == [lines([tool(5)])]


def test_a_prefix_of_six_characters_is_enough(store: FileStore) -> None:
    assert store.trace(trace_id(5)[:8])[0].trace_id == trace_id(5)
    assert store.span(trace_id(5).upper(), span_id(3)[:6]) == tool(5)


def test_a_prefix_of_several_ids_names_them(store: FileStore) -> None:
    with pytest.raises(AmbiguousId) as caught:
        store.trace("000000")
    assert caught.value.candidates == [trace_id(number) for number in range(1, 7)]


@pytest.mark.parametrize(
    ("wanted", "hint"),
    [
        ("00000", "Give at least 6 characters of its id."),
        (trace_id(3)[:-2] + "00", f"Did you mean {trace_id(3)}?"),
        ("f" * 32, ""),
        ("", "Give at least 6 characters of its id."),
        ("'; DROP TABLE spans --", ""),
    ],
)
def test_an_unknown_id_is_told_with_the_closest_one(
    store: FileStore, wanted: str, hint: str
) -> None:
    with pytest.raises(NotFound) as caught:
        store.trace(wanted)
    assert caught.value.hint == hint


def test_a_span_sent_twice_is_one_and_the_last_wins(tmp_path: Path) -> None:
    first, second = step(1, 1, name="draft"), step(1, 1, name="final")
    one = write(tmp_path / "1.jsonl", [first, *runs(2)[3:]])
    two = write(tmp_path / "2.jsonl", [step(1, 1, name="middle"), second])
    with open_files([one, two]) as store:
        assert store.query(
            "SELECT name FROM spans WHERE trace_id = {i:String}", {"i": trace_id(1)}
        ) == [{"name": "final"}]
        assert [span.name for span in store.trace(trace_id(1))] == ["final"]
        assert store.totals().spans == 4


def test_one_trace_spread_over_files_is_one(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{n}.jsonl", [span]) for n, span in enumerate(run(1))]
    with open_files(paths) as store:
        assert store.trace(trace_id(1)) == run(1)
        assert store.totals().traces == 1


def test_the_hash_is_of_the_content_not_of_its_order(tmp_path: Path) -> None:
    spans = runs(4)
    whole = open_files(write(tmp_path / "a.jsonl", spans))
    halves = open_files(
        [write(tmp_path / "c.jsonl", spans[5:][::-1]), write(tmp_path / "b.jsonl", spans[:5])]
    )
    fewer = open_files(write(tmp_path / "d.jsonl", spans[1:]))
    assert whole.dataset_hash == halves.dataset_hash != fewer.dataset_hash


def test_long_and_odd_ids_are_kept(tmp_path: Path) -> None:
    odd = step(1, trace_id="ü" * 5000, span_id="x'\"\\%_")
    with open_files(write(tmp_path / "a.jsonl", [odd, *run(2)])) as store:
        assert store.span("ü" * 5000, "x'\"\\%_").span_id == "x'\"\\%_"
        assert store.query("SELECT span_id FROM spans WHERE length(trace_id) > 100") == [
            {"span_id": "x'\"\\%_"}
        ]


def test_what_a_column_cannot_hold_is_moved_to_its_end() -> None:
    odd = SpanFacts(
        trace_id="\ud800",
        span_id="b",
        prompt_tokens=10**30,
        completion_tokens=-(10**30),
        input_hash=-1,
        tools_called=["a", "\udfff"],
    )
    batch = to_batch([odd, SpanFacts(trace_id="c", span_id="d")])
    batch.validate(full=True)
    row = batch.to_pylist()[0]
    assert row["trace_id"] == "?"
    assert row["prompt_tokens"] == 2**63 - 1
    assert row["completion_tokens"] == -(2**63)
    assert row["input_hash"] == 0
    assert row["tools_called"] == ["a", "?"]


def test_several_stores_are_open_at_once(tmp_path: Path) -> None:
    stores = [open_files(write(tmp_path / f"{n}.jsonl", runs(n))) for n in (1, 2, 3)]
    assert [store.totals().traces for store in stores] == [1, 2, 3]
    stores[1].close()
    assert [stores[n].totals().traces for n in (0, 2)] == [1, 3]
    with pytest.raises(EngineError, match="closed"):
        stores[1].query("SELECT 1")


def test_threads_may_ask_at_the_same_time(store: FileStore) -> None:
    answers: list[int] = []

    def ask(number: int) -> None:
        sql = "SELECT sum(start_ns % 7 + {n:Int64}) AS s FROM spans CROSS JOIN numbers(2000) AS n"
        answers.append(store.query(sql, {"n": number})[0]["s"] - 18 * 2000 * number)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    assert len(set(answers)) == 1


def test_a_vanished_file_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", run(1))
    with open_files(path) as store:
        path.unlink()
        with pytest.raises(NotFound, match=r"a\.jsonl is no longer there"):
            store.trace(trace_id(1))
        assert store.totals().spans == 3


def test_a_file_that_was_changed_since_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", run(1))
    with open_files(path) as store:
        write(path, run(2))
        with pytest.raises(BadInput, match="has changed since it was opened"):
            store.trace(trace_id(1))
