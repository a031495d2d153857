"""Audio: speech to text and text to speech. Recordings are described, not kept."""

from __future__ import annotations

from typing import Any

from catalyst_integrations.openai._request import parameters_but, prompt_content
from catalyst_integrations.openai._usage import response_usage
from catalyst_sdk.instrumentation.llm import Answer, digest
from catalyst_sdk.instrumentation.stainless import Endpoint, WholeReader, member


def _text_answer(response: Any) -> Answer:
    """A transcription: JSON, or the text itself in one of its formats."""
    text = response if isinstance(response, str) else getattr(response, "text", None)
    return Answer(
        messages=[{"role": "assistant", "content": text}],
        usage=response_usage(member(response, "usage")),
    )


class _TranscriptReader(WholeReader):
    """Adds up the pieces of a transcript, until the last event carries it whole."""

    __slots__ = ("_pieces",)

    def __init__(self) -> None:
        super().__init__(_text_answer, last=("transcript.text.done",))
        self._pieces: list[str] = []

    def __call__(self, chunk: Any) -> None:
        super().__call__(chunk)
        if chunk.type == "transcript.text.delta":
            self._pieces.append(chunk.delta)

    def answer(self) -> Answer:
        """The transcript as far as it came."""
        if self.finished or not self._pieces:
            return super().answer()
        return _text_answer("".join(self._pieces))


def _speech_answer(response: Any) -> Answer:
    """Speech: its bytes, or their number where the program reads them itself."""
    data = getattr(response, "content", None)
    if isinstance(data, bytes):
        mime = response.response.headers.get("content-type")
        audio = digest(data, mime)
    else:
        audio = {"mime": response.content_type, "bytes": response.size}
    return Answer(messages=[{"role": "assistant", "content": [{"type": "audio", "audio": audio}]}])


def _to_text(operation: str) -> Endpoint:
    return Endpoint(
        operation=operation,
        parameters=parameters_but("prompt"),
        content=prompt_content,
        answer=_text_answer,
        reader=_TranscriptReader,
    )


TRANSCRIBE = _to_text("transcription")
TRANSLATE = _to_text("translation")
SPEAK = Endpoint(
    operation="speech",
    parameters=parameters_but("input"),
    content=prompt_content,
    answer=_speech_answer,
    reader=lambda: WholeReader(_speech_answer),
)
