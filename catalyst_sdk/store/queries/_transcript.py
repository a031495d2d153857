"""The conversation of a trace: every message once, with each tool call beside its result."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from catalyst_sdk.spans import Conversation, Message, Part, SpanFacts, facts, messages
from catalyst_sdk.store.queries._items import exact_ms
from catalyst_sdk.store.queries._source import TraceSource

Key = tuple[str, str, tuple[str, ...]]


class Outcome(msgspec.Struct, frozen=True):
    """What became of a tool call."""

    text: str
    failed: bool = False
    duration_ns: int = 0
    known: bool = True


class Call(msgspec.Struct, frozen=True):
    """One tool call and its outcome."""

    name: str
    arguments: str
    outcome: Outcome


class Turn(msgspec.Struct):
    """One message as shown: who said what, and which tools were called."""

    role: str
    text: str = ""
    calls: list[Call] = []
    extras: list[str] = []
    """Kinds of content that is no text: image, audio, reasoning …"""
    span: SpanFacts | None = None
    """The model call that said it."""


def transcript(
    talks: Sequence[tuple[SpanFacts, Conversation]], spans: Sequence[SpanFacts]
) -> list[Turn]:
    """Put a trace's model calls together as one conversation.

    Each call repeats what was said before, so a message is shown as often as the call that
    holds it most often has it.
    """
    teller = _Teller(talks, spans)
    for span, talk in talks:
        seen: Counter[Key] = Counter()
        for message in talk.input_messages:
            teller.tell(message, seen, None)
        for message in talk.output_messages:
            teller.tell(message, seen, span)
    return teller.turns or _from_spans(spans)


def conversation(source: TraceSource, trace_id: str) -> list[Turn]:
    """Read a trace as the conversation it was."""
    read = source.trace(trace_id)
    spans = [facts(span) for span in read]
    own = zip(spans, read, strict=True)
    return transcript([(row, messages(span)) for row, span in own if row.kind == "LLM"], spans)


class _Teller:
    def __init__(
        self, talks: Sequence[tuple[SpanFacts, Conversation]], spans: Sequence[SpanFacts]
    ) -> None:
        self.turns: list[Turn] = []
        self._told: Counter[Key] = Counter()
        self._results = _results(talks)
        self._used: set[str] = set()
        self._tools = [span for span in spans if span.kind == "TOOL"]

    def tell(self, message: Message, seen: Counter[Key], span: SpanFacts | None) -> None:
        key = _key(message)
        seen[key] += 1
        if seen[key] <= self._told[key]:
            return
        self._told[key] = seen[key]
        turn = self._turn(message, span)
        if turn.text or turn.calls or turn.extras:
            self.turns.append(turn)

    def _turn(self, message: Message, span: SpanFacts | None) -> Turn:
        turn = Turn(role=message.role, span=span)
        texts: list[str] = []
        for part in message.parts:
            if part.type == "tool_call":
                turn.calls.append(Call(part.name, arguments(part), self._outcome(part, span)))
            elif part.type == "tool_result":
                texts += [part.text] if part.id not in self._used else []
            elif part.type == "text":
                texts.append(part.text)
            else:
                turn.extras.append(part.type)
        turn.text = "\n".join(text for text in texts if text.strip())
        return turn

    def _outcome(self, part: Part, span: SpanFacts | None) -> Outcome:
        ran = self._tool_span(part, span)
        # An id may come twice in one conversation, so results are taken in order.
        waiting = self._results.get(part.id)
        said = waiting.pop(0) if waiting else None
        if said is not None:
            self._used.add(part.id)
        if ran is None:
            return Outcome(said or "", known=said is not None)
        failed = ran.status == "ERROR"
        text = (ran.error_message if failed else "") or said or ran.output_preview
        return Outcome(text, failed, ran.duration_ns)

    def _tool_span(self, part: Part, span: SpanFacts | None) -> SpanFacts | None:
        """Find the span that ran a call: by its id, or the next one of its name."""
        for index, tool in enumerate(self._tools):
            if part.name not in (tool.tool_name, tool.name):
                continue
            same_id = bool(part.id) and tool.tool_call_id == part.id
            later = span is not None and tool.start_ns >= span.start_ns and not tool.tool_call_id
            if same_id or later:
                return self._tools.pop(index)
        return None


def _results(talks: Sequence[tuple[SpanFacts, Conversation]]) -> dict[str, list[str]]:
    """Give the results of each call id, in order, from the model call that repeats most of them."""
    most: dict[str, list[str]] = {}
    for _, talk in talks:
        own: dict[str, list[str]] = {}
        for message in talk.input_messages:
            for part in message.parts:
                if part.type == "tool_result" and part.id:
                    own.setdefault(part.id, []).append(part.text)
        for call, texts in own.items():
            if len(texts) > len(most.get(call, ())):
                most[call] = texts
    return most


def _key(message: Message) -> Key:
    text = "\n".join(part.text.strip() for part in message.parts if part.type != "tool_call")
    calls = tuple(
        f"{part.name} {arguments(part)}" for part in message.parts if part.type == "tool_call"
    )
    return message.role, text, calls


def arguments(part: Part) -> str:
    """Give the arguments of a tool call as compact JSON, or as they stand."""
    try:
        value = json.loads(part.arguments)
    except ValueError:
        return part.arguments
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) if value else ""


def _from_spans(spans: Sequence[SpanFacts]) -> list[Turn]:
    """Tell a trace that recorded no messages by its steps."""
    turns: list[Turn] = []
    top = next((span for span in spans if span.input_preview or span.output_preview), None)
    if top is not None and top.kind != "TOOL" and top.input_preview:
        turns.append(Turn(role="user", text=top.input_preview))
    for span in spans:
        if span.kind == "TOOL":
            failed = span.status == "ERROR"
            said = (span.error_message if failed else "") or span.output_preview
            outcome = Outcome(said, failed, span.duration_ns)
            turns.append(
                Turn(
                    role="tool",
                    calls=[Call(span.tool_name or span.name, span.input_preview, outcome)],
                )
            )
        elif span.kind == "LLM" and span.output_preview:
            turns.append(Turn(role="assistant", text=span.output_preview, span=span))
    if top is not None and top.kind not in ("TOOL", "LLM") and top.output_preview:
        turns.append(Turn(role="assistant", text=top.output_preview))
    return turns


def turn_item(turn: Turn) -> dict[str, Any]:
    """Give one message as plain values."""
    return {
        "role": turn.role,
        "text": turn.text,
        "span_id": turn.span.span_id if turn.span else None,
        "calls": [
            {
                "name": call.name,
                "arguments": call.arguments,
                "result": call.outcome.text if call.outcome.known else None,
                "failed": call.outcome.failed,
                "duration_ms": exact_ms(call.outcome.duration_ns),
            }
            for call in turn.calls
        ],
    }


def single(message: Message) -> Turn:
    """Give one message by itself, its tool calls without what became of them."""
    unknown = Outcome("", known=False)
    texts = [
        part.text for part in message.parts if part.type in ("text", "tool_result") and part.text
    ]
    calls = [
        Call(part.name, arguments(part), unknown)
        for part in message.parts
        if part.type == "tool_call"
    ]
    extras = [
        part.type for part in message.parts if part.type not in ("text", "tool_result", "tool_call")
    ]
    return Turn(role=message.role, text="\n".join(texts), calls=calls, extras=extras)
