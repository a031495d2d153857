"""What a generator yielded, as one bounded output."""

from __future__ import annotations

from catalyst_sdk import semconv
from catalyst_sdk.tracing._encode import JSON, MAX_CHARS, content, encode_json

_MAX_ITEMS = 1000


class Collected:
    """Texts are joined as one text, any other items make a JSON list."""

    __slots__ = ("_chars", "_dropped", "_items", "_texts")

    def __init__(self) -> None:
        self._texts = True
        self._items: list[str] = []
        self._chars = 0
        self._dropped = 0

    def add(self, item: object) -> None:
        """Take one item; nothing of it is kept but text."""
        if self._texts and type(item) is not str:
            self._texts = False
            self._items = [encode_json(text) for text in self._items[:_MAX_ITEMS]]
        if self._chars > MAX_CHARS or (not self._texts and len(self._items) >= _MAX_ITEMS):
            self._dropped += 1
            return
        text = item if self._texts and isinstance(item, str) else encode_json(item)
        self._items.append(text)
        self._chars += len(text) + 8

    def output(self, result: object = None) -> dict[str, str]:
        """Give the output attributes; *result* stands when nothing was yielded."""
        if not self._items:
            return content(semconv.OUTPUT_VALUE, [] if result is None else result)
        more = f"… {self._dropped} more" if self._dropped else ""
        if self._texts:
            return content(semconv.OUTPUT_VALUE, "".join(self._items) + more)
        items = [*self._items, encode_json(more)] if more else self._items
        return {semconv.OUTPUT_VALUE: f"[{','.join(items)}]", semconv.OUTPUT_MIME_TYPE: JSON}
