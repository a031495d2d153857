"""OpenInference: lists of objects flattened to one attribute a leaf.

Phoenix, Arize and the hosted Catalyst backend read it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.trace import ReadableSpan

from catalyst_sdk import semconv
from catalyst_sdk.export._copy import SpanCopy, attributes_of
from catalyst_sdk.export.dialects._compact import as_object, conversation, items_of, json_text

if TYPE_CHECKING:
    from catalyst_sdk.spans import Conversation, Message, Part

_JSON = "application/json"
_TEXT = "text/plain"
_MEDIA = frozenset({"image", "audio", "video"})
_DOCUMENT = {"page_content": "content", "text": "content", "doc_id": "id"}
_DOCUMENT_FIELDS = ("content", "id", "score", "metadata")

Pairs = Iterator[tuple[str, Any]]


def openinference(span: ReadableSpan) -> ReadableSpan:
    """Flatten messages, tools and documents."""
    attributes = attributes_of(span)
    said = conversation(attributes)
    documents = items_of(attributes.get(semconv.RETRIEVAL_DOCUMENTS))
    if said is None and not documents:
        return span
    if said is not None:
        _flatten(attributes, said)
    if documents:
        del attributes[semconv.RETRIEVAL_DOCUMENTS]
        attributes.update(_documents(documents))
    return SpanCopy(span, attributes=attributes)


def _flatten(attributes: dict[str, Any], said: Conversation) -> None:
    _set_values(attributes, said.output_messages)
    for key, messages in (
        (semconv.LLM_INPUT_MESSAGES, said.input_messages),
        (semconv.LLM_OUTPUT_MESSAGES, said.output_messages),
    ):
        if messages:
            del attributes[key]
            attributes.update(_messages(key, messages))
    tools = items_of(attributes.get(semconv.LLM_TOOLS))
    if tools:
        del attributes[semconv.LLM_TOOLS]
    for number, tool in enumerate(tools):
        attributes[f"{semconv.LLM_TOOLS}.{number}.tool.json_schema"] = json_text(tool)


def _set_values(attributes: dict[str, Any], output: Sequence[Message]) -> None:
    """`input.value` and `output.value`, which its readers show first."""
    sent = attributes.get(semconv.LLM_INPUT_MESSAGES)
    if sent is not None and semconv.INPUT_VALUE not in attributes:
        attributes[semconv.INPUT_VALUE] = sent
        attributes[semconv.INPUT_MIME_TYPE] = _JSON
    answered = attributes.get(semconv.LLM_OUTPUT_MESSAGES)
    if answered is not None and semconv.OUTPUT_VALUE not in attributes:
        only_text = len(output) == 1 and [part.type for part in output[0].parts] == ["text"]
        attributes[semconv.OUTPUT_VALUE] = output[0].text if only_text else answered
        attributes[semconv.OUTPUT_MIME_TYPE] = _TEXT if only_text else _JSON


def _messages(prefix: str, messages: Sequence[Message]) -> Pairs:
    for number, message in enumerate(messages):
        base = f"{prefix}.{number}.message."
        yield f"{base}role", message.role
        content = [part for part in message.parts if part.type != "tool_call"]
        if len(content) == 1 and content[0].type in ("text", "refusal", "tool_result"):
            yield f"{base}content", content[0].text
        else:
            for place, part in enumerate(content):
                yield from _content(f"{base}contents.{place}.message_content.", part)
        for part in content:
            if part.type == "tool_result":
                yield f"{base}tool_call_id", part.id
        for place, call in enumerate(message.tool_calls):
            yield from _call(f"{base}tool_calls.{place}.tool_call.", call)


def _content(base: str, part: Part) -> Pairs:
    if part.type in _MEDIA:
        yield f"{base}type", part.type
        yield f"{base}{part.type}.{part.type}.url", part.text
        return
    yield f"{base}type", "reasoning" if part.type == "reasoning" else "text"
    yield f"{base}text", part.text


def _call(base: str, part: Part) -> Pairs:
    if part.id:
        yield f"{base}id", part.id
    yield f"{base}function.name", part.name
    yield f"{base}function.arguments", part.arguments


def _documents(documents: Sequence[Any]) -> Pairs:
    for number, item in enumerate(documents):
        document = as_object(item, {"content": item})
        for key, value in as_object(document.get("document"), document).items():
            name = key.removeprefix("document.")
            name = _DOCUMENT.get(name, name)
            if name in _DOCUMENT_FIELDS and value is not None:
                plain = isinstance(value, (str, int, float))
                base = f"{semconv.RETRIEVAL_DOCUMENTS}.{number}.document."
                yield base + name, value if plain else json_text(value)
