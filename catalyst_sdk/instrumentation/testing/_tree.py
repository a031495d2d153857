"""Spans as text, one a line, indented as they nest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from opentelemetry.sdk.trace import ReadableSpan

from catalyst_sdk import semconv

_SHOWN = (semconv.LLM_TOKENS_PROMPT, semconv.LLM_TOKENS_COMPLETION)


def span_tree(spans: Iterable[ReadableSpan], *attributes: str) -> str:
    """Draw the traces of *spans*: name, kind, tokens, ERROR, and the named *attributes*.

    A line at the left is a root. A span whose parent is not among them is marked `lost`.
    """
    ordered = sorted(spans, key=lambda span: (span.start_time or 0, _id(span)))
    known = {_id(span) for span in ordered}
    below: dict[int | None, list[ReadableSpan]] = defaultdict(list)
    for span in ordered:
        parent = span.parent.span_id if span.parent else None
        below[parent if parent in known else None].append(span)
    lines: list[str] = []

    def draw(parent: int | None, depth: int) -> None:
        for span in below[parent]:
            lost = " lost" if depth == 0 and span.parent is not None else ""
            lines.append("  " * depth + _line(span, attributes) + lost)
            draw(_id(span), depth + 1)

    draw(None, 0)
    return "\n".join(lines)


def _line(span: ReadableSpan, attributes: Iterable[str]) -> str:
    held = span.attributes or {}
    words = [f"{span.name} [{held.get(semconv.SPAN_KIND, '-')}]"]
    if any(name in held for name in _SHOWN):
        words.append("+".join(str(held.get(name)) for name in _SHOWN))
    if not span.status.is_ok:
        words.append("ERROR")
    words += [f"{name.rpartition('.')[2]}={held[name]}" for name in attributes if name in held]
    return " ".join(words)


def _id(span: ReadableSpan) -> int:
    return span.context.span_id if span.context else 0
