from __future__ import annotations

from inline_snapshot import snapshot

from catalyst_sdk.cli.views._thread import thread
from catalyst_sdk.spans import Conversation, Message, Part, SpanFacts
from catalyst_sdk.store.queries import transcript
from cli.made_spans import ThemeOf, make_span


def said(role: str, text: str) -> Message:
    return Message(role=role, parts=[Part(type="text", text=text)])


def calls(name: str, arguments: str, call_id: str = "") -> Message:
    part = Part(type="tool_call", name=name, arguments=arguments, id=call_id)
    return Message(role="assistant", parts=[part])


def result(text: str, call_id: str = "", name: str = "") -> Message:
    part = Part(type="tool_result", text=text, id=call_id, name=name)
    return Message(role="tool", parts=[part])


def call(number: int, given: list[Message], made: Message) -> tuple[SpanFacts, Conversation]:
    span = make_span(
        number,
        None,
        "chat",
        "LLM",
        number,
        number + 0.5,
        model="gpt-5.4-mini",
        has_usage=True,
        prompt_tokens=100 * number,
        completion_tokens=10,
    )
    return span, Conversation(input_messages=given, output_messages=[made])


SYSTEM = said("system", "You look up orders.\nBe brief.\nNever guess.\nAsk first.\nNo jokes.\nEnd.")
ASKED = said("user", "Where is my order #1842?")
LOOKED_UP = calls("lookup_order", '{"order_id": "1842"}', "c1")
TIMED_OUT = result("timed out", "c1", "lookup_order")
ANSWER = said("assistant", "I **could not** reach the order system.\n\n- try later\n- or call us")

TALKS = [
    call(1, [SYSTEM, ASKED], LOOKED_UP),
    call(3, [SYSTEM, ASKED, LOOKED_UP, TIMED_OUT], ANSWER),
]
TOOL = make_span(
    2,
    None,
    "lookup_order",
    "TOOL",
    1.5,
    6.5,
    status="ERROR",
    error_message="Tool timed out after 30s",
    tool_name="lookup_order",
    tool_call_id="c1",
)


def test_a_thread_in_80_columns(theme_of: ThemeOf):
    theme = theme_of(80)
    lines = thread(theme, TALKS, [TOOL], full=False)
    assert theme.screen.render(lines) == snapshot("""\
▎ system
▎ You look up orders.
▎ Be brief.
▎ Never guess.
▎ Ask first.
▎ … 2 more lines (--full)

▎ user
▎ Where is my order #1842?

▎ assistant  gpt-5.4-mini · 500ms · 100→10 tokens
▎ ⚙ lookup_order({"order_id":"1842"})
▎   → 5.0s  ✗ Tool timed out after 30s

▎ assistant  gpt-5.4-mini · 500ms · 300→10 tokens
▎ I could not reach the order system.
▎ \n\
▎  • try later
▎  • or call us
""")


def test_a_thread_in_colour(theme_of: ThemeOf):
    theme = theme_of(60, color="standard")
    lines = thread(theme, TALKS[1:], [TOOL], full=False)
    assert theme.screen.render(lines) == snapshot("""\
\x1b[90m▎ \x1b[0m\x1b[1;90msystem\x1b[0m
\x1b[90m▎ \x1b[0m\x1b[90mYou look up orders.\x1b[0m
\x1b[90m▎ \x1b[0m\x1b[90mBe brief.\x1b[0m
\x1b[90m▎ \x1b[0m\x1b[90mNever guess.\x1b[0m
\x1b[90m▎ \x1b[0m\x1b[90mAsk first.\x1b[0m
\x1b[90m▎ \x1b[0m\x1b[90m… 2 more lines (--full)\x1b[0m

\x1b[36m▎ \x1b[0m\x1b[1;36muser\x1b[0m
\x1b[36m▎ \x1b[0mWhere is my order #1842?

\x1b[34m▎ \x1b[0m\x1b[1;34massistant\x1b[0m
\x1b[34m▎ \x1b[0m\x1b[33m⚙ \x1b[0m\x1b[1mlookup_order\x1b[0m\x1b[90m({"order_id":"1842"})\x1b[0m
\x1b[34m▎ \x1b[0m\x1b[90m  → \x1b[0m\x1b[90m5.0s  \x1b[0m\x1b[31m✗ Tool timed out after 30s\x1b[0m

\x1b[34m▎ \x1b[0m\x1b[1;34massistant\x1b[0m\x1b[90m  gpt-5.4-mini · 500ms · 300→10 tokens\x1b[0m
\x1b[34m▎ \x1b[0mI \x1b[1mcould not\x1b[0m reach the order system.
\x1b[34m▎ \x1b[0m
\x1b[34m▎ \x1b[0m\x1b[1m • \x1b[0mtry later
\x1b[34m▎ \x1b[0m\x1b[1m • \x1b[0mor call us
""")


