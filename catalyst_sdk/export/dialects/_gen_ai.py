"""OpenTelemetry's GenAI semantic conventions: messages made of parts, `gen_ai.*` names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from opentelemetry.sdk.trace import ReadableSpan

from catalyst_sdk import semconv
from catalyst_sdk.export._copy import SpanCopy, attributes_of
from catalyst_sdk.export.dialects._compact import conversation, json_text

if TYPE_CHECKING:
    from catalyst_sdk.spans import Message, Part, ToolDefinition

_OPERATIONS = {
    "LLM": "chat",
    "EMBEDDING": "embeddings",
    "TOOL": "execute_tool",
    "AGENT": "invoke_agent",
    "RETRIEVER": "retrieval",
    "CHAIN": "invoke_workflow",
}
_RENAMED = {
    semconv.LLM_REQUEST_MODEL_NAME: "gen_ai.request.model",
    semconv.LLM_RESPONSE_ID: "gen_ai.response.id",
    semconv.LLM_TOKENS_PROMPT: "gen_ai.usage.input_tokens",
    semconv.LLM_TOKENS_COMPLETION: "gen_ai.usage.output_tokens",
    semconv.LLM_TOKENS_CACHE_READ: "gen_ai.usage.cache_read.input_tokens",
    semconv.LLM_TOKENS_CACHE_WRITE: "gen_ai.usage.cache_creation.input_tokens",
    semconv.LLM_TOKENS_REASONING: "gen_ai.usage.reasoning.output_tokens",
    semconv.AGENT_NAME: "gen_ai.agent.name",
    semconv.AGENT_ID: "gen_ai.agent.id",
    semconv.AGENT_ROLE: "gen_ai.agent.description",
    semconv.TOOL_NAME: "gen_ai.tool.name",
    semconv.TOOL_DESCRIPTION: "gen_ai.tool.description",
    semconv.TOOL_CALL_ID: "gen_ai.tool.call.id",
}
_PROVIDERS = {
    "azure": "azure.ai.openai",
    "azure_openai": "azure.ai.openai",
    "bedrock": "aws.bedrock",
    "aws": "aws.bedrock",
    "google": "gcp.gemini",
    "gemini": "gcp.gemini",
    "vertexai": "gcp.vertex_ai",
    "vertex_ai": "gcp.vertex_ai",
    "mistral": "mistral_ai",
    "mistralai": "mistral_ai",
    "xai": "x_ai",
    "watsonx": "ibm.watsonx.ai",
}
"""Ours to the conventions' well-known values; others are the same in both."""
_PARAMETERS = {
    "temperature": "gen_ai.request.temperature",
    "top_p": "gen_ai.request.top_p",
    "top_k": "gen_ai.request.top_k",
    "max_tokens": "gen_ai.request.max_tokens",
    "max_completion_tokens": "gen_ai.request.max_tokens",
    "max_output_tokens": "gen_ai.request.max_tokens",
    "frequency_penalty": "gen_ai.request.frequency_penalty",
    "presence_penalty": "gen_ai.request.presence_penalty",
    "seed": "gen_ai.request.seed",
    "stop": "gen_ai.request.stop_sequences",
    "stop_sequences": "gen_ai.request.stop_sequences",
    "n": "gen_ai.request.choice.count",
}
Attributes = dict[str, Any]


def gen_ai(span: ReadableSpan) -> ReadableSpan:
    """Rename what has a `gen_ai.*` name; the rest, the kind among it, stays."""
    attributes = attributes_of(span)
    kind = attributes.get(semconv.SPAN_KIND)
    if kind is None or "gen_ai.operation.name" in attributes:
        return span
    if kind in _OPERATIONS:
        attributes["gen_ai.operation.name"] = _OPERATIONS[kind]
    _set_model(attributes)
    _set_conversation(attributes)
    for reshape in _BY_KIND.get(kind, ()):
        reshape(attributes)
    if semconv.SESSION_ID in attributes:  # stays too: it is OpenTelemetry's own name
        attributes["gen_ai.conversation.id"] = attributes[semconv.SESSION_ID]
    for ours, theirs in _RENAMED.items():
        if ours in attributes:
            attributes[theirs] = attributes.pop(ours)
    return SpanCopy(span, attributes=attributes)


def _set_model(attributes: Attributes) -> None:
    system = attributes.pop(semconv.LLM_SYSTEM, None)
    provider = attributes.pop(semconv.LLM_PROVIDER, None) or system
    if provider:
        attributes["gen_ai.provider.name"] = _PROVIDERS.get(provider, provider)
    model = attributes.pop(semconv.LLM_MODEL_NAME, None)
    if model:
        attributes.setdefault(semconv.LLM_REQUEST_MODEL_NAME, model)
        attributes["gen_ai.response.model"] = model
    finish = attributes.pop(semconv.LLM_FINISH_REASON, None)
    if finish:
        attributes["gen_ai.response.finish_reasons"] = [finish]
    first = attributes.pop(semconv.LLM_TIME_TO_FIRST_TOKEN_MS, None)
    if first is not None:
        attributes["gen_ai.response.time_to_first_chunk"] = first / 1000
    _set_parameters(attributes)


