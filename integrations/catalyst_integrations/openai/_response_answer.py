"""Reading one answered response."""

from __future__ import annotations

from typing import Any

from catalyst_integrations.openai._items import messages_of
from catalyst_integrations.openai._usage import response_usage
from catalyst_sdk.instrumentation.llm import Answer
from catalyst_sdk.instrumentation.stainless import member


def answer_of(response: Any) -> Answer:
    """The answer in *response*: whole, incomplete, failed, or queued to run in the background."""
    messages = messages_of(member(response, "output") or ())
    error = member(response, "error")
    return Answer(
        id=getattr(response, "id", None),
        model=getattr(response, "model", None),
        messages=messages,
        finish_reason=_finish_reason(response, messages),
        usage=response_usage(member(response, "usage")),
        error=f"{error.code}: {error.message}" if error else None,
    )


def _finish_reason(response: Any, messages: list[dict[str, Any]]) -> str:
    """Why it ended, in the words chat completions have for it where there are some."""
    status = getattr(response, "status", None)
    if status == "incomplete":
        details = member(response, "incomplete_details")
        return getattr(details, "reason", None) or status
    if status in (None, "completed"):
        called = any("tool_calls" in message for message in messages)
        return "tool_calls" if called else "stop"
    return status