def test_a_thread_in_a_pipe_is_whole(theme_of: ThemeOf):
    theme = theme_of(40, tty=False)
    drawn = theme.screen.render(thread(theme, TALKS, [TOOL], full=False))
    assert "No jokes.\n" in drawn
    assert "**could not**" in drawn


def test_what_each_call_repeats_is_told_once():
    turns = transcript(TALKS, [TOOL])
    assert [turn.role for turn in turns] == ["system", "user", "assistant", "assistant"]


def test_the_same_words_said_twice_are_told_twice():
    yes = said("user", "yes")
    first, second = said("assistant", "Sure?"), said("assistant", "Really?")
    talks = [call(1, [yes], first), call(2, [yes, first, yes], second)]
    assert [turn.text for turn in transcript(talks, [])] == ["yes", "Sure?", "yes", "Really?"]


def test_a_call_whose_id_comes_twice_keeps_its_own_result():
    one, other = calls("search", '{"q":1}', "same"), calls("update", '{"q":2}', "same")
    ending = said("assistant", "done")
    talks = [
        call(1, [ASKED], one),
        call(2, [ASKED, one, result("found", "same")], other),
        call(3, [ASKED, one, result("found", "same"), other, result("saved", "same")], ending),
    ]
    outcomes = [c.outcome.text for turn in transcript(talks, []) for c in turn.calls]
    assert outcomes == ["found", "saved"]


def test_a_result_without_an_id_stands_by_itself():
    talks = [call(1, [ASKED, calls("lookup", "{}"), result("3 rows")], ANSWER)]
    assert [(turn.role, turn.text[:6]) for turn in transcript(talks, [])][-2:] == [
        ("tool", "3 rows"),
        ("assistant", "I **co"),
    ]


def test_a_call_nobody_answered_shows_no_result(theme_of: ThemeOf):
    theme = theme_of(60)
    lines = thread(theme, [call(1, [ASKED], LOOKED_UP)], [], full=False)
    assert "→" not in lines[-1].plain.removeprefix("▎")
    assert "lookup_order" in lines[-1].plain


def test_pictures_and_thoughts_are_named(theme_of: ThemeOf):
    theme = theme_of(60)
    seen = Message(role="user", parts=[Part(type="image", text="cat.png")])
    thought = Message(
        role="assistant",
        parts=[Part(type="reasoning", text="hm"), Part(type="text", text="A cat.")],
    )
    lines = [line.plain for line in thread(theme, [call(1, [seen], thought)], [], full=False)]
    assert lines[0] == "▎ user  [image]"
    assert "[reasoning]" in lines[2]


def test_a_trace_without_messages_is_told_by_its_steps():
    run = make_span(
        1, None, "run", "AGENT", 0, 9, input_preview="Find it", output_preview="Found it"
    )
    turns = transcript([], [run, TOOL])
    assert [(turn.role, turn.text) for turn in turns] == [
        ("user", "Find it"),
        ("tool", ""),
        ("assistant", "Found it"),
    ]
    assert turns[1].calls[0].outcome.text == "Tool timed out after 30s"


def test_escape_codes_in_a_message_do_not_reach_the_terminal(theme_of: ThemeOf):
    theme = theme_of(60)
    nasty = said("assistant", "\x1b]0;owned\x07 \x1b[2Jgone")
    drawn = theme.screen.render(thread(theme, [call(1, [ASKED], nasty)], [], full=False))
    assert "\x1b" not in drawn
    assert "\x07" not in drawn
