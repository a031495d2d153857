# ruff: noqa: E501, W291 - screens as wide as they are drawn
from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from inline_snapshot import snapshot

from catalyst_sdk.cli._filters import Filters, select
from catalyst_sdk.cli._items import SPAN_FIELDS, TRACE_FIELDS
from catalyst_sdk.cli.commands._trace_list import trace_list
from catalyst_sdk.store import FileStore, open_files
from catalyst_sdk.store.queries import list_traces
from cli.made_spans import Run
from cli.sample import FAILED, FINE, OTHER


@pytest.fixture(scope="module")
def store(sample: str) -> Iterator[FileStore]:
    with open_files(sample) as store:
        yield store


def test_a_pipe_gets_tab_separated_text_with_nothing_cut(run: Run, sample: str):
    ran = run("trace", "list", "-f", sample)
    assert ran.code == 0
    assert ran.err == ""
    assert ran.out == snapshot("""\
trace_id	status	start_time	duration_ms	agent_name	input	output	span_count	error_count	total_tokens	cost_usd	error_message
b211e6f0cccccccccccccccccccccccc	OK	2025-10-11T08:53:20.000000Z	1814000.0	Deep Research	Research␛[31m everything now	Done.	2	0	23100000	27.7	
b211e659bbbbbbbbbbbbbbbbbbbbbbbb	OK	2025-10-09T09:53:20.000000Z	2500.0	Support Triage	Refund order #7	Refunded €20.	2	0	0	0.0	
79194633aaaaaaaaaaaaaaaaaaaaaaaa	ERROR	2025-10-09T08:53:20.000000Z	14200.0	Support Triage	Where is my order #1842?	I could not reach the order system.	4	1	18062	0.0142	Tool timed out after 30s
""")


def test_a_terminal_of_80_columns_gets_a_table(run: Run, sample: str):
    ran = run("trace", "list", "-f", sample, tty=80)
    assert ran.out == snapshot("""\
  TRACE     AGENT           INPUT → OUTPUT                    DUR  SPANS  TOKENS
✓ b211e6f0  Deep Research   Research␛[31m ev… → Done.  ███ 30m14s      2   23.1M
✓ b211e659  Support Triage  Refund order… → Refunded…    ▁   2.5s      2
✗ 79194633  Support Triage  Where is my… → I could n…    ▁  14.2s      4   18.1k
    └ lookup_order: Tool timed out after 30s
""")
    assert ran.err.splitlines()[0] == "3 traces · 1 failed"


def test_a_terminal_of_120_columns_gets_a_wider_table(run: Run, sample: str):
    assert run("trace", "list", "-f", sample, tty=120).out == snapshot("""\
  TRACE     STARTED     AGENT           INPUT → OUTPUT                                        DUR  SPANS  TOKENS    COST
✓ b211e6f0  2025-10-11  Deep Research   Research␛[31m everything now → Done.           ███ 30m14s      2   23.1M  $27.70
✓ b211e659  2025-10-09  Support Triage  Refund order #7 → Refunded €20.                  ▁   2.5s      2
✗ 79194633  2025-10-09  Support Triage  Where is my order #1842? → I could not reach…    ▁  14.2s      4   18.1k  $0.014
    └ lookup_order: Tool timed out after 30s
""")


def test_a_terminal_gets_colour(run: Run, sample: str):
    assert run("trace", "list", "-f", sample, "-l", "1", tty=80, color=True).out == snapshot("""\
\x1b[90m \x1b[0m \x1b[90mTRACE   \x1b[0m  \x1b[90mAGENT        \x1b[0m  \x1b[90mINPUT → OUTPUT            \x1b[0m         \x1b[90mDUR\x1b[0m  \x1b[90mSPANS\x1b[0m  \x1b[90mTOKENS\x1b[0m
\x1b[32m✓\x1b[0m \x1b[36mb211e6f0\x1b[0m  Deep Research  Research␛[31m eve…\x1b[90m → \x1b[0mDone.  \x1b[90m███\x1b[0m 30m14s      2   23.1M
""")


