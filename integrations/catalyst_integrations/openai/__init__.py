"""Trace the `openai` client: every model endpoint, sync and async, streamed and raw."""

from __future__ import annotations

from collections.abc import Mapping

from opentelemetry.trace import Tracer

from catalyst_sdk.instrumentation import Instrumentor, Wrapper

__all__ = ["OpenAIInstrumentor"]


class OpenAIInstrumentor(Instrumentor):
    """One LLM (or EMBEDDING) span for each request, Azure and compatible servers included."""

    module = "openai"
    requires = ("openai>=1.66",)

    def wrappers(self, tracer: Tracer) -> Mapping[tuple[str, str], Wrapper]:
        """Wrap the client's one request method."""
        from catalyst_integrations.openai._endpoints import ENDPOINTS
        from catalyst_integrations.openai._provider import provider_and_system
        from catalyst_integrations.openai._responses import polled_id
        from catalyst_sdk.instrumentation.stainless import StainlessTracing

        tracing = StainlessTracing(
            "openai",
            tracer,
            ENDPOINTS,
            provider_and_system,
            polled_id=polled_id,
            capture_content=self.options.get("capture_content", True),
            debug=self.options.get("debug", False),
        )
        return tracing.wrappers()
