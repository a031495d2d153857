"""Spans for a person to watch: one line each on stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any, TextIO

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import StatusCode

from catalyst_sdk import semconv
from catalyst_sdk.export._copy import attributes_of

_BOLD, _DIM, _RED, _RESET = "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[0m"
_MOST_WORDS = 120


class ConsoleSpanExporter(SpanExporter):
    """Writes kind, name, duration, tokens and what went wrong; colours on a terminal.

    *out* is standard error unless given. `NO_COLOR` and `TERM=dumb` are obeyed.
    """

    def __init__(self, out: TextIO | None = None, *, color: bool | None = None) -> None:
        self._out = out
        self._color = color

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Write one line a span, in the order they ended."""
        out = self._out or sys.stderr
        try:
            color = self._color if self._color is not None else _wants_color(out)
            out.write("".join(line_of(span, color=color) + "\n" for span in spans))
            out.flush()
        except (OSError, ValueError, AttributeError):  # closed, or (pythonw) there is none
            return SpanExportResult.FAILURE
        return SpanExportResult.SUCCESS

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """True: every export is flushed."""
        return True


def line_of(span: ReadableSpan, *, color: bool = False) -> str:
    """`LLM        chat gpt-5  1.24 s  317 → 20 tokens  ERROR rate limited`."""
    attributes = attributes_of(span)
    bold, dim, red, reset = (_BOLD, _DIM, _RED, _RESET) if color else ("", "", "", "")
    kind = str(attributes.get(semconv.SPAN_KIND) or "SPAN")
    depth = "" if span.parent is None else "· "
    words = [
        f"{dim}{kind:<9}{reset}",
        f"{depth}{bold}{_one_line(span.name)}{reset}",
        duration((span.end_time or 0) - (span.start_time or 0)),
        _tokens(attributes),
    ]
    if span.status.status_code is StatusCode.ERROR:
        said = _one_line(span.status.description or "")
        words.append(f"{red}ERROR{' ' if said else ''}{said}{reset}")
    return "  ".join(word for word in words if word)


def duration(ns: int) -> str:
    """`850 µs`, `12 ms`, `1.24 s`, `3 min 20 s`."""
    if ns < 1_000_000:
        return f"{max(ns, 0) // 1_000} µs"
    if ns < 1_000_000_000:
        return f"{ns // 1_000_000} ms"
    seconds = ns / 1e9
    return f"{seconds:.2f} s" if seconds < 60 else f"{int(seconds // 60)} min {int(seconds % 60)} s"


def _tokens(attributes: dict[str, Any]) -> str:
    prompt = attributes.get(semconv.LLM_TOKENS_PROMPT)
    completion = attributes.get(semconv.LLM_TOKENS_COMPLETION)
    if prompt is None and completion is None:
        return ""
    return f"{prompt or 0} → {completion or 0} tokens"


def _one_line(text: str) -> str:
    """*text* without line breaks and without control characters that would drive the terminal."""
    words = " ".join("".join(c if c.isprintable() else " " for c in text[:1000]).split())
    return words if len(words) <= _MOST_WORDS else words[: _MOST_WORDS - 1] + "…"


def _wants_color(out: TextIO) -> bool:
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return out.isatty()
