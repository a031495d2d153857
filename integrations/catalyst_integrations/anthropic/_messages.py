"""Messages: what is read of the request, the answer and each event of a stream."""

from __future__ import annotations

from typing import Any

import msgspec

from catalyst_integrations.anthropic._blocks import Json, assistant, conversation, given
from catalyst_integrations.anthropic._usage import added_usage, usage_of
from catalyst_sdk import semconv
from catalyst_sdk.instrumentation.llm import Answer, as_object, to_json
from catalyst_sdk.instrumentation.stainless import Endpoint, member

_CONTENT = frozenset({"model", "messages", "system", "tools"})


def parameters(body: Json) -> dict[str, Any]:
    """All members of the body but the model and what is content."""
    kept = {name: value for name, value in given(body).items() if name not in _CONTENT}
    return {semconv.LLM_INVOCATION_PARAMETERS: to_json(kept)} if kept else {}


def content(body: Json) -> dict[str, Any]:
    """The conversation and the tools offered."""
    sent = given(body)
    tools = sent.get("tools")
    return {
        semconv.LLM_TOOLS: to_json(tools) if tools else None,
        semconv.LLM_INPUT_MESSAGES: to_json(conversation(sent)),
    }


def answer(message: Any) -> Answer:
    """Read one whole message."""
    return Answer(
        id=getattr(message, "id", None),
        model=getattr(message, "model", None),
        messages=[assistant([_block(block) for block in getattr(message, "content", None) or ()])],
        finish_reason=getattr(message, "stop_reason", None),
        usage=usage_of(getattr(message, "usage", None)),
    )


def _block(block: Any) -> Json:
    kind = getattr(block, "type", None)
    if kind == "text":
        text: dict[str, Any] = {"type": kind, "text": block.text}
        if citations := member(block, "citations"):
            text["citations"] = [citation.model_dump() for citation in citations]
        return text
    if kind == "thinking":
        return {"type": kind, "thinking": block.thinking}
    return as_object(block.model_dump()) or {"type": kind}


class _Growing:
    """One content block of a stream."""

    __slots__ = ("pieces", "start")

    def __init__(self, start: Any) -> None:
        self.start = start
        self.pieces: list[str] = []

    def block(self) -> Json:
        """The block as far as it came."""
        grown = "".join(self.pieces)
        kind = getattr(self.start, "type", None)
        if kind == "text":
            return {"type": "text", "text": (self.start.text or "") + grown}
        if kind == "thinking":
            return {"type": "thinking", "thinking": (self.start.thinking or "") + grown}
        block = dict(_block(self.start))
        if grown:
            block["input"] = _arguments(grown)
        return block


def _arguments(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:  # cut short
        return text


_DELTAS = {"text_delta": "text", "input_json_delta": "partial_json", "thinking_delta": "thinking"}


class MessageReader:
    """Adds up the events of one streamed message."""

    __slots__ = ("_blocks", "_error", "_message", "_stop", "_usage", "finished")

    def __init__(self) -> None:
        self.finished = False
        self._message: Any = None
        self._blocks: dict[int, _Growing] = {}
        self._usage: list[Any] = []
        self._stop: str | None = None
        self._error: str | None = None

    def __call__(self, event: Any) -> None:
        kind = event.type
        if kind == "content_block_delta":
            delta = event.delta
            name = _DELTAS.get(delta.type)
            block = self._blocks.get(event.index)
            if name is not None and block is not None:
                block.pieces.append(getattr(delta, name))
        elif kind == "content_block_start":
            self._blocks[event.index] = _Growing(event.content_block)
        elif kind == "message_start":
            self._message = event.message
            self._usage.append(event.message.usage)
        elif kind == "message_delta":
            self._usage.append(event.usage)
            self._stop = event.delta.stop_reason or self._stop
        elif kind == "message_stop":
            self.finished = True
        elif kind == "error":  # read from bytes; the SDK raises it where it reads itself
            self._error = str(event.error.message)

    def answer(self) -> Answer:
        """The message as far as it came."""
        blocks = [self._blocks[index].block() for index in sorted(self._blocks)]
        return Answer(
            id=getattr(self._message, "id", None),
            model=getattr(self._message, "model", None),
            messages=[assistant(blocks)] if blocks else [],
            finish_reason=self._stop,
            usage=added_usage(self._usage),
            error=self._error,
        )


ENDPOINT = Endpoint(
    operation="chat",
    parameters=parameters,
    content=content,
    answer=answer,
    reader=MessageReader,
)
