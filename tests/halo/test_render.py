"""The report in its three forms: fit for its place, and safe with whatever traces contain."""

# ruff: noqa: E501 - the lines of a snapshot are those of the report

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from inline_snapshot import snapshot

from catalyst_sdk import halo
from catalyst_sdk.errors import BadLine
from catalyst_sdk.findings import Evidence, Finding, Fix, Impact, Report, Totals, Waste
from catalyst_sdk.halo import render_html, render_markdown, render_terminal

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>\" onmouseover='x' "
    "](http://evil.test) `code` **bold** @team | \x1b[2J\x1b]0;owned\x07\u202egnp.exe\u202c"
)


def finding(**changes):
    return Finding(
        **{
            "id": "timeout-2d875b",
            "fingerprint": "2d875b0011223344",
            "title": "`lookup_order` times out and makes 18 runs wait 30 s for nothing",
            "category": "reliability",
            "severity": "high",
            "confidence": 0.9,
            "summary": "24 calls of `lookup_order` in 18 runs timed out; every run went on.",
            "root_cause": "The limit of `lookup_order` is far above what a working call needs.",
            "impact": Impact(
                traces_affected=18,
                traces_total=231,
                share_low=0.05,
                share_high=0.12,
                occurrences=24,
                wasted_tokens=41_200,
                usd=0.62,
                added_seconds=720,
                first_seen_ns=1_760_000_000_000_000_000,
                last_seen_ns=1_760_029_421_000_000_000,
            ),
            "fix": Fix(
                summary="Fail fast in `lookup_order`, and tell the model what to do next.",
                where="tool",
                steps=["Set its limit to about 1.5 s.", "Retry once inside the tool."],
                patch="timeout = 1.5\nretries = 1",
            ),
            "matcher": "kind:TOOL tool:lookup_order status:error",
            "trace_ids": [f"{n:032x}" for n in range(18)],
            "evidence": [
                Evidence(
                    trace_id="79194633" + "0" * 24,
                    span_id="2557c74c" + "0" * 8,
                    quote="Tool timed out after 30s",
                    note="took 30 s",
                    verified=True,
                )
            ],
            "detector": "timeout",
            **changes,
        }
    )


def minor():
    return finding(
        id="missing-usage-6b2783",
        title="Model calls do not report token counts, so their cost is unknown",
        severity="low",
        category="instrumentation",
        matcher="sql:kind = 'LLM' AND NOT has_usage",
        related=["timeout-2d875b"],
        merged=["missing-content"],
    )


def report(*findings, **changes):
    return Report(
        **{
            "title": "support-triage",
            "sources": ["traces.jsonl"],
            "agents": ["support-triage"],
            "totals": Totals(
                traces=231,
                spans=1778,
                sessions=40,
                errors=24,
                traces_with_errors=18,
                prompt_tokens=900_000,
                completion_tokens=12_000,
                first_ns=1_760_000_000_000_000_000,
                last_ns=1_760_029_421_000_000_000,
            ),
            "findings": list(findings),
            "summary": "231 runs with 1,778 spans were read; 18 of them show a problem.",
            "method": "detectors only",
            "window": "24h",
            "dataset_hash": "a092fa8ae1af77",
            "citations_total": 3,
            "citations_verified": 2,
            "waste": Waste(tokens=41_200),
            "healthy": ["Tools: no call was repeated for the same answer."],
            "not_looked_at": ["Money: no span carries a cost."],
            "bad_lines": [BadLine(source="traces.jsonl", line=7, reason="not JSON")],
            "bad_line_count": 3,
            "elapsed_s": 0.84,
            **changes,
        }
    )


def hostile_report():
    return report(
        finding(
            title=f"`{HOSTILE.replace('`', '')}` fails with “{HOSTILE.replace('`', '')}”",
            summary=HOSTILE.replace("`", "ʼ"),
            evidence=[Evidence(trace_id="a" * 32, span_id="b" * 16, quote=HOSTILE, note="x")],
            fix=Fix(summary="x", where="tool", steps=["y"], patch=f"```\n{HOSTILE}\n````"),
            matcher=f'tool:"{HOSTILE}"',
        ),
        title=HOSTILE,
        sources=[HOSTILE],
        filter=HOSTILE,
        bad_lines=[BadLine(source=HOSTILE, line=1, reason=HOSTILE)],
    )


