"""Chat completions: what is read of the request, the answer and each chunk."""

from __future__ import annotations

from binascii import a2b_base64
from typing import Any

from catalyst_integrations.openai._content import messages_without_data
from catalyst_integrations.openai._request import Body, parameters_but, tools_offered
from catalyst_integrations.openai._usage import completion_usage
from catalyst_sdk import semconv
from catalyst_sdk.instrumentation.llm import Answer, digest, digest_base64, to_json
from catalyst_sdk.instrumentation.stainless import Endpoint, member

_REASONING = ("reasoning_content", "reasoning")
"""Members by which compatible servers (DeepSeek, vLLM, OpenRouter) send a model's reasoning."""


def _content(body: Body) -> dict[str, Any]:
    return {
        **tools_offered(body.get("tools") or body.get("functions")),
        semconv.LLM_INPUT_MESSAGES: to_json(messages_without_data(body.get("messages"))),
    }


def _answer(completion: Any) -> Answer:
    choices = getattr(completion, "choices", None) or ()
    return Answer(
        id=getattr(completion, "id", None),
        model=getattr(completion, "model", None),
        messages=[_message(choice.message) for choice in choices if choice.message],
        finish_reason=choices[0].finish_reason if choices else None,
        usage=completion_usage(getattr(completion, "usage", None)),
    )


def _message(message: Any) -> dict[str, Any]:
    reasoning = _reasoning(message)
    fields = _fields(message.role, message.content, reasoning, message.refusal)
    calls = [_tool_call(call) for call in message.tool_calls or ()]
    if call := message.function_call:
        calls.append({"function": {"name": call.name, "arguments": call.arguments}})
    if calls:
        fields["tool_calls"] = calls
    if audio := message.audio:
        described = digest_base64(audio.data or "", "audio/*")
        fields["audio"] = {"id": audio.id, "transcript": audio.transcript, **described}
    return fields


def _fields(
    role: str | None, text: str | None, reasoning: str | None, refusal: str | None
) -> dict[str, Any]:
    fields: dict[str, Any] = {"role": role or "assistant", "content": text}
    if reasoning:
        parts = [{"type": "reasoning", "text": reasoning}]
        fields["content"] = [*parts, {"type": "text", "text": text}] if text else parts
    if refusal:
        fields["refusal"] = refusal
    return fields


def _reasoning(message: Any) -> str | None:
    extra = getattr(message, "__pydantic_extra__", None)
    if extra:
        for name in _REASONING:
            if isinstance(extra.get(name), str):
                return extra[name]
    return None


def _tool_call(call: Any) -> dict[str, Any]:
    function = getattr(call, "function", None)
    if function is None:  # a custom tool: its input is free text
        custom = call.custom
        return {"id": call.id, "function": {"name": custom.name, "arguments": custom.input}}
    return {
        "id": call.id,
        "function": {"name": function.name, "arguments": function.arguments},
    }


class _Choice:
    """One choice of a stream, growing."""

    __slots__ = ("audio", "calls", "finish_reason", "reasoning", "refusal", "role", "text")

    def __init__(self) -> None:
        self.role: str | None = None
        self.text: list[str] = []
        self.reasoning: list[str] = []
        self.refusal: list[str] = []
        self.calls: dict[int, list[Any]] = {}
        self.audio: list[Any] = []
        self.finish_reason: str | None = None

    def take_rest(self, delta: Any) -> None:
        """What few chunks carry."""
        for call in delta.tool_calls or ():
            self.calls.setdefault(call.index or 0, []).append(call)
        if call := delta.function_call:
            self.calls.setdefault(-1, []).append(_LegacyCall(call))
        if refusal := delta.refusal:
            self.refusal.append(refusal)
        if audio := member(delta, "audio"):
            self.audio.append(audio)
        if extra := delta.__pydantic_extra__:
            for name in _REASONING:
                if isinstance(extra.get(name), str):
                    self.reasoning.append(extra[name])
                    break

    def message(self) -> dict[str, Any]:
        fields = _fields(
            self.role,
            "".join(self.text) or None,
            "".join(self.reasoning),
            "".join(self.refusal),
        )
        if self.calls:
            fields["tool_calls"] = [_joined_call(pieces) for pieces in self.calls.values()]
        if self.audio:
            fields["audio"] = _joined_audio(self.audio)
        return fields


class _LegacyCall:
    """A piece of a `function_call` in the shape of a tool call's."""

    id = None

    def __init__(self, function: Any) -> None:
        self.function = function


def _joined_call(pieces: list[Any]) -> dict[str, Any]:
    functions = [piece.function for piece in pieces if piece.function]
    return {
        "id": next((piece.id for piece in pieces if piece.id), None),
        "function": {
            "name": next((function.name for function in functions if function.name), None),
            "arguments": "".join(function.arguments or "" for function in functions),
        },
    }


def _joined_audio(pieces: list[Any]) -> dict[str, Any]:
    data = b"".join(a2b_base64(piece.data) for piece in pieces if piece.data)
    return {
        "id": next((piece.id for piece in pieces if piece.id), None),
        "transcript": "".join(piece.transcript or "" for piece in pieces),
        **digest(data, "audio/*"),
    }


class ChatReader:
    """Adds up the chunks of one chat completion."""

    __slots__ = ("_choices", "_first", "_usage", "finished")

    def __init__(self) -> None:
        self.finished = False
        self._choices: dict[int, _Choice] = {}
        self._first: Any = None
        self._usage: Any = None

    def __call__(self, chunk: Any) -> None:
        if chunk.usage is not None:
            self._usage = chunk.usage
        if self._first is None and chunk.model:
            self._first = chunk
        for choice in chunk.choices or ():
            so_far = self._choices.get(choice.index)
            if so_far is None:
                so_far = self._choices[choice.index] = _Choice()
            delta = choice.delta
            if delta is not None:
                if delta.content:
                    so_far.text.append(delta.content)
                else:
                    so_far.take_rest(delta)
                if delta.role:
                    so_far.role = delta.role
            if choice.finish_reason:
                so_far.finish_reason = choice.finish_reason
                self.finished = True

    def answer(self) -> Answer:
        """The completion as far as it came."""
        choices = [self._choices[index] for index in sorted(self._choices)]
        return Answer(
            id=self._first.id if self._first is not None else None,
            model=self._first.model if self._first is not None else None,
            messages=[choice.message() for choice in choices],
            finish_reason=choices[0].finish_reason if choices else None,
            usage=completion_usage(self._usage),
        )


ENDPOINT = Endpoint(
    operation="chat",
    parameters=parameters_but("messages", "tools", "functions"),
    content=_content,
    answer=_answer,
    reader=ChatReader,
)
