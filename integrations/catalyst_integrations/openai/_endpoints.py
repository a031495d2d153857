"""The endpoints of the OpenAI API that answer with a model's work, by path."""

from __future__ import annotations

from catalyst_integrations.openai import (
    _audio,
    _chat,
    _completions,
    _embeddings,
    _images,
    _responses,
)
from catalyst_sdk.instrumentation.stainless import Endpoints

ENDPOINTS: Endpoints = {
    "/audio/speech": _audio.SPEAK,
    "/audio/transcriptions": _audio.TRANSCRIBE,
    "/audio/translations": _audio.TRANSLATE,
    "/chat/completions": _chat.ENDPOINT,
    "/completions": _completions.ENDPOINT,
    "/embeddings": _embeddings.ENDPOINT,
    "/images/edits": _images.EDIT,
    "/images/generations": _images.GENERATE,
    "/images/variations": _images.VARY,
    "/responses": _responses.CREATE,
    "/responses/compact": _responses.COMPACT,
}
