# ruff: noqa: E501 - screens as wide as they are drawn
from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from catalyst_sdk.cli.views._forest import Fold, grow, rows, walk
from catalyst_sdk.cli.views._tree import tree
from catalyst_sdk.spans import SpanFacts
from cli.made_spans import ThemeOf, make_span


def test_a_tree_in_80_columns(theme_of: ThemeOf, triage: list[SpanFacts]):
    theme = theme_of(80)
    assert theme.screen.render(tree(theme, triage, Fold())) == snapshot("""\
✓ A support-triage.run                14.2s             Where is my… → I could…
✓ ├─ L ChatCompletion gpt-5.4-mini     3.1s  8,100→412  ⚙ lookup_order
✗ ├─ T lookup_order                    5.0s             Tool timed out after 30s
✓ ├─ L ChatCompletion gpt-5.4-mini     2.9s  9,000→300  ⚙ search_kb
✓ ├─ R search_kb                      310ms             order looku… → [3 docum…
✓ │  └─ L rerank gpt-5.4-nano         240ms     400→10  2, 1, 3
✓ └─ L ChatCompletion gpt-5.4-mini     2.8s  9,200→350  I could not reach the o…
""")


def test_a_tree_in_120_columns(theme_of: ThemeOf, triage: list[SpanFacts]):
    theme = theme_of(120)
    assert theme.screen.render(tree(theme, triage, Fold())) == snapshot("""\
✓ A support-triage.run                14.2s             Where is my order #1842? → I could not reach the order system;…
✓ ├─ L ChatCompletion gpt-5.4-mini     3.1s  8,100→412  ⚙ lookup_order
✗ ├─ T lookup_order                    5.0s             Tool timed out after 30s
✓ ├─ L ChatCompletion gpt-5.4-mini     2.9s  9,000→300  ⚙ search_kb
✓ ├─ R search_kb                      310ms             order lookup unavailable → [3 documents]
✓ │  └─ L rerank gpt-5.4-nano         240ms     400→10  2, 1, 3
✓ └─ L ChatCompletion gpt-5.4-mini     2.8s  9,200→350  I could not reach the order system; a colleague will write to y…
""")


def test_a_tree_in_ascii_and_colour(theme_of: ThemeOf, triage: list[SpanFacts]):
    theme = theme_of(80, ascii=True, color="standard")
    assert theme.screen.render(tree(theme, triage[:3], Fold())) == snapshot("""\
\x1b[32m+ \x1b[0m\x1b[1;35mA \x1b[0msupport-triage.run            \x1b[90m    14.2s\x1b[0m              Where is...\x1b[90m -> \x1b[0mI cou...
\x1b[32m+ \x1b[0m\x1b[90m|- \x1b[0m\x1b[1;34mL \x1b[0mChatCompletion\x1b[90m gpt-5.4-mini\x1b[0m\x1b[90m     3.1s\x1b[0m  \x1b[90m8,100->412\x1b[0m  * lookup_order
\x1b[31mx \x1b[0m\x1b[90m`- \x1b[0m\x1b[1;33mT \x1b[0m\x1b[31mlookup_order\x1b[0m               \x1b[90m     5.0s\x1b[0m              \x1b[31mTool timed out after\x1b[0m...
""")


def test_only_what_failed_and_the_way_there(theme_of: ThemeOf, triage: list[SpanFacts]):
    theme = theme_of(80)
    assert theme.screen.render(tree(theme, triage, Fold(errors=True))) == snapshot("""\
✓ A support-triage.run    14.2s  Where is my order #1842? → I could not reach t…
✗ └─ T lookup_order        5.0s  Tool timed out after 30s
""")


def test_only_some_kinds_and_the_way_there(triage: list[SpanFacts]):
    shown = rows(triage, Fold(kinds=frozenset({"RETRIEVER", "TOOL"})))
    assert [node.facts.name for node in shown] == [
        "support-triage.run",
        "lookup_order",
        "search_kb",
    ]


def test_levels_beyond_the_depth_are_counted(theme_of: ThemeOf, triage: list[SpanFacts]):
    theme = theme_of(80)
    assert theme.screen.render(tree(theme, triage, Fold(depth=1))) == snapshot("""\
✓ A support-triage.run                14.2s             Where is my… → I could…
✓ ├─ L ChatCompletion gpt-5.4-mini     3.1s  8,100→412  ⚙ lookup_order
✗ ├─ T lookup_order                    5.0s             Tool timed out after 30s
✓ ├─ L ChatCompletion gpt-5.4-mini     2.9s  9,000→300  ⚙ search_kb
✓ ├─ R search_kb                      310ms             order looku… → [3 docum…
  │  └─ … 1 more span (--all)
✓ └─ L ChatCompletion gpt-5.4-mini     2.8s  9,200→350  I could not reach the o…
""")


