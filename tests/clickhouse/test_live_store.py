"""What was accepted is there once, for its project only, whatever dies in between."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest_live import START, batch, protobuf

from catalyst_sdk.errors import AmbiguousId, EngineError, NotFound
from catalyst_sdk.store import parse_filter
from catalyst_sdk.store.clickhouse import LiveStore
from catalyst_sdk.store.journal import Batch

_QUICK = {"min_free_bytes": 0}


def _run(trace: str, project: str = "default", **more: object) -> Batch:
    root = {"trace": trace, "span": f"{trace[:15]}1", "name": "run", "attributes": {}}
    tool = {
        "trace": trace,
        "span": f"{trace[:15]}2",
        "parent": f"{trace[:15]}1",
        "name": "lookup",
        "start": START + 1000,
        "attributes": {"openinference.span.kind": "TOOL", "tool.name": "lookup", "tenant": "acme"},
    }
    tool.update(more)
    return batch([root, tool], project)


def test_an_accepted_batch_is_read_back_as_it_was_sent(live: LiveStore) -> None:
    live.accept(_run("aa" * 16)).result(5)
    assert live.flush()
    project = live.project("default")

    spans = project.trace("aa" * 16)

    assert [span.name for span in spans] == ["run", "lookup"]
    assert spans[1].parent_span_id == spans[0].span_id
    assert spans[1].attributes["tenant"] == "acme"
    assert spans[0].resource == {"service.name": "shop"}
    assert project.span("aaaaaa", "aaaaaaaaaaaaaaa2") == spans[1]


def test_the_same_span_sent_again_is_there_once_and_the_later_version_wins(live: LiveStore) -> None:
    span = {"trace": "ab" * 16, "span": "ab" * 8, "name": "first"}
    live.accept(batch([span], version=1)).result(5)
    live.accept(batch([{**span, "name": "second"}], version=2)).result(5)
    live.accept(batch([span], version=1)).result(5)
    assert live.flush()
    project = live.project("default")
    rows = project.query("SELECT name FROM spans WHERE trace_id = {id:String}", {"id": "ab" * 16})
    assert rows == [{"name": "second"}]
    assert [found.name for found in project.trace("ab" * 16)] == ["second"]


def test_a_project_never_sees_the_spans_of_another(live: LiveStore) -> None:
    live.accept(_run("ac" * 16, "bank")).result(5)
    assert live.flush()
    shop, bank = live.project("shop"), live.project("bank")
    assert bank.totals().traces == 1
    assert shop.totals().traces == 0
    assert shop.query("SELECT count() AS n FROM spans") == [{"n": 0}]
    with pytest.raises(NotFound, match="no trace"):
        shop.trace("ac" * 16)


def test_a_window_of_time_keeps_what_starts_in_it(live: LiveStore) -> None:
    for hour in range(3):
        start = START + hour * 3600 * 10**9
        live.accept(
            batch([{"trace": f"{hour + 1:032x}", "span": "1" * 16, "start": start}], "w")
        ).result(5)
    assert live.flush()
    middle = START + 3600 * 10**9
    with live.project("w").narrowed(start_ns=middle, end_ns=middle + 1) as narrowed:
        assert narrowed.trace_ids == [f"{2:032x}"]


def test_filters_ask_for_facts_attributes_and_text(live: LiveStore) -> None:
    attributes = {"tenant": "globex", "amount": 12.5, "vip": True, "input.value": "broken lamp"}
    live.accept(_run("ad" * 16, "filters", attributes=attributes, error="lost it")).result(5)
    live.accept(_run("ae" * 16, "filters")).result(5)
    assert live.flush()
    project = live.project("filters")
    for text, expected in (
        ("status:error", ["ad"]),
        ("attr.tenant=acme", ["ae"]),
        ("attr.amount:>10", ["ad"]),
        ("attr.vip=true", ["ad"]),
        ("-attr.tenant=glob*", ["ae"]),
        ("resource.service.name=shop", ["ad", "ae"]),
        ('"broken lamp"', ["ad"]),
        ("status:error attr.vip=true", ["ad"]),
    ):
        condition, params = project.where(parse_filter(text), "trace")
        sql = f"SELECT substring(trace_id, 1, 2) AS id FROM traces WHERE {condition} ORDER BY id"
        assert [row["id"] for row in project.query(sql, params)] == expected, text


def test_a_narrowed_project_stays_as_it_was(live: LiveStore) -> None:
    live.accept(_run("af" * 16, "frozen")).result(5)
    assert live.flush()
    with live.project("frozen").narrowed(parse_filter("tool:lookup")) as frozen:
        live.accept(_run("ba" * 16, "frozen")).result(5)
        assert live.flush()
        assert frozen.trace_ids == ["af" * 16]
        assert frozen.totals().spans == 2
        assert live.project("frozen").totals().traces == 2


def test_ids_may_be_cut_short_while_they_are_unique(live: LiveStore) -> None:
    live.accept(_run("cafe01" + "0" * 26, "ids")).result(5)
    live.accept(_run("cafe02" + "0" * 26, "ids")).result(5)
    assert live.flush()
    project = live.project("ids")
    assert project.complete("CAFE01") == "cafe01" + "0" * 26
    with pytest.raises(AmbiguousId) as caught:
        project.complete("cafe")
    assert len(caught.value.candidates) == 2


def test_a_batch_of_rubbish_is_stepped_over(live: LiveStore) -> None:
    rubbish = Batch(project="r", content_type="application/x-protobuf", body=b"\xff\xfe rubbish")
    live.accept(rubbish).result(5)
    live.accept(_run("bb" * 16, "r")).result(5)
    assert live.flush()
    assert live.project("r").totals().traces == 1


def test_a_query_the_engine_refuses_is_one_sentence(live: LiveStore) -> None:
    with pytest.raises(EngineError, match="nothing_here"):
        live.project("default").query("SELECT nothing_here FROM spans")


def test_an_engine_killed_under_load_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    with LiveStore(f"chdb://{tmp_path}", journal_options=_QUICK) as store:
        for number in range(60):
            store.accept(_run(f"{number:032x}")).result(5)
            pid = store.health()["engine_pid"]
            if number % 20 == 10 and pid:  # 0 would mean this very process group
                os.kill(pid, signal.SIGKILL)
        assert store.flush(60)
        rows = store.project("default").query("SELECT count() AS n, uniq(span_id) AS u FROM spans")
        assert store.project("default").totals().traces == 60
        assert rows[0]["n"] == 120
        assert store.health()["engine_restarts"] >= 1


_SERVER = """
import sys
sys.path.insert(0, sys.argv[2])
from conftest_live import batch
from catalyst_sdk.store.clickhouse import LiveStore
store = LiveStore(f"chdb://{sys.argv[1]}", journal_options={"min_free_bytes": 0})
number = int(sys.argv[3])
while True:
    spans = [{"trace": f"{number:032x}", "span": f"{i + 1:016x}"} for i in range(10)]
    store.accept(batch(spans)).result()
    print(number, flush=True)
    number += 1
