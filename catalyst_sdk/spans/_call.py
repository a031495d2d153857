"""The columns of a model call: what was asked, offered and answered, and what is wrong with it."""

from __future__ import annotations

from typing import Any

import msgspec

from catalyst_sdk.spans._answer import Answer, digest_answer
from catalyst_sdk.spans._arguments import broken_argument
from catalyst_sdk.spans._conversation import Part
from catalyst_sdk.spans._json import Json, object_of, parsed, pick
from catalyst_sdk.spans._prompt import digest_text, digest_value
from catalyst_sdk.spans._refusal import is_refusal
from catalyst_sdk.spans._tools import Toolset

FINISH_REASONS: dict[str, str] = {
    **dict.fromkeys(
        ("stop", "end_turn", "stop_sequence", "eos", "eos_token", "complete", "completed", "done"),
        "stop",
    ),
    **dict.fromkeys(
        ("length", "max_tokens", "max_output_tokens", "model_length", "incomplete"), "length"
    ),
    **dict.fromkeys(
        ("tool_calls", "tool_call", "tool_use", "tool-calls", "function_call", "pause_turn"),
        "tool_calls",
    ),
    **dict.fromkeys(
        (
            "content_filter",
            "content-filter",
            "content_filtered",
            "guardrail_intervened",
            "refusal",
            "safety",
            "recitation",
            "blocklist",
            "prohibited_content",
            "spii",
        ),
        "content_filter",
    ),
}
"""Providers' words for why a model stopped, as OpenAI's four."""

_NO_ANSWER = Answer()

CALL_COLUMNS = (
    "message_count",
    "system_hash",
    "input_preview",
    "tools_offered",
    "output_preview",
    "output_empty",
    "finish_reason",
    "refused",
    "tools_called",
    "bad_call",
    "invalid_json",
)
"""What `model_call` gives, in its order."""


def model_call(
    asked: str,
    answered: str,
    *,
    system: Json,
    told: Json,
    offered: Toolset,
    wants_json: bool,
    well: bool,
) -> tuple[Any, ...]:
    """Give the columns of a model call from its recorded texts.

    *told* is the finish reason recorded beside the answer, *offered* the tools recorded beside
    the question; *well* says that the call ended without an error.
    """
    prompt = digest_value(parsed(asked), system) if system else digest_text(asked)
    tools = offered if offered.definitions else prompt.tools
    answer = digest_answer(answered) if answered else _NO_ANSWER
    finish = finish_reason(told or answer.finish_reason)
    refused = answer.refused or finish == "content_filter"
    called: list[str] = []
    bad_call, invalid = "", False
    if answer.calls:
        called = [call.name for call in answer.calls]
        bad_call = _bad_call(answer.calls, tools)
    elif answer.words:
        refused = refused or is_refusal(answer.words)
        invalid = well and wants_json and not _is_json(answer.words)
    return (
        prompt.message_count,
        prompt.system_hash,
        prompt.preview,
        tools.names,
        answer.preview,
        bool(answered) and well and answer.silent,
        finish,
        refused,
        called,
        bad_call,
        invalid,
    )


def finish_reason(told: Json) -> str:
    """Give the first of the recorded finish reasons in the common words."""
    if isinstance(told, str) and told in FINISH_REASONS:
        return FINISH_REASONS[told]
    told = parsed(told)
    if isinstance(told, list):
        told = next((reason for reason in told if reason), None)
    word = told.rpartition(".")[2].lower() if isinstance(told, str) else ""
    return FINISH_REASONS.get(word, word)


def wants_json(parameters: dict[str, Any]) -> bool:
    """Tell whether invocation parameters ask for structured output."""
    wanted: Json = parameters.get("response_format")
    if wanted is None:
        wanted = object_of(parameters.get("text")).get("format")
    if isinstance(wanted, dict):
        wanted = pick(wanted, "type")
    return wanted in ("json_object", "json_schema") or "response_schema" in parameters


def _bad_call(calls: list[Part], offered: Toolset) -> str:
    for call in calls:
        schema = offered.schema_of(call.name)
        if schema is not None:
            reason = broken_argument(call.arguments, schema)
            return f"{call.name}: {reason}" if reason else ""
    return ""


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return False
    return True
