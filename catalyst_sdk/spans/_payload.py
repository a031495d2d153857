"""Where a span keeps its input and output, whichever dialect wrote them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from catalyst_sdk.spans._concepts import EVENTS_AS_MESSAGES
from catalyst_sdk.spans._conversation import Conversation, Message, Part
from catalyst_sdk.spans._events import AnyEvent, recorded
from catalyst_sdk.spans._flat import family
from catalyst_sdk.spans._json import Json, json_text, parsed, pick
from catalyst_sdk.spans._messages import answers_of, messages_of
from catalyst_sdk.spans._parts import parts_of
from catalyst_sdk.spans._shape import Shape, gather, kind_of, shape_of
from catalyst_sdk.spans._span import Span
from catalyst_sdk.spans._tools import NO_TOOLS, Toolset, toolset

_IN_FAMILIES = ("llm.input_messages.", "gen_ai.prompt.", "llm.prompts.")
_OUT_FAMILIES = ("llm.output_messages.", "gen_ai.completion.")
_TOOL_FAMILIES = ("llm.tools.", "llm.request.functions.")
_MODEL_KINDS = ("LLM", "UNKNOWN")


class Recorded(msgspec.Struct):
    """A span's attributes, sorted by what they say."""

    attributes: Mapping[str, Any]
    shape: Shape
    found: dict[str, Any]
    events: Iterable[AnyEvent] = ()

    def given(self, kind: str) -> Json:
        """What went in: for a model call its messages first, else the plain input first."""
        plain, messages = self.found.get("input"), self.found.get("input_messages")
        if kind not in _MODEL_KINDS:
            return plain if plain is not None else messages
        if messages is not None:
            return messages
        flat = family(self.shape, self.attributes, *_IN_FAMILIES)
        if flat is None and self._has_events():
            flat = recorded(self.events, self.attributes.get(EVENTS_AS_MESSAGES))[0] or None
        return flat if flat is not None else plain

    def returned(self, kind: str) -> Json:
        """What came out."""
        plain, messages = self.found.get("output"), self.found.get("output_messages")
        if kind not in _MODEL_KINDS:
            return plain if plain is not None else messages
        if messages is not None:
            return messages
        flat = family(self.shape, self.attributes, *_OUT_FAMILIES)
        if flat is None and self._has_events():
            flat = recorded(self.events, self.attributes.get(EVENTS_AS_MESSAGES))[1] or None
        if flat is None and "output_calls" in self.found:
            calls = parsed(self.found["output_calls"])
            flat = {"role": "assistant", "content": plain, "tool_calls": calls}
        return flat if flat is not None else plain

    def tools(self) -> Toolset:
        """The tools offered, where attributes of their own name them."""
        found = self.found.get("tools")
        if found is not None:
            return toolset(found)
        flat = family(self.shape, self.attributes, *_TOOL_FAMILIES)
        if flat is not None:
            return toolset(flat)
        parameters = self.parameters()
        offered = pick(parameters, "tools", "functions", "function_tools")
        return toolset(offered) if offered is not None else NO_TOOLS

    def parameters(self) -> dict[str, Any]:
        """The invocation parameters, {} when they were not recorded."""
        value = parsed(self.found.get("parameters"))
        return value if isinstance(value, dict) else {}

    def _has_events(self) -> bool:
        return bool(self.events) or EVENTS_AS_MESSAGES in self.attributes


def recorded_by(span: Span) -> Recorded:
    """Sort a span's attributes."""
    shape = shape_of(span.attributes)
    found = gather(shape.plan, span.attributes)
    return Recorded(span.attributes, shape, found, span.events)


def input_text(span: Span) -> str:
    """Give what went into a span as text, as it was recorded, "" when it was not."""
    record = recorded_by(span)
    return json_text(record.given(kind_of(record.shape, span.attributes)))


def output_text(span: Span) -> str:
    """Give what came out of a span as text, as it was recorded, "" when it was not."""
    record = recorded_by(span)
    return json_text(record.returned(kind_of(record.shape, span.attributes)))


def messages(span: Span) -> Conversation:
    """Give what a span said and was told as messages, whatever dialect recorded it."""
    record = recorded_by(span)
    given = parsed(record.given("LLM"))
    asked = messages_of(given)
    system = parsed(record.found.get("system"))
    if system:
        asked.insert(0, Message(role="system", parts=parts_of(system)))
    tools = record.tools()
    if not tools.definitions and isinstance(given, dict):
        tools = toolset(pick(given, "tools", "functions"))
    return Conversation(
        input_messages=asked,
        output_messages=_answers(record),
        tools=list(tools.definitions),
    )


def _answers(record: Recorded) -> list[Message]:
    answers = answers_of(record.returned("LLM"))
    if not answers and "output_calls" in record.found:
        calls = json_text(record.found["output_calls"])
        answers = [Message(role="assistant", parts=[Part(type="text", text=calls)])]
    return answers
