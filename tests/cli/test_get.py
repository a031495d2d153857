# ruff: noqa: E501 - screens as wide as they are drawn
from __future__ import annotations

import json
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from catalyst_sdk.cli._trace_row import trace_row
from catalyst_sdk.store import open_files
from cli.made_spans import Run
from cli.sample import FAILED, FINE, OTHER

TOOL = "7919000000000003"
MODEL = "7919000000000002"


def test_the_summary_of_a_trace(run: Run, sample: str):
    ran = run("trace", "get", FAILED[:8], "-f", sample, tty=80)
    assert ran.out == snapshot("""\
✗ triage.run                                    79194633aaaaaaaaaaaaaaaaaaaaaaaa
  agent Support Triage · session s-1 · service shop
  2025-10-09 08:53:20 UTC · 14.2s · 4 spans (2 LLM, 1 tool) · 1 error
  17.3k→762 tokens · $0.014 · gpt-5.4-mini

Input
  Where is my order #1842?

Output
  I could not reach the order system.

Errors
  ✗ 7919000000000003  lookup_order  Tool timed out after 30s

Steps
✓ A triage.run                        14.2s             Where is my… → I could…
✓ ├─ L ChatCompletion gpt-5.4-mini     3.0s  8,100→412  ⚙ lookup_order
✗ ├─ T lookup_order                    5.0s             Tool timed out after 30s
✓ └─ L ChatCompletion gpt-5.4-mini     5.9s  9,200→350  I could not reach the o…
""")
    assert ran.err.splitlines() == [
        "lookup_order  Tool timed out after 30s",
        f"next: catalyst span get 79194633 {TOOL} --view io -f {sample}",
    ]


def test_the_summary_of_a_trace_in_120_columns_and_colour(run: Run, sample: str):
    assert run("trace", "get", FINE, "-f", sample, tty=120, color=True).out == snapshot("""\
\x1b[32m✓ \x1b[0m\x1b[1mtriage.run\x1b[0m                                                                            \x1b[90mb211e659bbbbbbbbbbbbbbbbbbbbbbbb\x1b[0m
  \x1b[90magent Support Triage\x1b[0m · \x1b[90msession s-2\x1b[0m · \x1b[90muser u-1\x1b[0m · \x1b[90mservice shop\x1b[0m
  2025-10-09 09:53:20 UTC · 2.5s · 2 spans (1 tool)

\x1b[1mInput\x1b[0m
  Refund order #7

\x1b[1mOutput\x1b[0m
  Refunded €20.

\x1b[1mSteps\x1b[0m
\x1b[32m✓ \x1b[0m\x1b[1;35mA \x1b[0mtriage.run\x1b[90m     2.5s\x1b[0m  Refund order #7\x1b[90m → \x1b[0mRefunded €20.
\x1b[32m✓ \x1b[0m\x1b[90m└─ \x1b[0m\x1b[1;33mT \x1b[0mrefund \x1b[90m    250ms\x1b[0m  {"order_id":"7","amount":20}\x1b[90m → \x1b[0m{"ok":true,"ids":[1,2]}
""")


def test_the_thread_of_a_trace(run: Run, sample: str):
    assert run(
        "trace", "get", FAILED[:6], "-f", sample, "--view", "thread", tty=80
    ).out == snapshot("""\
▎ system
▎ You look up orders.

▎ user
▎ Where is my order #1842?

▎ assistant  gpt-5.4-mini · 3.0s · 8,100→412 tokens
▎ ⚙ lookup_order({"order_id":"1842"})
▎   → 5.0s  ✗ Tool timed out after 30s

▎ assistant  gpt-5.4-mini · 5.9s · 9,200→350 tokens
▎ I could not reach the order system.
""")


def test_the_spans_of_a_trace_are_a_table_or_tab_separated(run: Run, sample: str):
    flags = ["trace", "get", FAILED[:6], "-f", sample, "--view", "spans"]
    assert run(*flags, tty=80).out == snapshot("""\
  SPAN                NAME                         INPUT → OUTPUT            DUR
✓ 7919000000000001  A triage.run                   Where is m… → I could…  14.2s
✓ 7919000000000002  L ChatCompletion gpt-5.4-mini  lookup_order({"order_…   3.0s
✗ 7919000000000003  T lookup_order                 Tool timed out after…    5.0s
✓ 7919000000000004  L ChatCompletion gpt-5.4-mini  I could not reach the…   5.9s
""")
    assert run(*flags, "--fields", "span_id,name,status", "--errors").out == (
        f"span_id\tname\tstatus\n{TOOL}\tlookup_order\tERROR\n"
    )


