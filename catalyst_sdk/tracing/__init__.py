"""Spans around the user's own code, who is at work in them, and what of them is captured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalyst_sdk.tracing._api import agent_span, trace_span
from catalyst_sdk.tracing._identity import (
    Agent,
    AttributeValue,
    Identity,
    current_agent,
    current_identity,
    identity_of,
    with_identity,
)
from catalyst_sdk.tracing._scope import SpanScope
from catalyst_sdk.tracing._scoped_identity import attributes
from catalyst_sdk.tracing._span import TracedSpan, current_span
from catalyst_sdk.tracing._threads import propagate

if TYPE_CHECKING:
    from catalyst_sdk.tracing._processor import IdentityProcessor

__all__ = [
    "Agent",
    "AttributeValue",
    "Identity",
    "IdentityProcessor",
    "SpanScope",
    "TracedSpan",
    "agent_span",
    "attributes",
    "current_agent",
    "current_identity",
    "current_span",
    "identity_of",
    "propagate",
    "trace_span",
    "with_identity",
]


def __getattr__(name: str) -> Any:
    # It needs OpenTelemetry's SDK, which decorators alone do without.
    if name == "IdentityProcessor":
        from catalyst_sdk.tracing._processor import IdentityProcessor

        return IdentityProcessor
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
