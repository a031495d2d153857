"""What a model sees of a conversation when it decides what to do next."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from catalyst_sdk.demo.provider import ChatRequest, Message

T = TypeVar("T")

_ORDER_ID = re.compile(r"AO-\d+")


class Step(msgspec.Struct, frozen=True):
    """A tool call the model made for the present question, with its result."""

    name: str
    arguments: str
    result: str

    @property
    def failed(self) -> bool:
        """Whether the tool said that it raised."""
        return self.result.startswith("Error")

    def data(self) -> dict[str, Any]:
        """Give the result as an object, {} when it is none."""
        try:
            return msgspec.json.decode(self.result, type=dict[str, Any])
        except msgspec.DecodeError:
            return {}


class Exchange:
    """One request, seen as the present question and what was done about it."""

    def __init__(self, request: ChatRequest) -> None:
        self._messages = request.messages
        self._tools = {tool.function.name: tool.function for tool in request.tools}
        last = max((i for i, m in enumerate(self._messages) if m.role == "user"), default=-1)
        self.question = self._messages[last].text if last >= 0 else ""
        self.steps = _steps(self._messages[last + 1 :])
        """Calls made for the present question, with their results."""

    @property
    def instructions(self) -> str:
        """The system prompt."""
        return "\n".join(m.text for m in self._messages if m.role in ("system", "developer"))

    @property
    def order_id(self) -> str:
        """The order number the customer gave last, "" when there was none."""
        said = (m.text for m in reversed(self._messages) if m.role == "user")
        found = (_ORDER_ID.search(text) for text in said)
        return next((match.group() for match in found if match), "")

    def description(self, tool: str) -> str:
        """How *tool* describes itself, its parameters included; "" when it is not offered."""
        offered = self._tools.get(tool)
        return msgspec.json.encode(offered).decode() if offered else ""

    def made(self, *tools: str) -> list[Step]:
        """Give the calls of *tools* made for the present question, in order."""
        return [step for step in self.steps if step.name in tools]

    def last(self, tool: str) -> Step | None:
        """Give the last call of *tool* in the whole conversation, None when there was none."""
        return next((step for step in reversed(_steps(self._messages)) if step.name == tool), None)

    def one_of(self, wordings: Sequence[T]) -> T:
        """Choose a wording, the same one for the same question."""
        return wordings[zlib.crc32(self.question.encode()) % len(wordings)]


def _steps(messages: Sequence[Message]) -> list[Step]:
    results = {m.tool_call_id: m.text for m in messages if m.role == "tool"}
    return [
        Step(call.function.name, call.function.arguments, results.get(call.id, ""))
        for message in messages
        for call in message.tool_calls or ()
    ]