def test_the_terminal_form_fits_eighty_columns():
    assert render_terminal(report(finding(), minor()), width=80) == snapshot("""\
HALO support-triage
231 runs · 1,778 spans · 40 sessions · 18 with errors · 912.0k tokens · 9 Oct
2025 08:53 to 17:03 UTC
detectors only · 840 ms · 2 of 3 citations verified, 1 dropped · data set
a092fa8ae1af · last 24h

231 runs with 1,778 spans were read; 18 of them show a problem.

▌ 1  high · reliability · timeout-2d875b
▌ lookup_order times out and makes 18 runs wait 30 s for nothing
▌ 18 of 231 runs (8%, 95% interval 5 to 12%) · 41.2k tokens · $0.62 · 12m 00s
▌ lost
▌ seen 9 Oct 2025 08:53 to 17:03 UTC · confidence 90%
▌
▌ 24 calls of lookup_order in 18 runs timed out; every run went on.
▌
▌ Seen    79194633 2557c74c  “Tool timed out after 30s”  took 30 s
▌ Why     The limit of lookup_order is far above what a working call needs.
▌ Fix     Fail fast in lookup_order, and tell the model what to do next.
▌         (tool)
▌         1. Set its limit to about 1.5 s.
▌         2. Retry once inside the tool.
▌         │ timeout = 1.5
▌         │ retries = 1
▌ Check   catalyst span list 'kind:TOOL tool:lookup_order status:error' --file
▌         traces.jsonl
▌         on new traces: must list nothing

▌ 2  low · instrumentation · missing-usage-6b2783
▌ Model calls do not report token counts, so their cost is unknown
▌ 18 of 231 runs (8%, 95% interval 5 to 12%) · 41.2k tokens · $0.62 · 12m 00s
▌ lost
▌ Seen    79194633 2557c74c  “Tool timed out after 30s”  took 30 s
▌ Fix     Fail fast in lookup_order, and tell the model what to do next.

In order
  Tools: no call was repeated for the same answer.

Not looked at
  Money: no span carries a cost.

Unreadable lines
  traces.jsonl, line 7: not JSON
  and 2 more
""")


def test_the_terminal_form_uses_a_wide_screen():
    text = render_terminal(report(finding(), minor()), width=120)
    assert max(map(len, text.splitlines())) > 80
    assert max(map(len, text.splitlines())) <= 120


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 300])
def test_no_line_is_wider_than_the_screen(width, mixed_report):
    text = render_terminal(mixed_report, width=width)
    assert max(map(len, text.splitlines())) <= width


def test_colour_is_only_there_when_wanted():
    plain = render_terminal(report(finding()), width=80)
    coloured = render_terminal(report(finding()), width=80, color=True)
    assert "\x1b[" not in plain
    assert "\x1b[" in coloured
    bare = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    assert [line.rstrip() for line in bare.splitlines()] == plain.splitlines()


def test_nothing_from_a_trace_reaches_the_terminal_as_a_command():
    text = render_terminal(hostile_report(), width=100)
    assert not set(text) & set("\x1b\x07\u202e\u202c\x9b")


