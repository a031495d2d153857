"""What of a span's content may leave the process."""

from __future__ import annotations

from opentelemetry.sdk.trace import ReadableSpan


class ContentPolicy:
    """Placeholder until redaction lands in the next commit: everything may."""

    active = False

    def apply(self, span: ReadableSpan) -> ReadableSpan:
        """The span as it may leave."""
        return span
