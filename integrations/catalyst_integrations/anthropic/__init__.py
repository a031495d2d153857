"""Trace the `anthropic` client: messages, sync and async, streamed and raw, on every platform."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from opentelemetry.trace import Tracer

from catalyst_sdk.instrumentation import Instrumentor, Wrapper

__all__ = ["AnthropicInstrumentor"]


class AnthropicInstrumentor(Instrumentor):
    """One LLM span for each request; the library's own span for it, where it has one, is off.

    `instrument(native_spans=True)` leaves the library's own spans (anthropic 1.15 and later) as
    they are and adds none, so that a request is never counted twice.
    """

    module = "anthropic"
    requires = ("anthropic>=0.40",)

    def wrappers(self, tracer: Tracer) -> Mapping[tuple[str, str], Wrapper]:
        """Wrap the client's one request method."""
        from catalyst_integrations.anthropic._endpoints import ENDPOINTS
        from catalyst_integrations.anthropic._provider import provider_and_system
        from catalyst_sdk.instrumentation.stainless import StainlessTracing

        if self.options.get("native_spans") and _has_native_spans():
            return {}
        tracing = StainlessTracing(
            "anthropic",
            tracer,
            ENDPOINTS,
            provider_and_system,
            capture_content=self.options.get("capture_content", True),
            overrides=_without_native_span,
            rebuilds_streams=_rebuilds_streams(),
            debug=self.options.get("debug", False),
        )
        return tracing.wrappers()


def _without_native_span(options: Any) -> Mapping[str, Any]:
    """Switch the library's own span off for this call: two would double the tokens."""
    return {"span_name": None} if getattr(options, "span_name", None) else {}


def _has_native_spans() -> bool:
    from anthropic._models import FinalRequestOptions

    return "span_name" in FinalRequestOptions.__annotations__


def _rebuilds_streams() -> bool:
    """Early versions' `messages.stream()` makes another stream from the response of ours."""
    from anthropic.lib.streaming import MessageStream

    return "response" in inspect.signature(MessageStream.__init__).parameters
