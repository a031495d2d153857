"""Runs the demo in a terminal: what happens, the ranked report, what to try next."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
import time
from pathlib import Path
from typing import TextIO

import msgspec

from catalyst_sdk import halo
from catalyst_sdk.demo._run import DemoResult, run_demo
from catalyst_sdk.findings import Report

_HEADING = "Catalyst demo: Aurora Outfitters, a fictitious shop with a support and a returns agent"
_HONESTY = (
    "Scripted model on loopback: no provider is called, no key is needed. The agents, the openai\n"
    "client, the traces and the analysis are real; Halo gets the trace file and nothing else."
)

_IN_FULL = 4
"""Findings shown whole; of the others only the titles."""

_ID_DIGITS = 8

_QUICKSTART = Path(__file__).parents[2] / "examples" / "quickstart.py"
"""In a checkout."""


class _Screen:
    """Writes lines and steps with their time to a stream, in colour or not."""

    def __init__(self, out: TextIO, *, color: bool) -> None:
        self._out = out
        self._color = color

    def line(self, text: str = "", style: str = "") -> None:
        if style and self._color:
            text = f"\033[{style}m{text}\033[0m"
        self._out.write(text + "\n")
        self._out.flush()

    def progress(self, done: int, total: int) -> None:
        """Say how far it is, on a line that the next one replaces; nothing when not a terminal."""
        if self._out.isatty():
            end = "\r\033[K" if done == total else ""
            self._out.write(f"\r· serving customer {done} of {total}{end}")
            self._out.flush()

    def step(self, name: str, seconds: float, what: str) -> None:
        mark = "\033[32m✓\033[0m" if self._color else "✓"
        self.line(f"{mark} {name:<8}{seconds:5.1f} s   {what}")


def run_and_report(
    directory: str | Path = ".catalyst/demo", *, width: int = 100, color: bool = False, out: TextIO
) -> int:
    """Run the demo in *directory*, write its report to *out*, give the exit code.

    The analysis gets the trace file and nothing else.
    """
    screen = _Screen(out, color=color)
    screen.line(_HEADING, style="1")
    screen.line(_HONESTY, style="2")
    screen.line()
    result = run_demo(directory, on_session=screen.progress)
    what = f"{result.sessions} sessions, {result.traces} runs traced by catalyst_sdk.init()"
    screen.step("Serve", result.seconds, what)
    started = time.perf_counter()
    report = halo.run(result.path)
    what = f"{report.totals.spans} spans read from {result.path.name}, by detectors only"
    screen.step("Analyse", time.perf_counter() - started, what)
    screen.line()
    worst = msgspec.structs.replace(
        report, findings=report.findings[:_IN_FULL], healthy=[], not_looked_at=[]
    )
    screen.line(halo.render_terminal(worst, width=width, color=color).rstrip())
    screen.line()
    _list_rest(screen, report, width)
    _suggest(screen, result, report)
    return 0


def _list_rest(screen: _Screen, report: Report, width: int) -> None:
    rest = report.findings[_IN_FULL:]
    if not rest:
        return
    screen.line(f"And {len(rest)} more", style="1")
    for rank, finding in enumerate(rest, _IN_FULL + 1):
        start = f"  {rank:>2}  {finding.severity:<6}  "
        indent = " " * len(start)
        title = finding.title.replace("`", "")
        screen.line(textwrap.fill(title, width, initial_indent=start, subsequent_indent=indent))
    screen.line()


def _suggest(screen: _Screen, result: DemoResult, report: Report) -> None:
    path, catalyst = result.path, _program("catalyst")
    first = next((e for f in report.findings for e in f.evidence if e.trace_id), None)
    screen.line("Try next", style="1")
    screen.line(f"  {catalyst} halo run {path}")
    if first:
        prefix = first.trace_id[:_ID_DIGITS]
        screen.line(f"  {catalyst} trace get {prefix} --file {path} --view timeline")
        screen.line(f"  {catalyst} span get {prefix} {first.span_id} --file {path} --view io")
    screen.line(f"  {catalyst} trace list status:error --file {path}")
    screen.line(f"  {catalyst} halo run {path} --format html -o report.html")
    if _QUICKSTART.exists():
        quickstart = os.path.relpath(_QUICKSTART)
        screen.line(f"  {_program('python')} {quickstart}   # the same for an agent of your own")


def _program(name: str) -> str:
    """Give how *name* of this environment is called from here, on the PATH or not."""
    own = Path(sys.executable).with_name(name)
    found = shutil.which(name)
    if not own.exists() or (found and Path(found).parent == own.parent):
        return name
    return os.path.relpath(own)