def test_the_last_line_on_stderr_is_a_command_that_works(run: Run, sample: str):
    told = run("trace", "list", "-f", sample, tty=80).err.splitlines()[-1]
    command = told.removeprefix("next: catalyst ").split()
    assert run(*command).code == 0


def test_json_is_one_document_with_full_ids(run: Run, sample: str):
    document = json.loads(run("trace", "list", "-f", sample, "--json").out)
    assert set(document) == {"items", "next_cursor"}
    assert document["next_cursor"] is None
    assert [item["trace_id"] for item in document["items"]] == [OTHER, FINE, FAILED]
    assert document["items"][2] == snapshot(
        {
            "trace_id": "79194633aaaaaaaaaaaaaaaaaaaaaaaa",
            "name": "triage.run",
            "kind": "AGENT",
            "status": "ERROR",
            "error_message": "Tool timed out after 30s",
            "start_time": "2025-10-09T08:53:20.000000Z",
            "end_time": "2025-10-09T08:53:34.200000Z",
            "duration_ms": 14200.0,
            "service": "shop",
            "agent_id": "support-triage",
            "agent_name": "Support Triage",
            "session_id": "s-1",
            "user_id": "",
            "input": "Where is my order #1842?",
            "output": "I could not reach the order system.",
            "span_count": 4,
            "llm_count": 2,
            "tool_count": 1,
            "error_count": 1,
            "prompt_tokens": 17300,
            "completion_tokens": 762,
            "total_tokens": 18062,
            "cost_usd": 0.0142,
            "models": ["gpt-5.4-mini"],
            "root_span_id": "7919000000000001",
            "complete": True,
        }
    )


def test_the_fields_of_json_are_those_that_can_be_asked_for(run: Run, sample: str):
    traces = json.loads(run("trace", "list", "-f", sample, "--json").out)["items"]
    spans = json.loads(run("span", "list", "-f", sample, "--json").out)["items"]
    assert {tuple(item) for item in traces} == {TRACE_FIELDS}
    assert {tuple(item) for item in spans} == {SPAN_FIELDS}


def test_jsonl_gives_one_object_a_line(run: Run, sample: str):
    lines = run("trace", "list", "-f", sample, "--jsonl", "--fields", "trace_id,status").out
    assert [json.loads(line) for line in lines.splitlines()] == [
        {"trace_id": OTHER, "status": "OK"},
        {"trace_id": FINE, "status": "OK"},
        {"trace_id": FAILED, "status": "ERROR"},
    ]


def test_quiet_gives_ids_only(run: Run, sample: str):
    assert run("trace", "list", "-f", sample, "-q").out.split() == [OTHER, FINE, FAILED]
    assert (
        run("span", "list", "-f", sample, "-q", "status:error").out
        == f"{FAILED}\t7919000000000003\n"
    )


def test_fields_and_header_can_be_chosen(run: Run, sample: str):
    ran = run("trace", "list", "-f", sample, "--fields", "cost_usd,models", "--no-header")
    assert ran.out == "27.7\tgpt-5.5\n0.0\t\n0.0142\tgpt-5.4-mini\n"


@pytest.mark.parametrize(
    "arguments",
    [["--json", "trace", "list"], ["trace", "--json", "list"], ["trace", "list", "--json"]],
)
def test_output_flags_count_before_and_after_the_command(
    run: Run, sample: str, arguments: list[str]
):
    assert len(json.loads(run(*arguments, "-f", sample).out)["items"]) == 3


@pytest.mark.parametrize("command", ["trace list", "span list", "session list"])
def test_pages_together_are_the_whole_list(run: Run, sample: str, command: str):
    flags = [*command.split(), "-f", sample, "--sort", "cost"]
    whole = run(*flags, "-q").out
    seen, cursor = "", list[str]()
    for _ in whole.splitlines():
        page = json.loads(run(*flags, "--json", "-l", "3", *cursor).out)
        seen += "".join("\t".join(_ids(item)) + "\n" for item in page["items"])
        if page["next_cursor"] is None:
            break
        cursor = ["--cursor", page["next_cursor"]]
    assert seen == whole


