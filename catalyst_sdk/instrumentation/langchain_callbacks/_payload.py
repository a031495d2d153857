"""What goes into and comes out of a run, as plain data a person can read."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
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

    def plain(self, value: Any) -> Any:
        """Replace messages, documents and states by plain data; all else stays as it is."""
        return value if isinstance(value, str) else _Copy(self).value(value, 0)

    def convert(self, value: Any) -> tuple[bool, Any]:
        """Read one of LangChain's own objects; whether it was one."""
        if isinstance(value, self._message):
            return True, message_object(value)
        if isinstance(value, self._document):
            return True, document_object(value)
        if isinstance(value, self._prompt):
            prompt: Any = value
            return True, [message_object(message) for message in prompt.to_messages()]
        return False, value


class _Copy:
    """One copy under way. What is too deep or too much is left for the encoder to cut."""

    def __init__(self, payloads: Payloads) -> None:
        self._convert = payloads.convert
        self._left = _MOST_ITEMS

    def value(self, value: Any, depth: int) -> Any:
        if isinstance(value, _SCALARS) or depth >= _MOST_DEPTH or self._left < 0:
            return value
        if isinstance(value, dict):
            return self._mapping(cast("dict[Any, Any]", value).items(), depth)
        if isinstance(value, list | tuple):
            return self._sequence(cast("Sequence[Any]", value), depth)
        known, converted = self._convert(value)
        if known or isinstance(value, type):
            return converted
        if isinstance(value, Mapping):  # last: asking an abstract class is slow
            return self._mapping(cast("Mapping[Any, Any]", value).items(), depth)
        if dataclasses.is_dataclass(value):
            return self._mapping(_told(value), depth)
        fields = _pydantic_fields(value)
        return value if fields is None else self._mapping(fields, depth)

    def _mapping(self, pairs: Collection[tuple[Any, Any]], depth: int) -> dict[Any, Any]:
        self._left -= len(pairs)
        return {key: self.value(value, depth + 1) for key, value in pairs}

    def _sequence(self, values: Sequence[Any], depth: int) -> Any:
        if not values or isinstance(values[0], _SCALARS):
            return values
        self._left -= len(values)
        return values if self._left < 0 else [self.value(value, depth + 1) for value in values]


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


def _pydantic_fields(value: Any) -> list[tuple[str, Any]] | None:
    """The fields of a pydantic object, but those its author does not show."""
    fields: Mapping[str, Any] | None = getattr(value, "__pydantic_fields__", None)
    if fields is None:
        return None
    held: dict[str, Any] = value.__dict__
    return [(k, v) for k, v in held.items() if getattr(fields.get(k), "repr", True)]


def _told(value: Any) -> list[tuple[str, Any]]:
    """The fields of a dataclass that say something."""
    fields = [(f.name, getattr(value, f.name, None)) for f in dataclasses.fields(value) if f.repr]
    return [(name, held) for name, held in fields if held is not None and held != ()]
