"""What of a request body is a parameter, and which tools it offers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from catalyst_sdk import semconv
from catalyst_sdk.instrumentation.llm import to_json

Body = Mapping[str, Any]


def parameters_but(*content: str) -> Callable[[Body], dict[str, Any]]:
    """A reader of all members of the body but the model and those that are *content*."""
    left_out = frozenset({"model", *content})

    def parameters(body: Body) -> dict[str, Any]:
        kept = {key: value for key, value in body.items() if key not in left_out}
        return {semconv.LLM_INVOCATION_PARAMETERS: to_json(kept)} if kept else {}

    return parameters


def tools_offered(tools: Any) -> dict[str, Any]:
    """The tool definitions, as sent."""
    return {semconv.LLM_TOOLS: to_json(tools)} if tools else {}


def prompt_content(body: Body) -> dict[str, Any]:
    """A `prompt` or `input` text as the user's message."""
    text = body.get("prompt") or body.get("input")
    if text is None:
        return {}
    return {semconv.LLM_INPUT_MESSAGES: to_json([{"role": "user", "content": text}])}