def _ids(item: dict[str, str]) -> list[str]:
    names = ("trace_id", "span_id") if "span_id" in item else ("trace_id",)
    return [item["session_id"]] if "traces" in item else [item[name] for name in names]


def test_the_cursor_of_a_page_leads_to_the_next(run: Run, sample: str):
    flags = ["trace", "list", "-f", sample, "--json", "-l", "2"]
    first = json.loads(run(*flags).out)
    second = json.loads(run(*flags, "--cursor", first["next_cursor"]).out)
    assert [item["trace_id"] for item in second["items"]] == [FAILED]
    assert second["next_cursor"] is None


def test_a_listing_is_in_the_order_asked_for(run: Run, sample: str):
    flags = ["trace", "list", "-f", sample, "-q"]
    assert run(*flags, "--sort", "tokens", "--order", "asc").out.split() == [FINE, FAILED, OTHER]


@pytest.mark.parametrize(
    ("flags", "ids"),
    [
        (["status:error"], [FAILED]),
        (["--status", "error"], [FAILED]),
        (["--status", "OK"], [OTHER, FINE]),
        (["--kind", "llm"], [OTHER, FAILED]),
        (["--agent", "deep-research"], [OTHER]),
        (["--agent", "Deep Research"], [OTHER]),
        (["--agent", "Deep Research,Support Triage"], [OTHER, FINE, FAILED]),
        (["--session", "s-2", "--session", "s-3"], [OTHER, FINE]),
        (["--user", "u-1"], [FINE]),
        (["--model", "gpt-5.4*"], [FAILED]),
        (["--provider", "openai"], [OTHER, FAILED]),
        (["--service", "shop"], [OTHER, FINE, FAILED]),
        (["--environment", "production"], []),
        (["--filter", "duration:>10s"], [OTHER, FAILED]),
        (["--filter", "tool:refund", "duration:<1m"], [FINE]),
        (["--range", "1h"], [OTHER]),
        (["--range", "all"], [OTHER, FINE, FAILED]),
        (["--from", "2025-10-09T09:00:00Z", "--to", "2025-10-10"], [FINE]),
        (["--to", "2025-10-09T09:00:00"], [FAILED]),
        (["--metadata", "tenant=acme"], [FAILED]),
        (["--resource", "service.name=shop", "agent:Deep*"], [OTHER]),
    ],
    ids=" ".join,
)
def test_a_filter_keeps_what_fits(store: FileStore, flags: list[str], ids: list[str]):
    given = trace_list.make_context("list", flags).params
    filters = Filters(**{name: given[name] for name in Filters.__struct_fields__})
    asked = select(filters, given["words"])
    page = list_traces(store, asked.of(store))
    assert [row["trace_id"] for row in page.items] == ids
    with asked.narrowed(store) as narrowed:
        assert sorted(narrowed.trace_ids) == sorted(ids)


def test_when_nothing_fits_the_time_of_the_data_is_told(run: Run, sample: str):
    ran = run("trace", "list", "-f", sample, "--from", "2026-01-01")
    assert ran.code == 0
    assert ran.err == (
        "no traces fit from 2026-01-01; "
        "these are from 2025-10-09 08:53:20 UTC to 2025-10-11 08:53:20 UTC\n"
    )


def test_spans_are_listed_across_traces(run: Run, sample: str):
    assert run("span", "list", "-f", sample, tty=80).out == snapshot("""\
  TRACE     SPAN                NAME                         INPUT → OUTP…     DUR
✓ b211e6f0  b211000000000002  L chat gpt-5.5                                29m59s
✓ b211e6f0  b211000000000001  A research                     Resea… → Don…  30m14s
✓ b211e659  b211000000000002  T refund                       {"ord… → {"o…   250ms
✓ b211e659  b211000000000001  A triage.run                   Refun… → Ref…    2.5s
✓ 79194633  7919000000000004  L ChatCompletion gpt-5.4-mini  I could not…     5.9s
✗ 79194633  7919000000000003  T lookup_order                 Tool timed o…    5.0s
✓ 79194633  7919000000000002  L ChatCompletion gpt-5.4-mini  lookup_order…    3.0s
✓ 79194633  7919000000000001  A triage.run                   Where… → I c…   14.2s
""")


