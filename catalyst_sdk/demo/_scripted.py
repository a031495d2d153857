"""The scripted model on its own, for examples and tests that need somebody to talk to."""

from __future__ import annotations

from catalyst_sdk.demo.model import answer
from catalyst_sdk.demo.provider import ScriptedProvider


def scripted_model() -> ScriptedProvider:
    """Give a provider to use in a `with` block; its `base_url` is what a client is pointed at."""
    return ScriptedProvider(answer)
