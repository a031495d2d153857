"""Gives the spans of other instrumentations (OpenTelemetry GenAI conventions) our names, too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from catalyst_sdk import semconv

_MARK = "gen_ai.operation.name"


def our_names(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes a GenAI span lacks to be read like ours; empty for any other span.

    What the span already says under our names is left as it is.
    """
    if _MARK not in attributes or semconv.SPAN_KIND in attributes:
        return {}
    from catalyst_sdk.spans import Span, facts, messages

    span = Span(trace_id="", span_id="", attributes=dict(attributes), start_ns=1, end_ns=2)
    known, said = facts(span), messages(span)
    tokens = {
        semconv.LLM_TOKENS_CACHE_READ: known.cache_read_tokens or None,
        semconv.LLM_TOKENS_CACHE_WRITE: known.cache_write_tokens or None,
        semconv.LLM_TOKENS_REASONING: known.reasoning_tokens or None,
        semconv.LLM_TOKENS_PROMPT: known.prompt_tokens,
        semconv.LLM_TOKENS_COMPLETION: known.completion_tokens,
        semconv.LLM_TOKENS_TOTAL: known.total_tokens,
    }
    named: dict[str, Any] = {
        semconv.LLM_TOOLS: _json([_tool(tool) for tool in said.tools]),
        semconv.LLM_INPUT_MESSAGES: _json([_message(m) for m in said.input_messages]),
        semconv.LLM_OUTPUT_MESSAGES: _json([_message(m) for m in said.output_messages]),
        **(tokens if known.has_usage else {}),
        semconv.LLM_FINISH_REASON: known.finish_reason or None,
        semconv.LLM_REQUEST_MODEL_NAME: known.request_model or None,
        semconv.LLM_PROVIDER: known.provider or None,
        semconv.LLM_MODEL_NAME: known.model or None,
        semconv.TOOL_NAME: known.tool_name or None,
        semconv.SPAN_KIND: known.kind,
    }
    missing = (name for name, value in named.items() if value is not None)
    return {name: named[name] for name in missing if name not in attributes}


def _json(items: list[dict[str, Any]]) -> str | None:
    return msgspec.json.encode(items).decode() if items else None


def _tool(tool: Any) -> dict[str, Any]:
    function = {"name": tool.name, "description": tool.description, "parameters": tool.schema}
    return {"type": "function", "function": {k: v for k, v in function.items() if v}}


def _message(message: Any) -> dict[str, Any]:
    results = [part for part in message.parts if part.type == "tool_result"]
    if results:
        return {"role": "tool", "tool_call_id": results[0].id, "content": results[0].text}
    calls = [part for part in message.parts if part.type == "tool_call"]
    rest = [_part(part) for part in message.parts if part.type != "tool_call"]
    plain = len(rest) == 1 and rest[0]["type"] == "text"
    found: dict[str, Any] = {"role": message.role, "content": rest[0]["text"] if plain else rest}
    if calls:
        found["tool_calls"] = [
            {"id": call.id, "function": {"name": call.name, "arguments": call.arguments}}
            for call in calls
        ]
    return found


def _part(part: Any) -> dict[str, Any]:
    return {"type": part.type, "text": part.text} | ({"mime": part.mime} if part.mime else {})