def test_spans_of_one_trace_leave_its_id_out(run: Run, sample: str):
    assert run("span", "list", "-f", sample, "--trace-id", FAILED[:6], tty=80).out == snapshot("""\
  SPAN                NAME                         INPUT → OUTPUT            DUR
✓ 7919000000000004  L ChatCompletion gpt-5.4-mini  I could not reach the…   5.9s
✗ 7919000000000003  T lookup_order                 Tool timed out after…    5.0s
✓ 7919000000000002  L ChatCompletion gpt-5.4-mini  lookup_order({"order_…   3.0s
✓ 7919000000000001  A triage.run                   Where is m… → I could…  14.2s
""")


def test_facets_count_values(run: Run, sample: str):
    assert run("trace", "facets", "-f", sample, "--facet", "agent,tool", tty=60).out == snapshot("""\
agent  traces, spans
  Support Triage  ████████████        2         6
  Deep Research   ██████              1         2

tool  traces, spans
  lookup_order  ████████████        1         1
  refund        ████████████        1         1
""")


def test_facets_in_a_pipe(run: Run, sample: str):
    assert run("trace", "facets", "-f", sample, "--facet", "model").out == (
        "facet\tvalue\ttraces\tspans\nmodel\tgpt-5.4-mini\t1\t2\nmodel\tgpt-5.5\t1\t1\n"
    )


def test_agents_are_listed_with_their_failures(run: Run, sample: str):
    assert run("agent", "list", "-f", sample, tty=80).out == snapshot("""\
AGENT           TRACES  FAILED  SESSIONS     P50     P95  TOKENS    COST
Support Triage       2     50%         2   14.2s   14.2s   18.1k  $0.014
Deep Research        1      0%         1  30m14s  30m14s   23.1M  $27.70
""")


def test_an_agent_is_shown_with_models_tools_and_errors(run: Run, sample: str):
    assert run("agent", "get", "support-triage", "-f", sample, tty=80).out == snapshot("""\
AGENT           TRACES  FAILED  SESSIONS    P50    P95  TOKENS    COST
Support Triage       2     50%         2  14.2s  14.2s   18.1k  $0.014

MODEL         CALLS  FAILED   P50   P95
gpt-5.4-mini      2      0%  5.9s  5.9s

TOOL          CALLS  FAILED    P50    P95
lookup_order      1    100%   5.0s   5.0s
refund            1      0%  250ms  250ms

ERROR                     TRACES  EXAMPLE
Tool timed out after <n>       1  79194633
""")


def test_an_unknown_agent_names_the_closest(run: Run, sample: str):
    ran = run("agent", "get", "Support Triag", "-f", sample)
    assert ran.code == 3
    assert ran.err == "error: There is no agent 'Support Triag'.\nDid you mean Support Triage?\n"


def test_sessions_are_listed(run: Run, sample: str):
    assert run("session", "list", "-f", sample, tty=80).out == snapshot("""\
  SESSION  LAST        AGENT           FIRST INPUT        TRACES  LASTED  TOKENS
✓ s-3      2025-10-11  Deep Research   Research␛[31m ev…       1  30m14s   23.1M
✓ s-2      2025-10-09  Support Triage  Refund order #7         1    2.5s
✗ s-1      2025-10-09  Support Triage  Where is my orde…       1   14.2s   18.1k
""")


def test_a_session_is_shown_turn_by_turn(run: Run, sample: str):
    assert run("session", "get", "s-1", "-f", sample, tty=60).out == snapshot("""\
✗ 79194633  Support Triage  2025-10-09 08:53:20 UTC · 14.2s · 4 spans · $0.014
▎ user
▎ Where is my order #1842?
▎ assistant
▎ I could not reach the order system.
▎ error
▎ Tool timed out after 30s
""")


def test_an_unknown_session_is_not_found(run: Run, sample: str):
    assert run("session", "get", "s-77", "-f", sample).code == 3