def test_the_markdown_form_is_whole():
    assert render_markdown(report(finding(), minor())) == snapshot("""\
# Halo: support-triage

231 runs with 1,778 spans were read; 18 of them show a problem.

| Runs | Spans | Sessions | With errors | Tokens | Cost | Time |
| --- | --- | --- | --- | --- | --- | --- |
| 231 | 1,778 | 40 | 18 | 912.0k | not recorded | 9 Oct 2025 08:53 to 17:03 UTC |

detectors only · 840 ms · 2 of 3 citations verified, 1 dropped · data set `a092fa8ae1af` · last 24h

## 1. `lookup_order` times out and makes 18 runs wait 30 s for nothing

**high** · reliability · 18 of 231 runs (8%, 95% interval 5 to 12%) · 41.2k tokens · \\$0.62 · 12m 00s lost  \n\
seen 9 Oct 2025 08:53 to 17:03 UTC · confidence 90% · `timeout-2d875b`

24 calls of `lookup_order` in 18 runs timed out; every run went on.

**Evidence**

- `79194633` `2557c74c` `Tool timed out after 30s` (took 30 s)

**Why.** The limit of `lookup_order` is far above what a working call needs.

**Fix (tool).** Fail fast in `lookup_order`, and tell the model what to do next.

1. Set its limit to about 1.5 s.
2. Retry once inside the tool.

```text
timeout = 1.5
retries = 1
```

**Check** on new traces: must list nothing: `catalyst span list 'kind:TOOL tool:lookup_order status:error' --file traces.jsonl`

## 2. Model calls do not report token counts, so their cost is unknown

**low** · instrumentation · 18 of 231 runs (8%, 95% interval 5 to 12%) · 41.2k tokens · \\$0.62 · 12m 00s lost  \n\
seen 9 Oct 2025 08:53 to 17:03 UTC · confidence 90% · `missing-usage-6b2783`

24 calls of `lookup_order` in 18 runs timed out; every run went on.

**Evidence**

- `79194633` `2557c74c` `Tool timed out after 30s` (took 30 s)

**Why.** The limit of `lookup_order` is far above what a working call needs.

**Fix (tool).** Fail fast in `lookup_order`, and tell the model what to do next.

1. Set its limit to about 1.5 s.
2. Retry once inside the tool.

```text
timeout = 1.5
retries = 1
```

**Check** on new traces: missing-usage-6b2783 must be gone: `catalyst halo run traces.jsonl`

See also 1. `lookup_order` times out and makes 18 runs wait 30 s for nothing

The same spans were also named by missing-content.

## In order

- Tools: no call was repeated for the same answer.

## Not looked at

- Money: no span carries a cost.

## Unreadable lines

- traces.jsonl, line 7: not JSON
- and 2 more

## Method

- Every detector reads all traces by SQL over span facts; nothing is sampled. A share of runs is given with its 95% Wilson interval. Severity follows from what a problem does (breaks, degrades, wastes) and the lower bound of its share. Rank is severity weight (critical 1000, high 100, medium 10, low 1) × lower bound of the share of runs × (1 + the larger of the parts of tokens, money and time wasted). Quotes are cut from the cited span and looked up in it again; what is not found is dropped. Totals of waste count each span once.
""")


def test_nothing_from_a_trace_becomes_markup_in_markdown():
    markdown_it = pytest.importorskip("markdown_it")
    html = (
        markdown_it.MarkdownIt("commonmark", {"html": True})
        .enable("table")
        .render(render_markdown(hostile_report()))
    )
    tags = set(re.findall(r"<([a-z0-9]+)", html))
    assert tags <= {
        *("h1", "h2", "p", "br", "strong", "em", "code", "pre", "ul", "ol", "li"),
        *("table", "thead", "tbody", "tr", "th", "td"),
    }
    assert "href" not in html
    assert "<strong>bold" not in html
    assert not set(render_markdown(hostile_report())) & set("\x1b\u202e")


class Page(HTMLParser):
    """Collects what a browser would see."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text.append(data)


def test_the_page_runs_nothing_and_fetches_nothing():
    text = render_html(hostile_report())
    page = Page(text)
    assert not {"script", "img", "link", "iframe", "object", "base", "form"} & set(page.tags)
    names = {name for name, _ in page.attributes}
    assert not {name for name in names if name.startswith("on") or name in ("src", "style")}
    assert all(v.startswith("#") for n, v in page.attributes if n == "href")
    assert "url(" not in text
    assert "@import" not in text


def test_the_policy_allows_the_style_sheet_and_nothing_else():
    text = render_html(report(finding()))
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)[1]
    allowed = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)[1]
    assert "default-src 'none'" in policy
    assert f"style-src 'sha256-{allowed}'" in policy


def test_every_link_of_the_page_leads_somewhere(mixed_report):
    page = Page(render_html(mixed_report))
    ids = [value for name, value in page.attributes if name == "id"]
    targets = [value[1:] for name, value in page.attributes if name == "href"]
    assert targets
    assert set(targets) <= set(ids)
    assert len(ids) == len(set(ids))


def test_the_page_shows_hostile_words_as_words():
    shown = "".join(Page(render_html(hostile_report())).text)
    assert "<script>alert(1)</script>" in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize("render", [render_terminal, render_markdown, render_html])
def test_every_form_names_each_finding_and_its_evidence(render, mixed_report):
    text = render(mixed_report)
    for one in mixed_report.findings:
        assert one.id in text
        assert one.evidence[0].trace_id[:8] in text


@pytest.mark.parametrize("render", [render_terminal, render_markdown, render_html])
def test_an_empty_report_is_still_a_report(render, healthy_store):
    text = render(halo.run(healthy_store, agent="nobody"))
    assert "0 runs" in text or "Runs" in text
