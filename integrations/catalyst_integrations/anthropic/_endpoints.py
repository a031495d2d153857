"""The endpoints of the Anthropic API that answer with a model's work, by path."""

from __future__ import annotations

from catalyst_integrations.anthropic import _batches, _complete, _messages
from catalyst_sdk.instrumentation.stainless import Endpoints

ENDPOINTS: Endpoints = {
    "/v1/messages": _messages.ENDPOINT,
    "/v1/messages/batches": _batches.ENDPOINT,
    "/v1/complete": _complete.ENDPOINT,
}
"""`?beta=true` makes no difference: paths are looked up without their query too."""
