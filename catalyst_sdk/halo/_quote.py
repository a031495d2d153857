"""Words quoted from a span, cut out verbatim, and looked up again in what the span holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from catalyst_sdk.halo._candidate import Cite
from catalyst_sdk.halo._words import clean
from catalyst_sdk.spans import Conversation, Span, input_text, messages, output_text

__all__ = ["holds", "quote_from"]

_LONGEST = 200
_TELLS = re.compile(
    r"error|exception|fail|denied|refused|invalid|timed? ?out|not (found|available|enough|allow)"
    r"|cannot|unable",
    re.IGNORECASE,
)
_MODEL_KINDS = ("LLM", "AGENT", "CHAIN", "UNKNOWN")


def quote_from(span: Span, cite: Cite, kind: str) -> str:
    """Cut the words to quote out of a span: at most 200 characters, never altered."""
    if cite.part == "fact":
        return _fact(span, cite.anchor)
    if cite.part == "call":
        found = _call(span, cite.anchor)
    elif cite.part == "offer":
        offered = [t for t in _conversation(span).tools if t.name == cite.anchor]
        found = next((t.description or t.name for t in offered), "")
    elif cite.part == "system":
        system = [m.text for m in _conversation(span).input_messages if m.role == "system"]
        found = "\n".join(system)
    elif cite.part == "input":
        found = _asked(span, kind, cite.anchor)
    elif cite.part == "output":
        found = _said(span, kind)
    else:
        found = _error(span)
    return _excerpt(found, cite.anchor) or clean(span.name)


def holds(span: Span, quote: str) -> bool:
    """Tell whether a span, read afresh, holds these words somewhere."""
    return bool(quote.strip()) and any(quote in clean(text) for text in _texts(span))


def _error(span: Span) -> str:
    raised = [
        str(event.attributes.get("exception.message") or "")
        for event in span.events
        if event.name == "exception"
    ]
    stated = next((text for text in reversed(raised) if text.strip()), "") or span.status_message
    given = output_text(span)
    if given and stated not in given and _TELLS.search(given[:300]) and not raised:
        return given
    named = str(span.attributes.get("error.type") or span.attributes.get("exception.type") or "")
    return stated or given or named


def _said(span: Span, kind: str) -> str:
    if kind in _MODEL_KINDS:
        for message in reversed(_conversation(span).output_messages):
            if message.text.strip():
                return message.text
            calls = [call.arguments or call.name for call in message.tool_calls]
            if calls:
                return calls[0]
    return output_text(span)


def _asked(span: Span, kind: str, anchor: str) -> str:
    if kind in _MODEL_KINDS:
        asked = _conversation(span).input_messages
        texts = [m.text for m in reversed(asked) if m.role == "user" and m.text.strip()]
        if anchor:
            texts = [m.text for m in asked if anchor in clean(m.text)] + texts
        if texts:
            return texts[0]
    return input_text(span)


def _call(span: Span, tool: str) -> str:
    calls = [call for m in _conversation(span).output_messages for call in m.tool_calls]
    for call in [call for call in calls if call.name == tool] + calls:
        blank = call.arguments.strip() in ("", "{}")
        return call.name if blank else call.arguments
    return output_text(span)


def _fact(span: Span, name: str) -> str:
    keys = [key for key in sorted(span.attributes) if name not in ("", "name") and name in key]
    keys.sort(key=lambda key: (key != name, len(key)))
    if keys:
        line = _line(keys[0], span.attributes[keys[0]])
        return line if len(line) <= _LONGEST else _excerpt(str(span.attributes[keys[0]]), "")
    if name == "parent_span_id" and span.parent_span_id:
        return span.parent_span_id
    return clean(span.name)


def _line(key: str, value: Any) -> str:
    return clean(f"{key}: {value}")


def _excerpt(text: str, anchor: str) -> str:
    """Cut the line that holds *anchor* (`$`: the last one) to a length one reads at a glance."""
    text = clean(text)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return ""
    if anchor == "$":
        last = lines[-1]
        return last if len(last) <= _LONGEST else last[-_LONGEST:].partition(" ")[2] or last[-80:]
    line = next((one for one in lines if anchor and anchor in one), lines[0])
    at = line.find(anchor) if anchor else 0
    start = max(0, at - 60) if at > 100 else 0
    cut = line[start : start + _LONGEST]
    if start + _LONGEST < len(line):
        cut = cut.rpartition(" ")[0] if " " in cut[100:] else cut
    return cut.strip()


def _conversation(span: Span) -> Conversation:
    return messages(span)


def _texts(span: Span) -> Iterator[str]:
    """Everything a span says: as written, and as its JSON decodes."""
    yield from (span.name, span.status_message, span.parent_span_id)
    for source in (span.attributes, span.resource, *(event.attributes for event in span.events)):
        for key, value in source.items():
            yield _line(key, value)
            if isinstance(value, str):
                yield value
                yield from _decoded(value)
    spoken = _conversation(span)
    for offered in spoken.tools:
        yield from (offered.name, offered.description)
    for message in (*spoken.input_messages, *spoken.output_messages):
        for part in message.parts:
            yield from (part.text, part.arguments, part.name)


def _decoded(text: str) -> Iterator[str]:
    if text[:1] not in ("{", "[", '"'):
        return
    try:
        value = msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return
    yield from _strings(value)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():  # pyright: ignore[reportUnknownVariableType]
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:  # pyright: ignore[reportUnknownVariableType]
            yield from _strings(item)
