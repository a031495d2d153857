# ruff: noqa: E501 - screens as wide as they are drawn
from __future__ import annotations

from inline_snapshot import snapshot

from catalyst_sdk.cli.views._forest import Fold
from catalyst_sdk.cli.views._timeline import timeline
from catalyst_sdk.spans import SpanFacts
from cli.made_spans import ThemeOf, make_span


def test_a_timeline_in_80_columns(theme_of: ThemeOf, triage: list[SpanFacts]):
    theme = theme_of(80)
    assert theme.screen.render(timeline(theme, triage, Fold())) == snapshot("""\
                             0s          7.1s            14.2s
✓ A support-triage.run       █████████████████████████████████    14.2s
✓ ├─ L ChatCompletion gpt-…  ███████▎                              3.1s  $0.0061
✗ ├─ T lookup_order                 ███████████▉                   5.0s
✓ ├─ L ChatCompletion gpt-…                     ██████▊            2.9s  $0.0072
✓ ├─ R search_kb                                      ▐▌          310ms
✓ │  └─ L rerank gpt-5.4-n…                           ▐▌          240ms  $0.0002
✓ └─ L ChatCompletion gpt-…                            ███████     2.8s  $0.0081
""")


def test_a_timeline_in_120_columns(theme_of: ThemeOf, triage: list[SpanFacts]):
    theme = theme_of(120)
    assert theme.screen.render(timeline(theme, triage, Fold())) == snapshot("""\
                                    0s                4.7s                  9.5s                 14.2s
✓ A support-triage.run              ██████████████████████████████████████████████████████████████████    14.2s
✓ ├─ L ChatCompletion gpt-5.4-mini  ██████████████▍                                                        3.1s  $0.0061
✗ ├─ T lookup_order                               ███████████████████████▋                                 5.0s
✓ ├─ L ChatCompletion gpt-5.4-mini                                        █████████████▋                   2.9s  $0.0072
✓ ├─ R search_kb                                                                       ▐█                 310ms
✓ │  └─ L rerank gpt-5.4-nano                                                          ▐█                 240ms  $0.0002
✓ └─ L ChatCompletion gpt-5.4-mini                                                      ▐█████████████     2.8s  $0.0081
""")


def test_a_timeline_in_colour(theme_of: ThemeOf, triage: list[SpanFacts]):
    theme = theme_of(80, color="standard")
    assert theme.screen.render(timeline(theme, triage[:3], Fold())) == snapshot("""\
                             \x1b[90m0s          7.1s            14.2s\x1b[0m
\x1b[32m✓ \x1b[0m\x1b[1;35mA \x1b[0msupport-triage.run       \x1b[35m█████████████████████████████████\x1b[0m    14.2s
\x1b[32m✓ \x1b[0m\x1b[90m├─ \x1b[0m\x1b[1;34mL \x1b[0mChatCompletion\x1b[90m gpt-\x1b[0m…  \x1b[34m███████▎                         \x1b[0m     3.1s\x1b[90m  $0.0061\x1b[0m
\x1b[31m✗ \x1b[0m\x1b[90m└─ \x1b[0m\x1b[1;33mT \x1b[0m\x1b[31mlookup_order\x1b[0m          \x1b[31m       ███████████▉              \x1b[0m     5.0s
""")


def test_a_timeline_in_the_colours_of_a_light_terminal(theme_of: ThemeOf, triage: list[SpanFacts]):
    theme = theme_of(60, color="truecolor", background="light")
    assert theme.screen.render(timeline(theme, triage[:1], Fold())) == snapshot("""\
                        \x1b[38;2;88;96;114m0s       7.1s         14.2s\x1b[0m
\x1b[38;2;26;122;60m✓ \x1b[0m\x1b[1;38;2;114;56;154mA \x1b[0msupport-triage.run  \x1b[38;2;114;56;154m███████████████████████████\x1b[0m    14.2s
""")


def test_a_timeline_in_ascii(theme_of: ThemeOf, triage: list[SpanFacts]):
    theme = theme_of(80, ascii=True)
    drawn = theme.screen.render(timeline(theme, triage, Fold()))
    assert drawn.isascii()
    assert drawn == snapshot("""\
                             0s          7.1s            14.2s
+ A support-triage.run       =================================    14.2s
+ |- L ChatCompletion gp...  =======                               3.1s  $0.0061
x |- T lookup_order                 ============                   5.0s
+ |- L ChatCompletion gp...                     =======            2.9s  $0.0072
+ |- R search_kb                                      ==          310ms
+ |  `- L rerank gpt-5.4...                           =           240ms  $0.0002
+ `- L ChatCompletion gp...                            =======     2.8s  $0.0081
""")


def test_in_a_pipe_nothing_of_a_name_is_cut(theme_of: ThemeOf):
    theme = theme_of(80, tty=False)
    name = "a-very-long-name-" * 3
    drawn = theme.screen.render(timeline(theme, [make_span(1, None, name, "CHAIN", 0, 1)], Fold()))
    assert name in drawn


def test_a_span_that_never_ended_reaches_to_the_end(theme_of: ThemeOf):
    theme = theme_of(60)
    spans = [
        make_span(1, None, "run", "AGENT", 0, 10),
        make_span(2, 1, "hangs", "TOOL", 5, 0, status="UNSET"),
    ]
    assert theme.screen.render(timeline(theme, spans, Fold())) == snapshot("""\
              0s            5.0s              10.0s
✓ A run       █████████████████████████████████████    10.0s
· └─ T hangs                    ▐██████████████████     open
""")


def test_every_span_shows_however_short(theme_of: ThemeOf):
    theme = theme_of(60)
    spans = [make_span(1, None, "run", "AGENT", 0, 3600)]
    spans += [make_span(2 + n, 1, f"tick{n}", "TOOL", n * 600, n * 600 + 0.001) for n in range(7)]
    lines = timeline(theme, spans, Fold())[2:]
    assert all(any(block in line.plain for block in "▏▐") for line in lines)


def test_a_trace_of_no_length_can_be_drawn(theme_of: ThemeOf):
    theme = theme_of(60)
    spans = [make_span(1, None, "instant", "CHAIN", 1, 1)]
    assert theme.screen.render(timeline(theme, spans, Fold())) == snapshot("""\
             0s
✓ C instant  ▏                                           0ns
""")
