"""Legacy text completions."""

from __future__ import annotations

from typing import Any

from catalyst_integrations.anthropic._blocks import Json, given
from catalyst_sdk import semconv
from catalyst_sdk.instrumentation.llm import Answer, to_json
from catalyst_sdk.instrumentation.stainless import Endpoint


def _parameters(body: Json) -> dict[str, Any]:
    kept = {name: value for name, value in given(body).items() if name not in ("model", "prompt")}
    return {semconv.LLM_INVOCATION_PARAMETERS: to_json(kept)} if kept else {}


def _content(body: Json) -> dict[str, Any]:
    messages = [{"role": "user", "content": body.get("prompt")}]
    return {semconv.LLM_INPUT_MESSAGES: to_json(messages)}


def _answer(completion: Any) -> Answer:
    return _Reader.of([completion]).answer()


class _Reader:
    """Adds up the pieces of one completion."""

    __slots__ = ("_last", "_text", "finished")

    def __init__(self) -> None:
        self.finished = False
        self._last: Any = None
        self._text: list[str] = []

    @classmethod
    def of(cls, pieces: list[Any]) -> _Reader:
        """Read all *pieces*."""
        reader = cls()
        for piece in pieces:
            reader(piece)
        return reader

    def __call__(self, piece: Any) -> None:
        self._last = piece
        self._text.append(piece.completion or "")
        self.finished = bool(piece.stop_reason)

    def answer(self) -> Answer:
        """The completion as far as it came."""
        if self._last is None:
            return Answer()
        return Answer(
            id=getattr(self._last, "id", None),
            model=self._last.model,
            messages=[{"role": "assistant", "content": "".join(self._text)}],
            finish_reason=self._last.stop_reason,
        )


ENDPOINT = Endpoint(
    operation="complete",
    parameters=_parameters,
    content=_content,
    answer=_answer,
    reader=_Reader,
)