def _set_parameters(attributes: Attributes) -> None:
    text = attributes.get(semconv.LLM_INVOCATION_PARAMETERS)
    try:
        parameters = msgspec.json.decode(text, type=dict[str, Any]) if text else {}
    except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError, TypeError):
        return
    for ours, theirs in _PARAMETERS.items():
        value = parameters.get(ours)
        if theirs.endswith("stop_sequences") and isinstance(value, str):
            value = [value]
        if value is not None:
            attributes[theirs] = value


def _set_conversation(attributes: Attributes) -> None:
    said = conversation(attributes)
    if said is None:
        return
    if said.input_messages:
        del attributes[semconv.LLM_INPUT_MESSAGES]
        attributes["gen_ai.input.messages"] = json_text([*map(_message, said.input_messages)])
    if said.output_messages:
        del attributes[semconv.LLM_OUTPUT_MESSAGES]
        reasons: Sequence[str] = attributes.get("gen_ai.response.finish_reasons", [""])
        attributes["gen_ai.output.messages"] = json_text(
            [_answer(message, reasons[0]) for message in said.output_messages]
        )
    if said.tools:
        del attributes[semconv.LLM_TOOLS]
        attributes["gen_ai.tool.definitions"] = json_text([*map(_tool, said.tools)])


def _message(message: Message) -> Attributes:
    return {"role": message.role, "parts": [_PARTS.get(p.type, _text)(p) for p in message.parts]}


def _answer(message: Message, reason: str) -> Attributes:
    return {**_message(message), "finish_reason": message.finish_reason or reason}


def _tool(tool: ToolDefinition) -> Attributes:
    return {
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.schema,
    }


def _text(part: Part) -> Attributes:
    return {"type": "text", "content": part.text}


def _reasoning(part: Part) -> Attributes:
    return {"type": "reasoning", "content": part.text}


def _tool_call(part: Part) -> Attributes:
    return {
        "type": "tool_call",
        "id": part.id or None,
        "name": part.name,
        "arguments": _json_or_text(part.arguments),
    }


def _tool_response(part: Part) -> Attributes:
    return {
        "type": "tool_call_response",
        "id": part.id or None,
        "response": _json_or_text(part.text),
    }


def _media(part: Part) -> Attributes:
    held = {"modality": part.type, "mime_type": part.mime or None}
    if part.text:
        return {"type": "uri", **held, "uri": part.text}
    return {"type": "blob", **held, "content": ""}


def _json_or_text(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return text


_PARTS: dict[str, Callable[[Part], Attributes]] = {
    "text": _text,
    "reasoning": _reasoning,
    "tool_call": _tool_call,
    "tool_result": _tool_response,
    "image": _media,
    "audio": _media,
    "video": _media,
    "file": _media,
}


def _tool_values(attributes: Attributes) -> None:
    attributes["gen_ai.tool.type"] = "function"
    _move(attributes, semconv.INPUT_VALUE, "gen_ai.tool.call.arguments", semconv.INPUT_MIME_TYPE)
    _move(attributes, semconv.OUTPUT_VALUE, "gen_ai.tool.call.result", semconv.OUTPUT_MIME_TYPE)
    parameters = attributes.pop(semconv.TOOL_PARAMETERS, None)
    if parameters is not None:
        attributes.setdefault("gen_ai.tool.call.arguments", parameters)


def _agent_values(attributes: Attributes) -> None:
    """An agent's input and output are one message each."""
    _move(attributes, semconv.INPUT_VALUE, "gen_ai.input.messages", semconv.INPUT_MIME_TYPE)
    _move(attributes, semconv.OUTPUT_VALUE, "gen_ai.output.messages", semconv.OUTPUT_MIME_TYPE)
    for key, more in _OF_AGENTS.items():
        said = attributes.get(key)
        if isinstance(said, str):
            attributes[key] = json_text([{**more, "parts": [{"type": "text", "content": said}]}])


_OF_AGENTS: dict[str, Attributes] = {
    "gen_ai.input.messages": {"role": "user"},
    "gen_ai.output.messages": {"role": "assistant", "finish_reason": ""},
}


def _move(attributes: Attributes, ours: str, theirs: str, mime: str) -> None:
    if ours in attributes:
        attributes[theirs] = attributes.pop(ours)
        attributes.pop(mime, None)


_BY_KIND: dict[str, tuple[Callable[[Attributes], None], ...]] = {
    "TOOL": (_tool_values,),
    "AGENT": (_agent_values,),
}
