"""Screens of known size, a trace drawn by hand, and command lines run in this process."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from catalyst_sdk.cli import main
from catalyst_sdk.cli._screen import Screen
from catalyst_sdk.cli._theme import Theme
from catalyst_sdk.spans import SpanFacts
from cli.made_spans import NOW, Ran, Run, ThemeOf, make_span
from cli.sample import write_sample


@pytest.fixture
def theme_of() -> ThemeOf:
    """Make the theme of a terminal: 80 columns and no colour unless told."""

    def make(width: int = 80, *, tty: bool = True, **settings: Any) -> Theme:
        return Theme(Screen(tty=tty, width=width, height=40, now_ns=NOW, **settings))

    return make


@pytest.fixture
def triage() -> list[SpanFacts]:
    """A support agent whose order lookup times out: the trace of the design's mock-up."""
    mini = {"model": "gpt-5.4-mini", "has_usage": True, "has_cost": True}
    return [
        make_span(
            1,
            None,
            "support-triage.run",
            "AGENT",
            0,
            14.2,
            agent_name="Support Triage",
            agent_id="support-triage",
            session_id="s-1",
            service="support",
            input_preview="Where is my order #1842?",
            output_preview="I could not reach the order system; a colleague will write to you.",
        ),
        make_span(
            2,
            1,
            "ChatCompletion",
            "LLM",
            0,
            3.1,
            prompt_tokens=8100,
            completion_tokens=412,
            total_tokens=8512,
            cost_usd=0.0061,
            tools_called=["lookup_order"],
            **mini,
        ),
        make_span(
            3,
            1,
            "lookup_order",
            "TOOL",
            3.1,
            8.1,
            status="ERROR",
            error_message="Tool timed out after 30s",
            error_type="TimeoutError",
            input_preview='{"order_id":"1842"}',
            input_hash=11,
            tool_name="lookup_order",
        ),
        make_span(
            4,
            1,
            "ChatCompletion",
            "LLM",
            8.2,
            11.1,
            prompt_tokens=9000,
            completion_tokens=300,
            total_tokens=9300,
            cost_usd=0.0072,
            tools_called=["search_kb"],
            **mini,
        ),
        make_span(
            5,
            1,
            "search_kb",
            "RETRIEVER",
            11.1,
            11.41,
            input_preview="order lookup unavailable",
            output_preview="[3 documents]",
        ),
        make_span(
            6,
            5,
            "rerank",
            "LLM",
            11.15,
            11.39,
            model="gpt-5.4-nano",
            has_usage=True,
            has_cost=True,
            prompt_tokens=400,
            completion_tokens=10,
            total_tokens=410,
            cost_usd=0.0002,
            output_preview="2, 1, 3",
        ),
        make_span(
            7,
            1,
            "ChatCompletion",
            "LLM",
            11.4,
            14.2,
            prompt_tokens=9200,
            completion_tokens=350,
            total_tokens=9550,
            cost_usd=0.0081,
            output_preview="I could not reach the order system; a colleague will write to you.",
            **mini,
        ),
    ]


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path of a small trace file."""
    return str(write_sample(tmp_path_factory.mktemp("sample") / "traces.jsonl"))


@pytest.fixture(scope="session")
def _cache(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
    _cache: str,
    tmp_path: Path,
) -> Run:
    """Run a command line in this process, in an empty directory; `tty=80` plays a terminal."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CATALYST_CACHE_DIR", _cache)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "COLORFGBG", "CATALYST_FILE", "PAGER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "dumb")

    def run(*arguments: str, tty: int = 0, color: bool = False) -> Ran:
        with monkeypatch.context() as patch:
            if tty:
                patch.setattr(sys.stdout, "isatty", lambda: True)
                patch.setattr(sys.stderr, "isatty", lambda: True)
                patch.setenv("COLUMNS", str(tty))
            if color:
                patch.setenv("TERM", "xterm")
                patch.setenv("PAGER", "")
            code = main(arguments)
        sys.stdout.flush()
        sys.stderr.flush()
        told = capfdbinary.readouterr()
        return Ran(code, told.out.decode(), told.err.decode(), told.out)

    return run
