"""The endpoints of the OpenAI API that answer with a model's work, by path."""

from __future__ import annotations

from catalyst_integrations.openai import _chat
from catalyst_sdk.instrumentation.stainless import Endpoints

ENDPOINTS: Endpoints = {
    "/chat/completions": _chat.ENDPOINT,
}
