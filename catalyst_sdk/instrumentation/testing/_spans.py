"""Collects ended spans from a provider of its own."""

from __future__ import annotations

import json
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider

from catalyst_sdk import semconv
from catalyst_sdk.instrumentation.llm import ClaimProcessor


class SpanCollector(SpanProcessor):
    """The spans that ended, in order; `provider` makes them."""

    def __init__(self) -> None:
        self.ended: list[ReadableSpan] = []
        self.provider = TracerProvider(shutdown_on_exit=False)
        self.provider.add_span_processor(ClaimProcessor())
        self.provider.add_span_processor(self)

    def on_end(self, span: ReadableSpan) -> None:
        """Keep *span*."""
        self.ended.append(span)

    def settled(self) -> list[ReadableSpan]:
        """The spans, after those of dropped streams were ended."""
        self.provider.force_flush()
        return list(self.ended)

    def only(self) -> ReadableSpan:
        """The one span there is; fails when there are none or several."""
        names = [span.name for span in self.settled()]
        assert len(names) == 1, f"expected one span, got {names}"
        return self.ended[0]

    def clear(self) -> None:
        """Forget the spans so far."""
        self.ended.clear()


def attributes_of(span: ReadableSpan) -> dict[str, Any]:
    """The attributes, with JSON strings decoded."""
    decoded = dict(span.attributes or {})
    for name in _JSON:
        if isinstance(text := decoded.get(name), str):
            decoded[name] = json.loads(text)
    return decoded


_JSON = (
    semconv.LLM_INPUT_MESSAGES,
    semconv.LLM_OUTPUT_MESSAGES,
    semconv.LLM_TOOLS,
    semconv.LLM_INVOCATION_PARAMETERS,
)
