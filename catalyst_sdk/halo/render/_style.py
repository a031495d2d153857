"""The style sheet of the HTML report: the product's visual system, light and dark, and print."""

from __future__ import annotations

__all__ = ["STYLE"]

STYLE = """
:root {
  color-scheme: light dark;
  --bg: light-dark(#ffffff, #0e1116);
  --sub: light-dark(#f6f7f9, #151a21);
  --raised: light-dark(#ffffff, #1b222b);
  --line: light-dark(#e3e6eb, #262d38);
  --text: light-dark(#16191f, #e8ecf2);
  --muted: light-dark(#586072, #9aa5b5);
  --accent: light-dark(#1f5fd6, #7db1ff);
  --error: light-dark(#a8071a, #ff7b70);
  --warn: light-dark(#8f5a00, #f2b84b);
  --ok: light-dark(#1a7a3c, #57d08a);
  --sans: "Inter", system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  --mono: "JetBrains Mono", ui-monospace, "SF Mono", Menlo, Consolas, monospace;
}
* { box-sizing: border-box; }
html { background: var(--bg); color: var(--text); font: 15px/22px var(--sans);
  -webkit-text-size-adjust: 100%; scroll-padding-top: 16px; }
body { margin: 0 auto; max-width: 1040px; padding: 32px 24px 64px; }
h1, h2, h3, p, ul, ol, dl, dd, pre, figure { margin: 0; }
h1 { font: 600 20px/28px var(--sans); }
h2 { font: 600 16px/24px var(--sans); }
h3 { font: 600 13px/20px var(--sans); }
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
code, pre { font: 12px/18px var(--mono); font-variant-ligatures: none; }
code { overflow-wrap: anywhere; }
p code, h2 code, li code, td code { background: var(--sub); border: 1px solid var(--line);
  border-radius: 4px; padding: 0 4px; }
h2 code { font-size: 14px; font-weight: 500; }
.brand { color: var(--muted); font: 600 12px/16px var(--sans); display: flex; gap: 8px;
  align-items: center; margin-bottom: 8px; }
.brand svg { width: 16px; height: 16px; color: var(--accent); }
.meta { color: var(--muted); font: 12px/16px var(--sans); font-variant-numeric: tabular-nums; }
.figures { display: flex; flex-wrap: wrap; gap: 12px 32px; margin: 16px 0; padding: 12px 16px;
  background: var(--sub); border: 1px solid var(--line); border-radius: 8px; }
.figures dt { color: var(--muted); font: 12px/16px var(--sans); }
.figures dd { font: 500 15px/22px var(--sans); font-variant-numeric: tabular-nums; }
.summary { max-width: 72ch; margin: 16px 0 8px; }
section { margin-top: 32px; }
section > h2 { margin-bottom: 12px; }
table { width: 100%; border-collapse: collapse; font: 13px/20px var(--sans);
  font-variant-numeric: tabular-nums; }
th { text-align: left; color: var(--muted); font-weight: 500; padding: 6px 12px 6px 0;
  border-bottom: 1px solid var(--line); white-space: nowrap; }
td { padding: 8px 12px 8px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td:last-child, th:last-child { padding-right: 0; }
td.number { text-align: right; white-space: nowrap; }
th.number { text-align: right; }
td.bar { width: 132px; padding-top: 12px; }
.bar svg { display: block; width: 120px; height: 12px; }
.bar .track { fill: var(--line); }
.bar .interval { fill: var(--muted); opacity: .45; }
.bar .share { fill: var(--text); }
.severity { font: 500 12px/16px var(--sans); white-space: nowrap; display: inline-flex;
  align-items: center; gap: 6px; }
.severity::before { content: ""; width: 8px; height: 8px; border-radius: 2px;
  background: currentColor; }
.critical { color: var(--error); }
.high { color: var(--warn); }
.medium { color: var(--accent); }
.low, .info { color: var(--muted); }
article { border: 1px solid var(--line); border-radius: 8px; margin-top: 16px; padding: 20px 24px;
  background: var(--raised); border-left-width: 3px; border-left-color: currentColor; }
article > * { color: var(--text); }
article .kicker { display: flex; flex-wrap: wrap; gap: 4px 12px; align-items: center;
  color: var(--muted); font: 12px/16px var(--sans); margin-bottom: 6px; max-width: none; }
article .kicker .severity { color: inherit; }
article .kicker .rank { color: var(--text); font: 600 13px/16px var(--sans);
  font-variant-numeric: tabular-nums; }
article .kicker code { margin-left: auto; background: none; border: 0; padding: 0; }
article.critical .kicker .severity { color: var(--error); }
article.high .kicker .severity { color: var(--warn); }
article.medium .kicker .severity { color: var(--accent); }
article .impact { margin-top: 6px; font: 13px/20px var(--sans);
  font-variant-numeric: tabular-nums; }
article .meta { margin-top: 2px; color: var(--muted); }
article p { max-width: 72ch; }
article .told { margin-top: 12px; }
article .parts { display: grid; grid-template-columns: 72px minmax(0, 1fr); gap: 12px 16px;
  margin-top: 16px; }
article .parts > h3 { color: var(--muted); font-weight: 500; }
.evidence { list-style: none; padding: 0; display: grid; gap: 6px; }
.evidence li { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 2px 12px;
  padding: 6px 10px; background: var(--sub); border: 1px solid var(--line); border-radius: 6px; }
.evidence .ids { color: var(--muted); white-space: nowrap; }
.evidence .ids code { background: none; border: 0; padding: 0; }
.evidence q { quotes: none; font: 12px/18px var(--mono); overflow-wrap: anywhere; }
.evidence .note { grid-column: 2; color: var(--muted); font: 12px/16px var(--sans); }
.evidence .note code { background: none; border: 0; padding: 0; }
ol.steps { padding-left: 20px; margin-top: 6px; max-width: 72ch; }
ol.steps li { padding-left: 4px; margin-top: 4px; }
ol.steps li::marker { color: var(--muted); font-variant-numeric: tabular-nums; }
pre { background: var(--sub); border: 1px solid var(--line); border-radius: 6px;
  padding: 10px 12px; white-space: pre-wrap; overflow-wrap: anywhere; }
.fix pre, details pre { margin-top: 8px; }
.where { color: var(--muted); font: 12px/16px var(--sans); }
details { margin-top: 8px; font: 13px/20px var(--sans); }
summary { cursor: pointer; color: var(--muted); min-height: 24px; }
.ids-all { margin-top: 8px; color: var(--muted); max-height: 240px; overflow: auto; }
.also { display: grid; gap: 4px; font: 13px/20px var(--sans); }
.plain { list-style: none; padding: 0; display: grid; gap: 6px; max-width: 84ch;
  font: 13px/20px var(--sans); }
.plain li { padding-left: 22px; position: relative; overflow-wrap: anywhere; }
.plain li::before { position: absolute; left: 2px; color: var(--muted); content: "–"; }
.plain.good li::before { color: var(--ok); content: "✓"; }
footer { margin-top: 40px; padding-top: 16px; border-top: 1px solid var(--line);
  color: var(--muted); font: 12px/18px var(--sans); max-width: 96ch; }
@media (max-width: 640px) {
  body { padding: 16px 12px 40px; }
  article { padding: 16px; }
  article .parts { grid-template-columns: minmax(0, 1fr); gap: 4px; }
  article .parts > h3 { margin-top: 8px; }
  td.bar, th.bar { display: none; }
}
@media (forced-colors: active) { .severity::before { forced-color-adjust: none; } }
@media print {
  :root { color-scheme: light; }
  html { font-size: 11pt; }
  body { max-width: none; padding: 0; }
  article, .evidence li, tr, pre { break-inside: avoid; }
  article { background: none; }
  details { display: none; }
  a { color: inherit; }
}
"""
