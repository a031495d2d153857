"""An ordinary agent loop: ask the model, run the tools it calls, ask again."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openai import OpenAI

from catalyst_sdk.demo._toolbox import Toolbox

Chat = list[dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How an agent asks its model; *attempts* counts tries after a rate limit."""

    model: str
    max_steps: int = 16
    max_completion_tokens: int = 900
    attempts: int = 1
    stream: bool = False
    json_answer: bool = False


@dataclass(frozen=True)
class Agent:
    """One model with instructions and tools; *prompt* is asked anew for each request."""

    client: OpenAI
    prompt: Callable[[], str]
    tools: list[dict[str, Any]]
    toolbox: Toolbox
    settings: Settings

    def answer(self, chat: Chat) -> str:
        """Extend *chat* until the model answers in words; "" when the steps run out."""
        for _ in range(self.settings.max_steps):
            message = self._ask(chat)
            chat.append(message)
            if not message.get("tool_calls"):
                return message["content"] or ""
            chat.extend(self._run_tools(message["tool_calls"]))
        return ""

    def _ask(self, chat: Chat) -> dict[str, Any]:
        from openai import RateLimitError

        for _ in range(self.settings.attempts - 1):
            try:
                return self._request(chat)
            except RateLimitError:
                continue
        return self._request(chat)

    def _request(self, chat: Chat) -> dict[str, Any]:
        settings = self.settings
        request: dict[str, Any] = {
            "model": settings.model,
            "messages": [{"role": "system", "content": self.prompt()}, *chat],
            "tools": self.tools,
            "max_completion_tokens": settings.max_completion_tokens,
        }
        if settings.json_answer:
            request["response_format"] = {"type": "json_object"}
        create: Any = self.client.chat.completions.create
        if settings.stream:
            options = {"include_usage": True}
            return _collected(create(stream=True, stream_options=options, **request))
        return create(**request).choices[0].message.to_dict()

    def _run_tools(self, calls: list[dict[str, Any]]) -> Chat:
        if len(calls) == 1:
            return [self._run_tool(calls[0])]
        with ThreadPoolExecutor(max_workers=len(calls)) as pool:
            return list(pool.map(self._run_tool, calls))

    def _run_tool(self, call: dict[str, Any]) -> dict[str, Any]:
        try:
            arguments = json.loads(call["function"]["arguments"])
            result = json.dumps(self.toolbox.run(call["function"]["name"], arguments))
        except Exception as error:  # noqa: BLE001 - what a tool raises is told to the model
            result = f"Error: {error}"
        return {"role": "tool", "tool_call_id": call["id"], "content": result}


def _collected(stream: Any) -> dict[str, Any]:
    """Join a streamed answer into one message."""
    words: list[str] = []
    calls: dict[int, dict[str, Any]] = {}
    for chunk in stream:
        for choice in chunk.choices:
            words.append(choice.delta.content or "")
            for piece in choice.delta.tool_calls or ():
                empty = {"id": "", "type": "function", "function": {"name": "", "arguments": ""}}
                call = calls.setdefault(piece.index, empty)
                call["id"] = piece.id or call["id"]
                call["function"]["name"] += piece.function.name or ""
                call["function"]["arguments"] += piece.function.arguments or ""
    message: dict[str, Any] = {"role": "assistant", "content": "".join(words) or None}
    return {**message, "tool_calls": list(calls.values())} if calls else message
