"""The Responses API."""

from __future__ import annotations

import re
from typing import Any

from catalyst_integrations.openai._items import messages_of
from catalyst_integrations.openai._request import Body, parameters_but, tools_offered
from catalyst_integrations.openai._response_answer import answer_of
from catalyst_integrations.openai._response_events import ResponseReader
from catalyst_sdk import semconv
from catalyst_sdk.instrumentation.llm import as_list, to_json
from catalyst_sdk.instrumentation.stainless import Endpoint

_POLL = re.compile(r"/responses/([^/?]+)(?:/cancel)?(?:\?|$)")


def _content(body: Body) -> dict[str, Any]:
    messages: list[dict[str, Any]] = []
    if instructions := body.get("instructions"):
        messages.append({"role": "system", "content": instructions})
    asked = body.get("input")
    if isinstance(asked, str):
        messages.append({"role": "user", "content": asked})
    else:
        messages += messages_of(as_list(asked))
    return {
        **tools_offered(body.get("tools")),
        semconv.LLM_INPUT_MESSAGES: to_json(messages),
    }


def _pending(response: Any) -> str | None:
    """The id of a response that runs in the background."""
    waiting = getattr(response, "status", None) in ("queued", "in_progress")
    return getattr(response, "id", None) if waiting else None


def polled_id(url: str) -> str | None:
    """The id in the URL of `responses.retrieve` and `responses.cancel`."""
    found = _POLL.match(url)
    return found[1] if found else None


def _endpoint(operation: str) -> Endpoint:
    return Endpoint(
        operation=operation,
        parameters=parameters_but("input", "instructions", "tools"),
        content=_content,
        answer=answer_of,
        reader=ResponseReader,
        pending=_pending,
    )


CREATE = _endpoint("responses")
COMPACT = _endpoint("responses.compact")