def test_one_span_and_what_is_below_it(run: Run, sample: str):
    ran = run("trace", "get", FAILED, "-f", sample, "--view", "tree", "--span", TOOL)
    assert ran.out == "✗ T lookup_order     5.0s  Tool timed out after 30s\n"


def test_raw_gives_the_stored_lines_byte_for_byte(run: Run, sample: str):
    lines = Path(sample).read_bytes().splitlines(keepends=True)
    ran = run("trace", "get", FAILED, "-f", sample, "--view", "raw")
    assert ran.raw == b"".join(line for line in lines if FAILED.encode() in line)
    ran = run("span", "get", FAILED, TOOL, "-f", sample, "--view", "raw")
    assert ran.raw == next(line for line in lines if TOOL.encode() in line)


def test_json_of_a_trace_holds_its_spans(run: Run, sample: str):
    document = json.loads(run("trace", "get", FAILED, "-f", sample, "--json").out)
    assert document["trace_id"] == FAILED
    assert document["duration_ms"] == 14200.0
    assert [span["name"] for span in document["spans"]] == [
        "triage.run",
        "ChatCompletion",
        "lookup_order",
        "ChatCompletion",
    ]


def test_json_of_a_thread_holds_its_turns(run: Run, sample: str):
    ran = run("trace", "get", FAILED, "-f", sample, "--json", "--view", "thread")
    turns = json.loads(ran.out)["turns"]
    assert [turn["role"] for turn in turns] == ["system", "user", "assistant", "assistant"]
    assert turns[2]["calls"] == [
        {
            "name": "lookup_order",
            "arguments": '{"order_id":"1842"}',
            "result": "Tool timed out after 30s",
            "failed": True,
            "duration_ms": 5000.0,
        }
    ]


def test_a_view_can_be_written_to_a_file(run: Run, sample: str, tmp_path: Path):
    ran = run("trace", "get", FAILED, "-f", sample, "--view", "timeline", "-o", "t.txt", tty=80)
    assert (ran.out, ran.err) == ("", "wrote t.txt\n")
    assert "lookup_order" in (tmp_path / "t.txt").read_text()


def test_the_row_of_a_trace_is_that_of_the_store():
    data = Path(__file__).parents[3] / "shared" / "data" / "traces"
    if not data.exists():
        pytest.skip("the traces of real agents are not here")
    with open_files([str(path) for path in sorted(data.glob("*.jsonl.gz"))]) as store:
        rows = {row["trace_id"]: row for row in store.query("SELECT * FROM traces")}
        for trace_id in sorted(rows)[::6]:
            assert trace_row(store.facts(trace_id)) == rows[trace_id]


def test_the_row_of_a_sample_trace_is_that_of_the_store(sample: str):
    with open_files(sample) as store:
        rows = {row["trace_id"]: row for row in store.query("SELECT * FROM traces")}
        for trace_id, row in rows.items():
            assert trace_row(store.facts(trace_id)) == {
                **row,
                "cost_usd": pytest.approx(row["cost_usd"]),
            }


def test_the_summary_of_a_span(run: Run, sample: str):
    ran = run("span", "get", FAILED[:6], TOOL, "-f", sample, tty=80)
    assert ran.out == snapshot("""\
✗ T lookup_order  tool         79194633aaaaaaaaaaaaaaaaaaaaaaaa 7919000000000003
  2025-10-09 08:53:23 UTC · 5.0s
  agent Support Triage · session s-1 · service shop · parent 7919000000000001
  Tool timed out after 30s

Input
  {
    "order_id": "1842"
  }

Output
  (empty)
""")


def test_a_prefix_that_fits_several_spans_is_refused(run: Run, sample: str):
    assert run("span", "get", FAILED[:6], TOOL[:10], "-f", sample).code == 3
    assert run("trace", "get", FAILED[:6], "--span", TOOL[:10], "-f", sample).code == 3
    assert run("trace", "get", FAILED[:6], "--span", "abc", "-f", sample).code == 3


def test_the_messages_of_a_model_call(run: Run, sample: str):
    ran = run("span", "get", FAILED, MODEL, "-f", sample, "--view", "io", tty=80)
    assert ran.out == snapshot("""\
Input
▎ system
▎ You look up orders.
▎ user
▎ Where is my order #1842?

Output
▎ assistant
▎ ⚙ lookup_order({"order_id":"1842"})
""")


