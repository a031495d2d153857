"""Searching text: found wherever a person would see it, however the file spells it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from catalyst_sdk.errors import BadInput, ConfigError
from catalyst_sdk.spans import Event
from catalyst_sdk.store import FileStore, Hit, open_files
from catalyst_sdk.store.files import _grep
from catalyst_sdk.store.files._pattern import Sieve, sieve, text_sieve
from catalyst_sdk.store.filter import Pattern
from catalyst_sdk.store.filter import fits as filter_fits
from store.made import llm, run, runs, span_id, step, tool, trace_id, write


def test_a_hit_names_its_span_its_field_and_what_stands_there(store: FileStore) -> None:
    assert store.search(r"out after \d+s", limit=1) == [
        Hit(
            trace_id=trace_id(3),
            span_id=span_id(3),
            field="status.message",
            excerpt="Tool timed out after 30s",
        )
    ]


@pytest.mark.parametrize(
    ("pattern", "count"),
    [
        (r'my "money"\?\nNow', 6),
        (r"(?i)WHERE IS MY \"MONEY", 6),
        (r"^Now!|Now!$", 6),
        (r'"content":"Where', 6),
        (r"Überall – 100 %", 6),
        (r"Ü\w+|[Üü]berall.–", 6),
        (r"\bshipped\b", 4),
        (r"gpt-\d", 6),
        (r"lookup_(order|stock)", 6),
        (r"[^a-z]{3}%", 6),
        (r".", 100),
        (r"zebra", 0),
        (r"(?s)money.*Now", 6),
        (r"money.*Now", 6),
        (r"\pL+ – 100", 6),
        (r"[[:upper:]]berall", 0),
        (r"x{,2}berall", 0),
        (r"\x{00dc}berall", 6),
        (r"trace_id", 0),
        (r"acme", 9),
    ],
)
def test_patterns_apply_to_the_text_a_person_sees(
    store: FileStore, pattern: str, count: int
) -> None:
    assert len(store.search(pattern)) == count


def test_every_field_is_searched(tmp_path: Path) -> None:
    span = step(
        1,
        name="needle name",
        status_message="needle status",
        attributes={"a": "needle", "b": ["x", "needle"], "n": 1234567, "nested": '{"x": "needle"}'},
        resource={"r": "needle"},
        events=(Event(name="exception", time_ns=1, attributes={"exception.message": "needle"}),),
    )
    with open_files(write(tmp_path / "a.jsonl", [span])) as store:
        assert [hit.field for hit in store.search("needle")] == [
            "name",
            "status.message",
            "attributes.a",
            "attributes.b",
            "attributes.nested",
            "resource.r",
            "events.exception.exception.message",
        ]
        assert [hit.field for hit in store.search("^12345")] == ["attributes.n"]


def test_a_long_text_is_cut_around_the_place(tmp_path: Path) -> None:
    text = "é" * 500 + "\n needle  " + "ü" * 500
    with open_files(write(tmp_path / "a.jsonl", [step(1, attributes={"a": text})])) as store:
        (hit,) = store.search("needle")
    assert hit.excerpt == "…" + "é" * 58 + " needle " + "ü" * 172 + "…"


def test_the_limit_and_the_traces_to_look_in(store: FileStore) -> None:
    assert len(store.search("money", limit=4)) == 4
    inside = store.search("lookup", within=[trace_id(5), trace_id(2)])
    assert {hit.trace_id for hit in inside} == {trace_id(2), trace_id(5)}
    assert store.search("lookup", within=[]) == []


@pytest.mark.parametrize("pattern", ["(", "(?=x)", r"(a)\1", "a{2000}", "", "[z-a]", "(?<!x)y"])
def test_a_pattern_re2_refuses_is_a_usage_error(store: FileStore, pattern: str) -> None:
    with pytest.raises(ConfigError) as caught:
        store.search(pattern)
    assert caught.value.hint


def test_a_pattern_made_to_explode_does_not(tmp_path: Path) -> None:
    span = step(1, attributes={"a": "a" * 50_000 + "!"})
    with open_files(write(tmp_path / "a.jsonl", [span])) as store:
        assert store.search("(a+)+$|(a|aa)+$|(.*a){20}$") == []


def test_blocks_of_any_size_find_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "many.jsonl"
    write(path, runs(50))
    path.write_bytes(path.read_bytes().replace(b"\n", b"\nnot json: Tool timed out\n"))
    with open_files([path, write(tmp_path / "b.jsonl", run(60, error="Tool timed out"))]) as store:
        whole = store.search("timed out")
        assert len(whole) == 17
        assert whole[-1].trace_id == trace_id(60)
        for size in (1, 700, 5000):
            monkeypatch.setattr(_grep, "BLOCK", size)
            assert store.search("timed out") == whole
        few = [trace_id(3), trace_id(48), trace_id(60)]
        assert store.search("timed out", within=few) == [
            hit for hit in whole if hit.trace_id in few
        ]


def test_a_file_that_changed_since_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", run(1))
    with open_files(path) as store:
        write(path, [tool(2), llm(2), *run(3)])
        with pytest.raises(BadInput, match="has changed since"):
            store.search("lookup")


LITERALS = ["a", "k", "S", "é", "“", "😀", '"', r"\\", "/", "<", r"\n", r"\t", " ", "{", r"\.", "7"]
CLASSES = [".", r"\d", r"\w", r"\s", r"\S", r"\W", "[ab]", "[^a]", "[a-z]", r'["/]', r"[\s\d]"]
CLASSES += ["[é-ü]", r"[^\n]", r"\x41", "(?i:É)", "(?i:sK)", r"[\\]", "[^\\x00-\\x7f]"]
ANCHORS = [r"\b", "^", "$"]
WRAPPINGS = ["{}", "(?i){}", "({})+", "zz|{}", "(?:{}|qq)", "(?s){}", "(?m){}"]


@st.composite
def patterns(draw: st.DrawFn) -> str:
    """Write a pattern that both Python and RE2 read."""
    pieces: list[str] = []
    for _ in range(draw(st.integers(1, 4))):
        atom = draw(st.sampled_from([*LITERALS, *CLASSES, *ANCHORS]))
        if atom not in ANCHORS:
            atom += draw(st.sampled_from(["", "", "*", "+", "?", "{2}", "{0,3}", "+?"]))
        pieces.append(atom)
    body = "".join(pieces)
    wrap = draw(
        st.sampled_from(["{}", "(?i){}", "({})+", "zz|{}", "(?:{}|qq)", "(?s){}", "(?m){}"])
    )
    return wrap.format(body)


TEXTS = st.text(
    st.sampled_from("aAkKsSzq7 .{}\"\\/<>&'\n\t\x01éÉü“😀\u212aſ") | st.characters(codec="utf-8"),
    max_size=12,
)


def _spelled(text: str) -> list[str]:
    """Write text into a JSON line in the ways writers do."""
    return [
        json.dumps({"a": text}),
        json.dumps({"a": text}, ensure_ascii=False),
        json.dumps({"a": text}).replace("/", "\\/"),
        re.sub("[<>&']", lambda m: f"\\u{ord(m.group()):04X}", json.dumps({"a": text})),
        json.dumps({"a": json.dumps([{"b": text}])}),
        msgspec.json.encode({"a": msgspec.json.encode({"b": [text]}).decode()}).decode(),
    ]


@st.composite
def cases(draw: st.DrawFn) -> tuple[str, str]:
    """Give a pattern and a text, often one that it fits."""
    pattern = draw(patterns())
    return pattern, draw(TEXTS | st.from_regex(pattern))


@given(case=cases())
@example(case=("(?i)k", "\u212a"))
@example(case=(r"[^a]\n", "\\\n"))
@example(case=('a"/', 'a"/'))
@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_sieve_misses_nothing(case: tuple[str, str]) -> None:
    pattern, text = case
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    if _grep.fits([text], pattern) == [True]:
        lines = _spelled(text)
        assert _held(sieve(pattern), lines)


def _held(tested: Sieve, lines: list[str]) -> bool:
    words = [any(each) for each in zip(*(_grep.fits(lines, w) for w in tested.words), strict=True)]
    return all(words) and all(_grep.fits(lines, tested.pattern))


@given(text=TEXTS.filter(lambda text: "\ud800" not in text), start=st.integers(0, 12))
@settings(max_examples=300, deadline=None)
def test_the_sieve_for_a_text_misses_nothing(text: str, start: int) -> None:
    pieces = (text[start : start + 2], text[start + 3 :].swapcase())
    lines = _spelled(text)
    fits = Pattern(pieces, contains=True)
    if filter_fits(text, fits):
        assert _held(text_sieve([("zzz",), pieces]), lines)
        assert _held(text_sieve([pieces], before='"a"'), lines)


def test_a_sieve_looks_for_words_first_and_stays_narrow() -> None:
    assert sieve("timed out after [0-9]+ s") == Sieve(
        r"timed out after (?:[\x{30}-\x{39}]){1,} s", ("timed out after ",)
    )
    assert sieve(r"\d{3}-\d{4}") == Sieve(r"(?:[0-9]){3,3}\-(?:[0-9]){4,4}")
    assert sieve("zebra|yak.*horn").words == ("horn", "zebra")
    assert sieve("zebra|ya").words == ()
    assert sieve("(?i)Member|zebra+").words == ("(?i:Member)", "(?i:zebr)")
    assert sieve("(?i)ask").words == ()
    assert sieve("(a+)+$").words == ()
