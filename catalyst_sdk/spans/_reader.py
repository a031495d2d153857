"""What a format must offer to be read: recognise its JSON documents and give their spans."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from catalyst_sdk.spans._span import Span

Document = dict[str, Any]


class SpanReader(Protocol):
    """One format of JSON documents, each holding one span or many."""

    name: str

    def recognises(self, document: Document) -> bool:
        """Tell whether a document is of this format, by its keys."""
        ...

    def spans(self, document: Document) -> Iterator[Span | ValueError]:
        """Yield the document's spans; one that cannot be read as a ValueError with the reason."""
        ...
