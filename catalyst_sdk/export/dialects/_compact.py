"""Reading the compact form: messages and tools are each one JSON string."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import msgspec

from catalyst_sdk import semconv
from catalyst_sdk.export._forks import import_unforked

if TYPE_CHECKING:
    from catalyst_sdk.spans import Conversation

_CONVERSATION = (semconv.LLM_INPUT_MESSAGES, semconv.LLM_OUTPUT_MESSAGES, semconv.LLM_TOOLS)


def conversation(attributes: dict[str, Any]) -> Conversation | None:
    """The model call these attributes hold in the compact form, if they do."""
    held = {key: attributes[key] for key in _CONVERSATION if isinstance(attributes.get(key), str)}
    if not held:
        return None
    spans = import_unforked("catalyst_sdk.spans")  # not by `init`
    return spans.messages(spans.Span(trace_id="", span_id="", attributes=held))


def items_of(text: object) -> list[Any]:
    """The items of a JSON array, none when *text* is something else."""
    if not isinstance(text, str):
        return []
    try:
        items = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return []
    return cast("list[Any]", items) if isinstance(items, list) else []


def as_object(value: Any, otherwise: dict[str, Any]) -> dict[str, Any]:
    """*value* if it is an object."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else otherwise


def json_text(value: Any) -> str:
    """Compact JSON."""
    return msgspec.json.encode(value).decode()
