"""The part of OpenAI's chat-completions protocol that the demo speaks.

Source: the OpenAI API reference, "Chat completions" and "Streaming".
"""

from __future__ import annotations

from typing import Any

import msgspec


class CalledFunction(msgspec.Struct):
    """The function of a tool call: its name and its arguments as JSON text."""

    name: str
    arguments: str = "{}"


class ToolCall(msgspec.Struct):
    """One tool call of an assistant message."""

    id: str
    function: CalledFunction
    type: str = "function"


class Message(msgspec.Struct):
    """One message of a conversation."""

    role: str
    content: str | list[dict[str, Any]] | None = None
    tool_calls: list[ToolCall] | None = None
    tool_call_id: str | None = None
    name: str | None = None

    @property
    def text(self) -> str:
        """The words of the message, without its other parts."""
        if isinstance(self.content, list):
            return "".join(str(part.get("text", "")) for part in self.content)
        return self.content or ""


class OfferedFunction(msgspec.Struct):
    """A function the model may call; *parameters* is a JSON schema."""

    name: str
    description: str = ""
    parameters: dict[str, Any] = {}


class OfferedTool(msgspec.Struct):
    """A tool as offered in a request."""

    function: OfferedFunction
    type: str = "function"


class StreamOptions(msgspec.Struct):
    """What a stream carries beside its chunks."""

    include_usage: bool = False


class ChatRequest(msgspec.Struct):
    """The body of `POST /v1/chat/completions`; fields the script never reads are ignored."""

    model: str
    messages: list[Message]
    tools: list[OfferedTool] = []
    stream: bool = False
    stream_options: StreamOptions | None = None
    max_completion_tokens: int | None = None
    max_tokens: int | None = None
    response_format: dict[str, Any] | None = None

    @property
    def token_limit(self) -> int | None:
        """The most tokens the answer may have, None without a limit."""
        return self.max_completion_tokens or self.max_tokens


class Reply(msgspec.Struct, frozen=True):
    """What the script answers: words, or calls as (tool name, arguments)."""

    text: str = ""
    calls: tuple[tuple[str, dict[str, Any]], ...] = ()


class Refusal(msgspec.Struct, frozen=True):
    """An error the provider answers with instead; *retry_after_s* becomes Retry-After."""

    status: int
    message: str
    type: str = "invalid_request_error"
    code: str | None = None
    retry_after_s: float | None = None


class Usage(msgspec.Struct, frozen=True):
    """Tokens a request is billed for; *prompt* includes *cached*."""

    prompt: int
    cached: int
    completion: int

    def body(self) -> dict[str, Any]:
        """Give the `usage` object of a response."""
        return {
            "prompt_tokens": self.prompt,
            "completion_tokens": self.completion,
            "total_tokens": self.prompt + self.completion,
            "prompt_tokens_details": {"cached_tokens": self.cached, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
        }
