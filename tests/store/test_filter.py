# ruff: noqa: E501 - messages stand as they are printed
"""The filter grammar: what each form means, and that SQL and Python agree on it."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from inline_snapshot import snapshot

from catalyst_sdk.errors import ConfigError
from catalyst_sdk.semconv import SPAN_KINDS
from catalyst_sdk.spans import SpanFacts
from catalyst_sdk.store import FileStore, Filter, open_files, parse_filter, where
from catalyst_sdk.store.embedded import Database
from catalyst_sdk.store.files._columns import arrow_schema, to_batch
from catalyst_sdk.store.files._tables import Part, create_spans, create_traces
from store.made import run, runs, step, trace_id, write


def _spans(store: FileStore, text: str) -> set[str]:
    condition, params = store.where(parse_filter(text))
    rows = store.query(f"SELECT trace_id, span_id FROM spans WHERE {condition}", params)
    return {f"{int(row['trace_id'][:8], 16)}.{row['span_id'][5]}" for row in rows}


def _traces(store: FileStore, text: str) -> str:
    condition, params = store.where(parse_filter(text), "trace")
    sql = f"SELECT trace_id FROM traces WHERE {condition} ORDER BY trace_id"
    return "".join(str(int(row["trace_id"][:8], 16)) for row in store.query(sql, params))


@pytest.mark.parametrize(
    ("text", "spans", "traces"),
    [
        ("", 18, "123456"),
        ("status:error", 2, "36"),
        ("status:ok", 16, "1245"),
        ("status:error,ok", 18, "123456"),
        ("-status:error", 16, "1245"),
        ("status!=error", 16, "1245"),
        ("kind:LLM", 6, "123456"),
        ("kind:llm,tool", 12, "123456"),
        ("model:gpt-5*", 6, "123456"),
        ("model:GPT-5-MINI", 6, "123456"),
        ("model:gpt-5", 0, ""),
        ("model:*", 6, "123456"),
        ('model:""', 12, "123456"),
        ("tool:lookup* status:error", 2, "36"),
        ("-tool:lookup*", 12, ""),
        ("agent:refunds", 6, "123456"),
        ("agent:refund-1", 6, "123456"),
        ("session:s1", 2, "23"),
        ("session:s1,s2", 4, "2345"),
        ("name~LOOK", 6, "123456"),
        ("span_name~retrieval", 0, ""),
        ("name!~look", 12, ""),
        ('error:"timed out"', 2, "36"),
        ("error:timed*30s", 2, "36"),
        ("duration:>5s", 6, "123456"),
        ("duration:>=1s duration:<2s", 12, ""),
        ("duration:500ms..2s", 12, ""),
        ("duration:..900ms", 0, ""),
        ("duration_ms>500", 18, "123456"),
        ("duration_ms:1000", 12, ""),
        ("cost:>0.05", 6, "123456"),
        ("cost:$0.25", 6, "123456"),
        ("cost:<0.05", 0, ""),
        ("tokens:>0.1k", 6, "123456"),
        ("tokens:>10k", 0, ""),
        ("total_tokens between:100,500", 6, "123456"),
        ("prompt_tokens:<50,>90", 6, "123456"),
        ("trace:00000003*", 3, "3"),
        ("attr.tenant=acme", 3, "135"),
        ("attr.tenant=ACME,globex", 6, "123456"),
        ("-attr.tenant=acme", 15, "246"),
        ("attr.tenant~lob", 3, "246"),
        ("attr.tenant:*", 6, "123456"),
        ("attr.retries.left:>4", 2, "56"),
        ("attr.retries.left:3", 1, "3"),
        ("attr.retries.left between:2,3", 2, "23"),
        ("metadata.tenant=acme", 3, "135"),
        ("resource.service.name=shop", 18, "123456"),
        ("resource.service.name=stop", 0, ""),
        ("shipped", 4, "1245"),
        ('"where is my \\"money\\""', 6, "123456"),
        ("überall", 0, ""),
        ("Überall", 6, "123456"),
        ('"Tool timed out" kind:tool', 2, "36"),
        ('-"timed out"', 16, "1245"),
        ("lookup_order Globex", 3, "246"),
        ("text:shipped,timed", 6, "123456"),
    ],
)
def test_each_form_finds_what_it_says(store: FileStore, text: str, spans: int, traces: str) -> None:
    assert len(_spans(store, text)) == spans
    assert _traces(store, text) == traces


@pytest.mark.parametrize(
    ("text", "traces"), [("spans:>2", "123456"), ("errors:1", "36"), ("llm_calls:0", "")]
)
def test_counts_are_of_whole_traces_only(store: FileStore, text: str, traces: str) -> None:
    assert _traces(store, text) == traces
    with pytest.raises(ConfigError, match="cannot filter spans"):
        store.where(parse_filter(text))


@pytest.mark.parametrize(
    "text",
    [
        "x'||1=1--",
        "model:x'/**/OR/**/1=1",
        'model:"\\\\\' OR 1=1 -- "',
        'session:"\'); DROP TABLE spans; --"',
        "tool:{x:String}",
        'attr."x\' OR 1 --"=1',
        'user:"%" agent:"_"',
        "name:%",
    ],
)
def test_no_value_becomes_sql(store: FileStore, text: str) -> None:
    assert _traces(store, text) == ""
    assert _spans(store, text) == set()
    assert store.totals().spans == 18


def test_what_is_wrong_is_told_with_its_place_and_what_was_meant() -> None:
    told: dict[str, str] = {}
    for text in (
        "statsu:error",
        "status:eror",
        "kind:lm",
        "  duration:>5",
        "duration:>5parsecs",
        "tokens:>1e999",
        "tokens:many",
        "tokens~5",
        "model:>5",
        "duration:..",
        "status:",
        'error:"half',
        "model:a, b",
        "- x",
        "a OR b",
        "a AND b",
        "attr.",
        "attr.x",
        "attr:x",
        "refused:maybe",
        "tokens between:1",
        "model between:a,b",
        "http://example.com",
        '""',
        "*",
    ):
        with pytest.raises(ConfigError) as caught:
            parse_filter(text)
        told[text] = f"{caught.value.message} {caught.value.hint}".strip()
    assert told == snapshot(
        {
            "statsu:error": "There is no field `statsu` (filter, character 1). Did you mean `status`? To "
            "search for it as text, put it in quotes.",
            "status:eror": "`eror` is no status (filter, character 8). Did you mean `error`? Known: error, "
            "ok, unset.",
            "kind:lm": "`lm` is no kind (filter, character 6). Did you mean `LLM`? Known: AGENT, LLM, "
            "TOOL, CHAIN, RETRIEVER, EMBEDDING, RERANKER, GUARDRAIL, EVALUATOR, PROMPT, "
            "UNKNOWN.",
            "  duration:>5": "`5` is no duration with a unit (filter, character 12). Did you mean 5s or 5ms?",
            "duration:>5parsecs": "`5parsecs` is no duration with a unit (filter, character 10). Say for example "
            "duration:>5s or 500ms.",
            "tokens:>1e999": "`1e999` is too large (filter, character 8).",
            "tokens:many": "`many` is no number (filter, character 8). Say for example tokens:>10k.",
            "tokens~5": "`tokens` is a number (filter, character 1). Compare it: >, <, 1..5.",
            "model:>5": "`model` cannot be compared by size (filter, character 7). Say model:value.",
            "duration:..": "A range needs a bound (filter, character 10). Say 1s..5s, 1s.. or ..5s.",
            "status:": 'A value is missing (filter, character 8). For an empty value write "".',
            'error:"half': 'A quote is not closed (filter, character 7). Write \\" for a quote inside quotes.',
            "model:a, b": 'A value is missing (filter, character 9). For an empty value write "".',
            "- x": "`-` stands alone (filter, character 1). Put it before what you exclude: "
            "-agent:x.",
            "a OR b": "`OR` is not part of the grammar (filter, character 3). For any of several values"
            " use a comma: status:error,ok.",
            "a AND b": "`AND` is not needed (filter, character 3). Terms all have to hold.",
            "attr.": "An attribute's name is missing (filter, character 6). Say attr.tenant=acme.",
            "attr.x": "`attr.x` has no value (filter, character 1). Say attr.x=value.",
            "attr:x": "`attr` needs a name (filter, character 1). Say attr.tenant=acme.",
            "refused:maybe": "`maybe` is neither true nor false (filter, character 9). Say refused:true.",
            "tokens between:1": "`between:` takes two numbers (filter, character 1). Say total_tokens "
            "between:100,500.",
            "model between:a,b": "`between:` takes two numbers (filter, character 1). Say total_tokens "
            "between:100,500.",
            "http://example.com": "There is no field `http` (filter, character 1). To search for it as text, put it"
            " in quotes.",
            '""': "The text to search for is empty (filter, character 1).",
            "*": "The text to search for is empty (filter, character 1).",
        }
    )


def test_values_taken_as_they_are_need_no_quotes(store: FileStore) -> None:
    assert where("name", "ru n") == parse_filter('name:"ru n"')
    assert where("tokens", ">10k") == parse_filter("tokens:>10k")
    assert where("attr", "a,b", key="x y") == parse_filter('attr."x y"="a,b"')
    assert where("status") == Filter()


def test_filters_join(store: FileStore) -> None:
    joined = parse_filter("status:error") & where("session", "s1")
    assert joined == parse_filter("status:error session:s1")
    assert bool(joined)
    assert not parse_filter("  ")


def test_a_filter_on_payloads_says_where_it_can_be_used() -> None:
    with pytest.raises(ConfigError, match=r"attr\.tenant needs the payloads"):
        parse_filter("attr.tenant=acme").sql()


def test_narrowed_keeps_whole_traces(store: FileStore) -> None:
    with store.narrowed(parse_filter('status:error "timed out"')) as narrowed:
        assert narrowed.trace_ids == [trace_id(3), trace_id(6)]
        assert narrowed.totals().spans == 6
        assert narrowed.trace(trace_id(6)) == run(6, error="Tool timed out after 30s")
        assert narrowed.dataset_hash != store.dataset_hash
        with pytest.raises(LookupError):
            narrowed.trace(trace_id(1))
        assert {hit.trace_id for hit in narrowed.search("lookup_order")} == {
            trace_id(3),
            trace_id(6),
        }
        with narrowed.narrowed(where("session", "s1")) as fewer:
            assert fewer.trace_ids == [trace_id(3)]
    assert store.totals().spans == 18


def test_narrowed_by_time_and_agent(tmp_path: Path) -> None:
    other = step(7, attributes={"agent.id": "other*", "agent.name": "O'Neil > all"})
    with open_files(write(tmp_path / "a.jsonl", [*runs(6), other])) as store:
        start = store.trace(trace_id(3))[2].start_ns
        end = store.trace(trace_id(5))[0].start_ns

        def kept(**by: Any) -> list[int]:
            with store.narrowed(**by) as narrowed:
                return [int(each[:8], 16) for each in narrowed.trace_ids]

        assert kept(start_ns=start, end_ns=end) == [3, 4]
        assert kept(start_ns=end) == [5, 6, 7]
        assert kept(end_ns=start) == [1, 2, 3]
        assert kept(agent="refunds", end_ns=start) == [1, 2, 3]
        assert kept(agent="O'Neil > all") == kept(agent="other*") == [7]
        assert kept(agent="nobody") == []
        assert kept() == [1, 2, 3, 4, 5, 6, 7]


PIECES = ["", "a", "A", "ab", "aB%", "a_b", "a\\b", "É", "é", "İ", "k", "K", "'", '"', "a b", "a,b"]
PIECES += ["*", "x*y", "\n", "-", ">1", "1..2", "{p:String}", "--", "ß", "a" * 30]
NUMBERS = [0, 1, 2, 999, 1000, 1001, 5_000_000, 10**18]
TEXT = ["name", "service", "agent_id", "agent_name", "session_id", "model", "request_model"]
TEXT += ["tool_name", "error_message", "error_type", "soft_error"]
WORDS = st.sampled_from(PIECES)


def made_up(number: int, chance: random.Random) -> SpanFacts:
    """Make span facts of few different values, so that filters find some."""
    return SpanFacts(
        trace_id=f"{chance.randrange(10):032x}",
        span_id=f"{number:016x}",
        kind=chance.choice(SPAN_KINDS),
        status=chance.choice(["OK", "ERROR", "UNSET"]),
        start_ns=chance.choice(NUMBERS),
        end_ns=chance.choice(NUMBERS),
        duration_ns=chance.choice(NUMBERS),
        total_tokens=chance.choice(NUMBERS),
        has_usage=chance.random() < 0.5,
        cost_usd=chance.choice([0.0, 0.05, 0.1, 3.0]),
        has_cost=chance.random() < 0.5,
        ttft_ms=chance.choice([0.0, 0.5, 500.0]),
        document_count=chance.choice([-1, 0, 3]),
        refused=chance.random() < 0.5,
        tools_called=chance.choices(PIECES, k=chance.randrange(4)),
        **{name: chance.choice(PIECES) for name in TEXT},
    )


def _quoted(word: str) -> str:
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


@st.composite
def terms(draw: st.DrawFn) -> str:
    """Write one term of the grammar."""
    negation = draw(st.sampled_from(["", "-"]))
    shape = draw(st.sampled_from(["text", "few", "number", "flag"]))
    if shape == "few":
        field, values = draw(
            st.sampled_from([("status", ["error", "ok", "unset"]), ("kind", list(SPAN_KINDS))])
        )
        some = draw(st.lists(st.sampled_from(values), min_size=1, max_size=3))
        return f"{negation}{field}:{','.join(some)}"
    if shape == "flag":
        return f"{negation}refused:{draw(st.sampled_from(['true', 'no']))}"
    if shape == "text":
        field = draw(
            st.sampled_from(["name", "service", "agent", "agent_id", "session", "model", "tool"])
            | st.sampled_from(["error", "error_type", "calls"])
        )
        value = st.lists(WORDS.map(_quoted) | st.just("*"), min_size=1, max_size=3).map("".join)
        some = draw(st.lists(value, min_size=1, max_size=2))
        return (
            f"{negation}{field}{draw(st.sampled_from([':', '=', '!=', '~', '!~']))}{','.join(some)}"
        )
    field, number = draw(
        st.sampled_from(
            [
                ("duration", ["0s", "1us", "1.5us", "5ms", "1000ns"]),
                ("duration_ms", ["0", "5", "0.001"]),
                ("tokens", ["0", "1", "1k", "1.5k", "5m"]),
                ("cost", ["0", "0.05", "$0.1", "3"]),
                ("ttft", ["0ms", "500us", "0.5s"]),
                ("documents", ["0", "3", "1"]),
            ]
        )
    )
    low, high = draw(st.sampled_from(number)), draw(st.sampled_from(number))
    form = draw(
        st.sampled_from([f":>{low}", f":<={low}", f"<{low}", f">={low}", f":{low}", f"={low}"])
        | st.sampled_from([f":{low}..{high}", f":..{high}", f":{low}..", f" between:{low},{high}"])
        | st.just(f":>{low},<{high}")
    )
    return f"{negation}{field}{form}"


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, list[SpanFacts]]]:
    """Eighty made-up rows in the engine, and the same in Python."""
    chance = random.Random(7)
    rows = [made_up(number, chance) for number in range(80)]
    path = tmp_path_factory.mktemp("rows") / "rows.parquet"
    with pyarrow.parquet.ParquetWriter(path, arrow_schema()) as writer:
        writer.write_batch(to_batch(rows))
    database = Database()
    create_spans(database, [Part(str(path), None)], repeated=False)
    create_traces(database)
    yield database, rows
    database.close()


@given(text=st.lists(terms(), min_size=1, max_size=3).map(" ".join))
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_sql_and_python_agree(table: tuple[Database, list[SpanFacts]], text: str) -> None:
    database, rows = table
    parsed = parse_filter(text)
    condition, params = parsed.sql()
    found = database.query(f"SELECT span_id FROM spans WHERE {condition}", params)
    wanted = {row.span_id for row in rows if parsed.matches(row)}
    assert {row["span_id"] for row in found} == wanted

    condition, params = parsed.trace_sql()
    found = database.query(f"SELECT trace_id FROM traces WHERE {condition}", params)
    wanted = {
        trace["trace_id"]
        for trace in database.query("SELECT * FROM traces")
        if parsed.matches_trace(trace, [r for r in rows if r.trace_id == trace["trace_id"]])
    }
    assert {row["trace_id"] for row in found} == wanted


@given(text=st.text(max_size=60))
@settings(max_examples=500, deadline=None)
def test_any_text_is_a_filter_or_a_usage_error(text: str) -> None:
    with contextlib.suppress(ConfigError):
        parsed = parse_filter(text)
        condition, params = parsed.trace_sql(dict.fromkeys(parsed.payload_terms, "hits"))
        assert condition.count("{") == len(params)