def test_the_same_call_again_and_again_is_one_row(theme_of: ThemeOf):
    theme = theme_of(80)
    spans = [make_span(1, None, "run", "AGENT", 0, 20)]
    spans += [
        make_span(n, 1, "lookup", "TOOL", n, n + 0.5, input_preview='{"id":1}', input_hash=7)
        for n in range(2, 16)
    ]
    assert theme.screen.render(tree(theme, spans, Fold())) == snapshot("""\
✓ A run              20.0s
✓ └─ T lookup ×14     7.0s  {"id":1}
""")
    assert len(rows(spans, Fold(rows=None))) == 15


def test_a_failure_is_not_folded_into_successes():
    spans = [make_span(1, None, "run", "AGENT", 0, 20)]
    spans += [
        make_span(n, 1, "lookup", "TOOL", n, n + 0.5, input_hash=7, status=status)
        for n, status in enumerate(["OK", "OK", "OK", "ERROR", "OK", "OK", "OK"], 2)
    ]
    assert [(node.facts.status, len(node.repeats)) for node in rows(spans, Fold())] == [
        ("OK", 0),
        ("OK", 3),
        ("ERROR", 0),
        ("OK", 3),
    ]


def test_ten_thousand_spans_are_cut_to_a_screenful_and_counted(theme_of: ThemeOf):
    theme = theme_of(80)
    spans = [make_span(1, None, "run", "AGENT", 0, 10_000)]
    spans += [
        make_span(n, 1, f"step{n}", "TOOL", n, n + 0.5, status="ERROR" if n == 9_000 else "OK")
        for n in range(2, 10_001)
    ]
    drawn = theme.screen.render(tree(theme, spans, Fold())).splitlines()
    assert len(drawn) == 401
    assert drawn[-1] == "  └─ … 9,600 more spans (--all)"
    assert any("step9000" in line for line in drawn)
    assert len(tree(theme, spans, Fold(rows=None))) == 10_000


def test_a_thousand_levels_stay_readable(theme_of: ThemeOf):
    theme = theme_of(80)
    spans = [make_span(n, n - 1 or None, f"level{n}", "CHAIN", n, 2000 - n) for n in range(1, 1001)]
    lines = tree(theme, spans, Fold(rows=None))
    assert len(lines) == 1000
    assert max(line.cell_len for line in lines) <= 80
    assert lines[-1].plain.startswith("✓ ⋯999 └─ C level1000")


def test_a_span_whose_parent_is_absent_is_a_root():
    spans = [make_span(1, 99, "orphan", "TOOL", 1, 2), make_span(2, None, "root", "AGENT", 0, 3)]
    assert [root.facts.name for root in grow(spans)] == ["root", "orphan"]


def test_spans_that_descend_from_each_other_are_all_shown():
    spans = [
        make_span(1, 2, "a", "TOOL", 1, 2),
        make_span(2, 1, "b", "TOOL", 2, 3),
        make_span(3, 3, "own parent", "TOOL", 3, 4),
    ]
    assert sorted(node.facts.name for node in walk(grow(spans))) == ["a", "b", "own parent"]


@st.composite
def forests(draw: st.DrawFn) -> list[SpanFacts]:
    count = draw(st.integers(1, 60))
    return [
        make_span(
            number,
            draw(st.one_of(st.none(), st.integers(1, count))),
            draw(st.sampled_from(["a", "b"])),
            draw(st.sampled_from(["LLM", "TOOL"])),
            number,
            number + 1,
            status=draw(st.sampled_from(["OK", "ERROR"])),
            input_hash=draw(st.integers(0, 2)),
        )
        for number in range(1, count + 1)
    ]


@given(
    forests(),
    st.one_of(st.none(), st.integers(0, 4)),
    st.one_of(st.none(), st.integers(2, 30)),
)
def test_every_span_is_shown_folded_or_counted(
    spans: list[SpanFacts], depth: int | None, most: int | None
):
    shown = rows(spans, Fold(depth=depth, rows=most))
    told = sum(len(node.repeats) or 1 for node in shown) + sum(node.hidden for node in shown)
    assert told == len(spans)
    if most is not None:
        assert len(shown) <= most
