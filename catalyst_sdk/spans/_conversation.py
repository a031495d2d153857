"""A model call in one shape, whoever recorded it: messages made of parts, and tools offered."""

from __future__ import annotations

from typing import Any

import msgspec


class Part(msgspec.Struct, kw_only=True):
    """One piece of a message."""

    type: str
    """`text`, `tool_call`, `tool_result`, `reasoning`, `refusal`, `image`, `audio`, `video`,
    `file` or `data` (anything else, as JSON)."""
    text: str = ""
    """The words; of a tool result its content; of media its address or file name."""
    name: str = ""
    """Of the tool called."""
    arguments: str = ""
    """Of a tool call, as JSON."""
    id: str = ""
    """Of the tool call made or answered."""
    mime: str = ""


class Message(msgspec.Struct, kw_only=True):
    """What one participant said."""

    role: str
    """`system`, `user`, `assistant` or `tool`."""
    parts: list[Part] = []
    finish_reason: str = ""

    @property
    def text(self) -> str:
        """The words of its text parts."""
        return "\n".join(p.text for p in self.parts if p.type == "text" and p.text)

    @property
    def tool_calls(self) -> list[Part]:
        """The tool calls it makes, in order."""
        return [p for p in self.parts if p.type == "tool_call"]


class ToolDefinition(msgspec.Struct, kw_only=True):
    """A tool as it was offered to the model."""

    name: str
    description: str = ""
    schema: dict[str, Any] | None = None
    """JSON schema of its arguments, None when it was not recorded."""


class Conversation(msgspec.Struct, kw_only=True):
    """What went into a model call and what came out."""

    input_messages: list[Message] = []
    """The system prompt first, where there is one."""
    output_messages: list[Message] = []
    tools: list[ToolDefinition] = []
