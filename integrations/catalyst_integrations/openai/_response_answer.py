"""Reading one answered response."""

from __future__ import annotations

from typing import Any

from catalyst_integrations.openai._items import messages_of
from catalyst_integrations.openai._usage import response_usage
from catalyst_sdk.instrumentation.llm import Answer


def answer_of(response: Any) -> Answer:
    """The answer in *response*: whole, incomplete, failed, or queued to run in the background."""
    messages = messages_of(getattr(response, "output", None) or ())
    error = getattr(response, "error", None)
    return Answer(
        id=response.id,
        model=getattr(response, "model", None),
        messages=messages,
        finish_reason=_finish_reason(response, messages),
        usage=response_usage(getattr(response, "usage", None)),
        error=f"{error.code}: {error.message}" if error else None,
    )


def _finish_reason(response: Any, messages: list[dict[str, Any]]) -> str:
    """Why it ended, in the words chat completions have for it where there are some."""
    status = getattr(response, "status", None)
    if status == "incomplete":
        details = getattr(response, "incomplete_details", None)
        return getattr(details, "reason", None) or status
    if status in (None, "completed"):
        called = any("tool_calls" in message for message in messages)
        return "tool_calls" if called else "stop"
    return status
