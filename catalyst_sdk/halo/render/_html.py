"""The report as one HTML file: nothing is fetched, nothing runs, words from traces are escaped."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from html import escape

from catalyst_sdk.findings import Evidence, Finding, Report
from catalyst_sdk.halo._matcher import SQL_PREFIX
from catalyst_sdk.halo._words import clean, percent
from catalyst_sdk.halo.render._style import STYLE
from catalyst_sdk.halo.render._view import (
    METHOD,
    check_words,
    checks,
    citations,
    evidence_ids,
    figures,
    impact_line,
    read_line,
    related,
    segments,
    since,
    took,
)

__all__ = ["render_html"]

_MOST_IDS = 500

_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"
_MARK = (
    '<svg viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.75" '
    'aria-hidden="true"><circle cx="8" cy="8" r="6.25"/><circle cx="8" cy="8" r="2"/></svg>'
)


def render_html(report: Report) -> str:
    """Give the report as a self-contained page, light and dark, fit for print."""
    title = _plain(f"Halo: {report.title}")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"{_head(report)}\n<main>\n{_overview(report)}\n{_findings(report)}\n{_rest(report)}\n"
        f"</main>\n<footer><p>{_text(METHOD)}</p></footer>\n</body>\n</html>\n"
    )


def _head(report: Report) -> str:
    shown = "".join(
        f"<div><dt>{line.label}</dt><dd>{_plain(line.text)}</dd></div>" for line in figures(report)
    )
    parts = [took(report), citations(report)]
    if report.dataset_hash:
        parts.append(f"data set {report.dataset_hash[:12]}")
    parts += [read_line(report)] if read_line(report) else []
    sources = ", ".join(report.sources[:4])
    return (
        f'<header>\n<p class="brand">{_MARK}Halo</p>\n<h1>{_plain(report.title)}</h1>\n'
        f'<p class="meta">{_plain(" · ".join(parts))}</p>\n'
        f'<p class="meta">{_plain(sources)}</p>\n'
        f'<dl class="figures">{shown}</dl>\n<p class="summary">{_text(report.summary)}</p>\n'
        "</header>"
    )


def _overview(report: Report) -> str:
    if not report.findings:
        return ""
    rows = "\n".join(
        f'<tr><td class="number">{rank}</td>'
        f'<td><span class="severity {f.severity}">{f.severity}</span></td>'
        f'<td><a href="#{_id(f)}">{_bare(f.title)}</a></td>'
        f'<td class="number">{f.impact.traces_affected:,} of {f.impact.traces_total:,}</td>'
        f'<td class="bar">{_bar(f)}</td></tr>'
        for rank, f in enumerate(report.findings, 1)
    )
    return (
        '<section aria-labelledby="findings"><h2 id="findings">Findings</h2>\n<table>\n<thead><tr>'
        '<th class="number">#</th><th>Severity</th><th>What</th><th class="number">Runs</th>'
        f'<th class="bar">Share</th></tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table></section>'
    )


def _bar(finding: Finding) -> str:
    """The share of runs with its interval, 120 pixels for all runs."""
    impact = finding.impact
    share = impact.traces_affected / max(1, impact.traces_total)
    low, high = impact.share_low * 120, impact.share_high * 120
    return (
        f'<svg viewBox="0 0 120 12" role="img" aria-label="{percent(share)} of runs">'
        '<rect class="track" x="0" y="5" width="120" height="2" rx="1"/>'
        f'<rect class="interval" x="{low:.1f}" y="3" width="{max(1.0, high - low):.1f}" height="6" '
        f'rx="2"/><rect class="share" x="{max(0.0, share * 120 - 1):.1f}" y="1" width="2" '
        'height="10" rx="1"/></svg>'
    )


def _findings(report: Report) -> str:
    return "\n".join(_article(report, rank, f) for rank, f in enumerate(report.findings, 1))


def _article(report: Report, rank: int, finding: Finding) -> str:
    parts = [
        _part("Evidence", _evidence(finding.evidence)),
        _part("Why", f"<p>{_text(finding.root_cause)}</p>"),
        _part("Fix", _fix(finding)),
        _part("Check", _check(report, finding)),
    ]
    others = related(report, finding)
    if others:
        links = "".join(
            f'<a href="#{_id(other)}">{number}. {_bare(other.title)}</a>'
            for number, other in others
        )
        parts.append(_part("See also", f'<div class="also">{links}</div>'))
    return (
        f'<article class="{finding.severity}" id="{_id(finding)}">\n'
        f'<p class="kicker"><span class="rank">{rank}</span>'
        f'<span class="severity">{finding.severity}</span>'
        f"<span>{finding.category}</span><code>{_plain(finding.id)}</code></p>\n"
        f"<h2>{_text(finding.title)}</h2>\n"
        f'<p class="impact">{_plain(impact_line(finding))}</p>\n'
        f'<p class="meta">{_plain(since(finding))}</p>\n'
        f'<p class="told">{_text(finding.summary)}</p>\n'
        f'<div class="parts">{"".join(parts)}</div>\n</article>'
    )


def _part(label: str, content: str) -> str:
    return f"<h3>{label}</h3><div>{content}</div>\n"


def _evidence(evidence: Iterable[Evidence]) -> str:
    items: list[str] = []
    for one in evidence:
        trace, span = evidence_ids(one)
        full = f"{_plain(one.trace_id)} {_plain(one.span_id)}"
        quote = f"<q>{_plain(one.quote)}</q>" if one.quote else "<span></span>"
        note = f'<span class="note">{_text(one.note)}</span>' if one.note else ""
        items.append(
            f'<li><span class="ids" title="{full}"><code>{_plain(trace)}</code> '
            f"<code>{_plain(span)}</code></span>{quote}{note}</li>"
        )
    return f'<ul class="evidence">{"".join(items)}</ul>'


def _fix(finding: Finding) -> str:
    fix = finding.fix
    steps = "".join(f"<li>{_text(step)}</li>" for step in fix.steps)
    patch = f"<pre><code>{_plain(fix.patch, lines=True)}</code></pre>" if fix.patch else ""
    return (
        f'<div class="fix"><p>{_text(fix.summary)} <span class="where">{fix.where}</span></p>'
        f'<ol class="steps">{steps}</ol>{patch}</div>'
    )


def _check(report: Report, finding: Finding) -> str:
    also = (
        '<p class="meta">The same spans were also named by '
        f"{_plain(', '.join(finding.merged))}.</p>"
        if finding.merged
        else ""
    )
    sql = (
        f"<details><summary>The condition that recounts it</summary><pre><code>"
        f"{_plain(finding.matcher[len(SQL_PREFIX) :])}</code></pre></details>"
        if finding.matcher.startswith(SQL_PREFIX)
        else ""
    )
    return (
        f"<pre><code>{_plain(checks(report, finding))}</code></pre>"
        f'<p class="meta">{_text(check_words(finding))}</p>{also}{sql}{_all_traces(finding)}'
    )


def _all_traces(finding: Finding) -> str:
    if len(finding.trace_ids) < 2:
        return ""
    shown = finding.trace_ids[:_MOST_IDS]
    left = len(finding.trace_ids) - len(shown)
    more = f"\nand {left:,} more (in the JSON report)" if left else ""
    ids = "\n".join(_plain(trace) for trace in shown)
    return (
        f"<details><summary>All {len(finding.trace_ids):,} runs</summary>"
        f'<pre class="ids-all"><code>{ids}{more}</code></pre></details>'
    )


def _rest(report: Report) -> str:
    bad = [f"{b.source}, line {b.line}: {b.reason}" for b in report.bad_lines[:10]]
    if report.bad_line_count > len(bad):
        bad.append(f"and {report.bad_line_count - len(bad):,} more")
    return "\n".join(
        f'<section><h2>{title}</h2><ul class="plain {style}">'
        + "".join(f"<li>{_text(line)}</li>" for line in lines)
        + "</ul></section>"
        for title, style, lines in (
            ("In order", "good", report.healthy),
            ("Not looked at", "", report.not_looked_at),
            ("Unreadable lines", "", bad),
        )
        if lines
    )


def _id(finding: Finding) -> str:
    return escape(finding.id, quote=True)


def _plain(text: str, *, lines: bool = False) -> str:
    kept = clean(text)
    return escape(kept if lines else " ".join(kept.split("\n")), quote=True)


def _bare(text: str) -> str:
    """A sentence of ours without its marks for code."""
    return _plain(text.replace("`", ""))


def _text(text: str) -> str:
    """A sentence of ours: names between backticks are set as code."""
    return "".join(
        f"<code>{_plain(s.text)}</code>" if s.code else _plain(s.text) for s in segments(text)
    )