"""


def test_a_store_killed_while_writing_has_all_it_acknowledged_at_the_next_start(
    tmp_path: Path,
) -> None:
    acknowledged, here = -1, str(Path(__file__).parent)
    for _ in range(3):
        process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                _SERVER,
                str(tmp_path),
                here,
                str(acknowledged + 1),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        for _, line in zip(range(150), process.stdout, strict=False):
            acknowledged = int(line)
        os.kill(process.pid, signal.SIGKILL)
        rest = process.stdout.read().split()
        acknowledged = int(rest[-1]) if rest else acknowledged
        process.stdout.close()
        process.wait()
    with LiveStore(f"chdb://{tmp_path}", journal_options=_QUICK) as store:
        assert store.flush(60)
        rows = store.project("default").query(
            "SELECT uniqExact(trace_id) AS traces, count() AS spans FROM spans"
        )
    assert rows[0]["traces"] >= acknowledged + 1
    assert rows[0]["spans"] == rows[0]["traces"] * 10


def test_a_store_written_by_a_newer_version_is_refused(tmp_path: Path) -> None:
    with LiveStore(f"chdb://{tmp_path}", journal_options=_QUICK) as store:
        store.command("INSERT INTO catalyst.schema_migrations (number) VALUES (999)")
    with pytest.raises(EngineError, match="newer version"):
        LiveStore(f"chdb://{tmp_path}", journal_options=_QUICK)


def test_what_is_past_its_retention_goes(tmp_path: Path) -> None:
    with LiveStore(f"chdb://{tmp_path}", journal_options=_QUICK) as store:
        old = {"trace": "1" * 32, "span": "1" * 16, "start": 10**18, "end": 10**18 + 1}
        new = {"trace": "2" * 32, "span": "2" * 16, "start": 4 * 10**18, "end": 4 * 10**18 + 1}
        store.accept(batch([old, new])).result(5)
        assert store.flush()
        store.set_retention("default", 7)
        store.tend()
        remaining = store.project("default").query("SELECT trace_id FROM spans")
        assert [row["trace_id"] for row in remaining] == ["2" * 32]


def test_the_protobuf_builder_of_these_tests_is_what_exporters_send() -> None:
    from catalyst_sdk.store.clickhouse._decode import decode

    body = protobuf([{"trace": "1" * 32, "span": "2" * 16, "attributes": {"n": 3, "ok": True}}])
    (span,) = decode(Batch(project="p", content_type="application/x-protobuf", body=body))
    assert span.attributes == {"n": 3, "ok": True}