def test_json_input_is_indented_and_coloured(run: Run, sample: str):
    ran = run(
        "span", "get", FINE, "b211000000000002", "-f", sample, "--view", "io", tty=60, color=True
    )
    assert ran.out == snapshot("""\
\x1b[1mInput\x1b[0m
  \x1b[1m{\x1b[0m
    \x1b[1;34m"order_id"\x1b[0m: \x1b[32m"7"\x1b[0m,
    \x1b[1;34m"amount"\x1b[0m: \x1b[1;36m20\x1b[0m
  \x1b[1m}\x1b[0m

\x1b[1mOutput\x1b[0m
  \x1b[1m{\x1b[0m
    \x1b[1;34m"ok"\x1b[0m: \x1b[3;92mtrue\x1b[0m,
    \x1b[1;34m"ids"\x1b[0m: \x1b[1m[\x1b[0m
      \x1b[1;36m1\x1b[0m,
      \x1b[1;36m2\x1b[0m
    \x1b[1m]\x1b[0m
  \x1b[1m}\x1b[0m
""")


def test_the_attributes_of_a_span(run: Run, sample: str):
    ran = run("span", "get", FINE, "b211000000000002", "-f", sample, "--view", "attributes", tty=60)
    assert ran.out == snapshot("""\
Attributes
  agent.id                 support-triage
  agent.name               Support Triage
  input.value              {"order_id":"7","amount":20}
  openinference.span.kind  TOOL
  output.value             {"ok":true,"ids":[1,2]}
  session.id               s-2
  tool.name                refund

Resource
  deployment.environment.name  test
  service.name                 shop

Scope
  name     sample
  version  1
""")


def test_a_part_of_a_span_is_given_bare(run: Run, sample: str, tmp_path: Path):
    flags = ["span", "get", FINE, "b211000000000002", "-f", sample, "--part", "output"]
    assert run(*flags).raw == b'{"ok":true,"ids":[1,2]}'
    assert run(*flags, tty=80).out == '{"ok":true,"ids":[1,2]}\n'
    run(*flags, "-o", "value.json")
    assert json.loads((tmp_path / "value.json").read_bytes()) == {"ok": True, "ids": [1, 2]}


def test_input_and_output_in_a_pipe_are_one_json_object(run: Run, sample: str):
    flags = ["span", "get", FINE, "b211000000000002", "-f", sample, "--view", "io"]
    assert json.loads(run(*flags).out) == {
        "input": {"order_id": "7", "amount": 20},
        "output": {"ok": True, "ids": [1, 2]},
    }


def test_escape_codes_reach_a_pipe_as_they_are_but_no_terminal(run: Run, sample: str):
    flags = ["span", "get", OTHER, "b211000000000001", "-f", sample, "--part", "input"]
    assert run(*flags).out == "Research\x1b[31m everything\tnow"
    assert run(*flags, tty=80).out == "Research␛[31m everything    now\n"


@pytest.mark.parametrize("view", ["summary", "attributes", "events", "links"])
def test_every_view_of_a_span_is_also_json(run: Run, sample: str, view: str):
    ran = run("span", "get", FAILED, TOOL, "-f", sample, "--view", view, "--json")
    assert isinstance(json.loads(ran.out), dict)


def test_a_prefix_that_fits_several_ids_names_them(run: Run, sample: str):
    ran = run("trace", "get", "b211e6", "-f", sample)
    assert ran.code == 3
    assert ran.out == ""
    assert FINE in ran.err
    assert OTHER in ran.err


@pytest.mark.parametrize("wanted", ["7919", "ffffffff", "79194633zz"])
def test_an_id_that_is_unknown_or_too_short_is_not_found(run: Run, sample: str, wanted: str):
    ran = run("trace", "get", wanted, "-f", sample)
    assert ran.code == 3
    assert ran.err.startswith(f"error: There is no trace {wanted}.")


def test_text_is_searched_in_payloads(run: Run, sample: str):
    ran = run("trace", "search", "order .1842", "-f", sample, tty=80)
    assert ran.out == snapshot("""\
79194633aaaaaaaaaaaaaaaaaaaaaaaa
  7919000000000001  attributes.input.value  Where is my order #1842?
  7919000000000002  attributes.llm.input_messages  …You look up orders."},{"rol…
""")
    assert run("trace", "search", "no such words", "-f", sample).err == "nothing found\n"


def test_a_search_in_a_pipe_names_field_and_span(run: Run, sample: str):
    ran = run("trace", "search", "Refunded", "-f", sample, "--json")
    hits = json.loads(ran.out)["items"]
    assert {(hit["trace_id"], hit["span_id"]) for hit in hits} == {(FINE, "b211000000000001")}
