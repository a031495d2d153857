"""What goes into and comes out of a run, as plain data a person can read."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, cast

from catalyst_sdk.instrumentation.langchain_callbacks._messages import message_object
from catalyst_sdk.instrumentation.llm import as_object

_SCALARS = (str, int, float, bool, type(None))
_MOST_DEPTH = 8
_MOST_ITEMS = 10_000
_SCORES = ("score", "relevance_score", "similarity_score", "_score")


class Payloads:
    """Reads values that hold LangChain's own objects; made once the library is imported."""

    def __init__(self) -> None:
        from langchain_core.documents import Document
        from langchain_core.messages import BaseMessage
        from langchain_core.prompt_values import PromptValue

        self._message: type = BaseMessage
        self._document: type = Document
        self._prompt: type = PromptValue

    def is_message(self, value: Any) -> bool:
        """Tell whether *value* is a message."""
        return isinstance(value, self._message)

    def plain(self, value: Any, depth: int = 0) -> Any:
        """Replace messages, documents and states by plain data; all else stays as it is."""
        if isinstance(value, _SCALARS):
            return value
        if isinstance(value, self._message):
            return message_object(value)
        if depth >= _MOST_DEPTH:
            return value
        if isinstance(value, Mapping):
            return self._mapping(cast("Mapping[Any, Any]", value).items(), depth)
        if isinstance(value, list | tuple):
            return self._sequence(cast("Sequence[Any]", value), depth)
        if isinstance(value, self._document):
            return document_object(value)
        if isinstance(value, self._prompt):
            return [message_object(message) for message in cast("Any", value).to_messages()]
        if isinstance(value, type):
            return value
        if dataclasses.is_dataclass(value):
            return self._mapping(_told(value), depth)
        if (fields := getattr(type(value), "__pydantic_fields__", None)) is not None:
            held = vars(value).items()
            shown = ((k, v) for k, v in held if getattr(fields.get(k), "repr", True))
            return self._mapping(shown, depth)
        return value

    def _mapping(self, pairs: Any, depth: int) -> dict[Any, Any]:
        return {key: self.plain(value, depth + 1) for key, value in pairs}

    def _sequence(self, values: Sequence[Any], depth: int) -> Any:
        if not values or isinstance(values[0], _SCALARS) or len(values) > _MOST_ITEMS:
            return values
        return [self.plain(value, depth + 1) for value in values]


def document_object(document: Any) -> dict[str, Any]:
    """Read one document; its score is where retrievers put it, among the metadata."""
    metadata = as_object(document.metadata)
    fields: dict[str, Any] = {"content": document.page_content}
    if (document_id := getattr(document, "id", None)) is not None:
        fields["id"] = document_id
    for name in _SCORES:
        score = metadata.get(name)
        if isinstance(score, int | float):
            fields["score"] = float(score)
            break
        if (item := getattr(score, "item", None)) is not None:  # a number of numpy's
            fields["score"] = item()
            break
    if metadata:
        fields["metadata"] = dict(metadata)
    return fields


def _told(value: Any) -> list[tuple[str, Any]]:
    """The fields of a dataclass that say something."""
    fields = [(f.name, getattr(value, f.name, None)) for f in dataclasses.fields(value) if f.repr]
    return [(name, held) for name, held in fields if held is not None and held != ()]
