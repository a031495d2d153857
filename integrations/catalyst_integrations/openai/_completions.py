"""Legacy completions: a prompt in, text out."""

from __future__ import annotations

from typing import Any

from catalyst_integrations.openai._request import Body, parameters_but
from catalyst_integrations.openai._usage import completion_usage
from catalyst_sdk import semconv
from catalyst_sdk.instrumentation.llm import Answer, as_list, to_json
from catalyst_sdk.instrumentation.stainless import Endpoint


def _content(body: Body) -> dict[str, Any]:
    prompt = body.get("prompt")
    prompts = as_list(prompt)
    if not prompts or isinstance(prompts[0], int):  # one text, or one as token ids
        prompts = [prompt]
    messages = [{"role": "user", "content": text} for text in prompts]
    return {semconv.LLM_INPUT_MESSAGES: to_json(messages)}


def _answer(completion: Any) -> Answer:
    choices = getattr(completion, "choices", None) or ()
    return Answer(
        id=getattr(completion, "id", None),
        model=getattr(completion, "model", None),
        messages=[_message(choice.text) for choice in choices],
        finish_reason=choices[0].finish_reason if choices else None,
        usage=completion_usage(getattr(completion, "usage", None)),
    )


def _message(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


class _CompletionReader:
    """Adds up the chunks of one completion."""

    __slots__ = ("_finish_reason", "_first", "_texts", "_usage", "finished")

    def __init__(self) -> None:
        self.finished = False
        self._first: Any = None
        self._texts: dict[int, list[str]] = {}
        self._finish_reason: str | None = None
        self._usage: Any = None

    def __call__(self, chunk: Any) -> None:
        if chunk.usage is not None:
            self._usage = chunk.usage
        if self._first is None:
            self._first = chunk
        for choice in chunk.choices or ():
            self._texts.setdefault(choice.index, []).append(choice.text or "")
            if choice.finish_reason:
                self._finish_reason = choice.finish_reason
                self.finished = True

    def answer(self) -> Answer:
        """The completion as far as it came."""
        return Answer(
            id=getattr(self._first, "id", None),
            model=getattr(self._first, "model", None),
            messages=[_message("".join(self._texts[index])) for index in sorted(self._texts)],
            finish_reason=self._finish_reason,
            usage=completion_usage(self._usage),
        )


ENDPOINT = Endpoint(
    operation="text_completion",
    parameters=parameters_but("prompt"),
    content=_content,
    answer=_answer,
    reader=_CompletionReader,
)
