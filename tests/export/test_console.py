from __future__ import annotations

import io
from typing import Any

import pytest
from inline_snapshot import snapshot
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.trace import INVALID_SPAN_CONTEXT, Status, StatusCode

from catalyst_sdk import semconv
from catalyst_sdk.export import ConsoleSpanExporter

MS = 1_000_000


def span(name: str, took: int, attributes: dict[str, Any] | None = None, **more: Any) -> Any:
    fields = {"resource": Resource({}), "attributes": attributes, **more}
    return ReadableSpan(name=name, start_time=5, end_time=5 + took, **fields)


SPANS = [
    span(
        "chat gpt-5",
        1_240 * MS,
        {
            semconv.SPAN_KIND: "LLM",
            semconv.LLM_TOKENS_PROMPT: 317,
            semconv.LLM_TOKENS_COMPLETION: 20,
        },
        parent=INVALID_SPAN_CONTEXT,
    ),
    span(
        "find_order",
        12 * MS,
        {semconv.SPAN_KIND: "TOOL"},
        parent=INVALID_SPAN_CONTEXT,
        status=Status(StatusCode.ERROR, "not\nfound \x1b[2Jhere"),
    ),
    span("GET /", 850_000, status=Status(StatusCode.ERROR)),
    span("Refund agent", 200_000 * MS, {semconv.SPAN_KIND: "AGENT"}),
]


def written(**options: Any) -> str:
    out = io.StringIO()
    assert ConsoleSpanExporter(out, **options).export(SPANS) is SpanExportResult.SUCCESS
    return out.getvalue()


def test_a_span_is_one_line() -> None:
    assert written() == snapshot("""\
LLM        · chat gpt-5  1.24 s  317 → 20 tokens
TOOL       · find_order  12 ms  ERROR not found [2Jhere
SPAN       GET /  850 µs  ERROR
AGENT      Refund agent  3 min 20 s
""")


def test_colours_are_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    out = Terminal()
    ConsoleSpanExporter(out).export(SPANS)
    assert "\x1b[31mERROR" in out.getvalue()
    assert "\x1b[2J" not in out.getvalue()  # what a span says never drives the terminal
    monkeypatch.setenv("NO_COLOR", "1")
    plain = Terminal()
    ConsoleSpanExporter(plain).export(SPANS)
    assert "\x1b" not in plain.getvalue()


def test_it_writes_to_standard_error_as_it_is_now(capsys: pytest.CaptureFixture[str]) -> None:
    ConsoleSpanExporter().export(SPANS[:1])
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("LLM")


def test_a_closed_terminal_raises_nothing() -> None:
    out = io.StringIO()
    out.close()
    assert ConsoleSpanExporter(out).export(SPANS) is SpanExportResult.FAILURE
