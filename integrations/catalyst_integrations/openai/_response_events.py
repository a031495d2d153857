"""Reading the events of one response as they stream."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from catalyst_integrations.openai._items import messages_of
from catalyst_integrations.openai._response_answer import answer_of
from catalyst_sdk.instrumentation.llm import Answer
from catalyst_sdk.instrumentation.stainless import member


class _Item:
    """One output item of a stream, growing."""

    __slots__ = ("added", "arguments", "done", "reasoning", "text")

    def __init__(self) -> None:
        self.added: Any = None
        self.done: Any = None
        self.text: list[str] = []
        self.arguments: list[str] = []
        self.reasoning: list[str] = []

    def so_far(self) -> Any:
        """The item whole, or the part of it that came."""
        if self.done is not None:
            return self.done
        if getattr(self.added, "type", None) == "function_call":
            return {
                "type": "function_call",
                "call_id": self.added.call_id,
                "name": self.added.name,
                "arguments": "".join(self.arguments),
            }
        if self.reasoning:
            return {"type": "reasoning", "summary": [{"text": "".join(self.reasoning)}]}
        return {"type": "message", "role": "assistant", "content": "".join(self.text)}


class _Progress:
    """What the events of one response have said."""

    __slots__ = ("created", "error", "final", "items")

    def __init__(self) -> None:
        self.created: Any = None
        self.final: Any = None
        self.error: str | None = None
        self.items: dict[int, _Item] = {}

    def item(self, event: Any) -> _Item:
        index = event.output_index
        item = self.items.get(index)
        if item is None:
            item = self.items[index] = _Item()
        return item


def _created(progress: _Progress, event: Any) -> None:
    progress.created = member(event, "response")


def _final(progress: _Progress, event: Any) -> None:
    progress.final = member(event, "response")


def _error(progress: _Progress, event: Any) -> None:
    progress.error = f"{event.code}: {event.message}"


def _item_added(progress: _Progress, event: Any) -> None:
    progress.item(event).added = member(event, "item")


def _item_done(progress: _Progress, event: Any) -> None:
    progress.item(event).done = member(event, "item")


def _text(progress: _Progress, event: Any) -> None:
    progress.item(event).text.append(event.delta)


def _arguments(progress: _Progress, event: Any) -> None:
    progress.item(event).arguments.append(event.delta)


def _reasoning(progress: _Progress, event: Any) -> None:
    progress.item(event).reasoning.append(event.delta)


_EVENTS: dict[str, Callable[[_Progress, Any], None]] = {
    "error": _error,
    "response.completed": _final,
    "response.created": _created,
    "response.failed": _final,
    "response.function_call_arguments.delta": _arguments,
    "response.incomplete": _final,
    "response.output_item.added": _item_added,
    "response.output_item.done": _item_done,
    "response.output_text.delta": _text,
    "response.reasoning_summary_text.delta": _reasoning,
    "response.reasoning_text.delta": _reasoning,
}


class ResponseReader:
    """Follows the events of one response; the last of them carries it whole."""

    __slots__ = ("_progress",)

    def __init__(self) -> None:
        self._progress = _Progress()

    @property
    def finished(self) -> bool:
        """Whether the last event has come."""
        return self._progress.final is not None

    def __call__(self, event: Any) -> None:
        if getattr(event, "type", None) is None:  # openai 1.66 hands errors over in an envelope
            event = member(event, "data")
        take = _EVENTS.get(event.type)
        if take is not None:
            take(self._progress, event)

    def answer(self) -> Answer:
        """The response as far as it came."""
        progress = self._progress
        if progress.final is not None:
            return answer_of(progress.final)
        items = [progress.items[index].so_far() for index in sorted(progress.items)]
        return Answer(
            id=getattr(progress.created, "id", None),
            model=getattr(progress.created, "model", None),
            messages=messages_of(items),
            error=progress.error,
        )
