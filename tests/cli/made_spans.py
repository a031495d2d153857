"""Spans drawn by hand, and what screens tests use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from catalyst_sdk.cli._theme import Theme
from catalyst_sdk.spans import SpanFacts

SECOND = 1_000_000_000
START = 1_790_000_000 * SECOND
"""2026-09-21 14:13:20 UTC."""
NOW = START + 4 * 60 * SECOND
TRACE = "79194633" + "0" * 24

ThemeOf = Callable[..., Theme]


class Ran(NamedTuple):
    """What a command line did."""

    code: int
    out: str
    err: str
    raw: bytes


Run = Callable[..., Ran]


def make_span(
    number: int, parent: int | None, name: str, kind: str, start: float, end: float, **facts: Any
) -> SpanFacts:
    """Make the facts of one span; times are seconds since the trace began."""
    start_ns, end_ns = START + round(start * SECOND), START + round(end * SECOND)
    return SpanFacts(
        trace_id=facts.pop("trace_id", TRACE),
        span_id=f"{number:016x}",
        parent_span_id="" if parent is None else f"{parent:016x}",
        name=name,
        kind=kind,
        start_ns=start_ns,
        end_ns=end_ns if end else 0,
        duration_ns=end_ns - start_ns if end else 0,
        status=facts.pop("status", "OK"),
        **facts,
    )
