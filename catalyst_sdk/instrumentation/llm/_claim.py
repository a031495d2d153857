"""Who bills: of the model spans stacked over one request, the innermost with usage has the tokens.

Every LLM-ish span puts a `Claim` below itself in the OpenTelemetry context, holding the claim of
the span above.
"""

from __future__ import annotations

from opentelemetry import context as otel
from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor

from catalyst_sdk import semconv
from catalyst_sdk.instrumentation._boundary import report_failure
from catalyst_sdk.instrumentation.llm._live import end_open_calls, settle_dropped

_KEY = otel.create_key("catalyst-claim")
_OWN_SCOPES = ("catalyst_sdk", "catalyst_integrations")
_OPERATIONS = frozenset({"chat", "text_completion", "generate_content", "embeddings"})
_MOST_OPEN = 10_000
_USAGE = ("gen_ai.usage.", "llm.token_count.")


class Claim:
    """One model span's say in who writes the tokens of a request."""

    __slots__ = ("cached", "inner", "inner_wrote", "parent", "retries", "wrote")

    def __init__(self, parent: Claim | None = None) -> None:
        self.parent = parent
        self.inner = 0
        """Model spans started directly below."""
        self.inner_wrote = False
        self.wrote = False
        self.cached = False
        """The answer came out of a cache: its usage was billed before."""
        self.retries = 0

    def may_write_tokens(self) -> bool:
        """Whether the span that owns this claim, ending with usage, is the one to write it."""
        if self.inner_wrote or self.cached:
            return False
        above = self.parent
        while above is not None:
            if above.wrote:  # it ended first
                return False
            above = above.parent
        self.wrote = True
        self.settle_above()
        return True

    def settle_above(self) -> None:
        """Tell every span above that the tokens are written."""
        above = self.parent
        while above is not None:
            above.inner_wrote = True
            above = above.parent


def current_claim(context: Context | None = None) -> Claim | None:
    """The claim of the enclosing model span."""
    return otel.get_value(_KEY, context)  # pyright: ignore[reportReturnType] - only we write it


def open_claim(context: Context) -> tuple[Claim, Context]:
    """A claim for a span about to start in *context*, and the context to run below it."""
    parent = current_claim(context)
    if parent is not None:
        parent.inner += 1
    claim = Claim(parent)
    return claim, otel.set_value(_KEY, claim, context)


class ClaimProcessor(SpanProcessor):
    """Lets foreign model spans (a provider's own tracing, other instrumentors) settle claims.

    Register it before the exporters' processors: on flush and shutdown it ends what streams left.
    """

    def __init__(self) -> None:
        self._open: dict[int, Claim] = {}

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Count a foreign model span below the claim it starts in."""
        try:
            claim = current_claim(parent_context)
            if claim is None or not _is_foreign_model_span(span):
                return
            claim.inner += 1
            while len(self._open) >= _MOST_OPEN:  # spans that never end
                self._open.pop(next(iter(self._open)), None)
            self._open[_id(span)] = claim
        except Exception:  # noqa: BLE001 - the host's span starts whatever we make of it
            report_failure("a foreign span could not be read")

    def on_end(self, span: ReadableSpan) -> None:
        """Mark the spans above a foreign one that carries usage."""
        if not self._open:
            return
        try:
            claim = self._open.pop(_id(span), None)
            if claim is None or not any(key.startswith(_USAGE) for key in span.attributes or ()):
                return
            claim.inner_wrote = True
            claim.settle_above()
        except Exception:  # noqa: BLE001 - the host's span ends whatever we make of it
            report_failure("a foreign span could not be read")

    def shutdown(self) -> None:
        """End the spans of streams still open."""
        end_open_calls()

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """End the spans of streams that were dropped."""
        settle_dropped()
        return True


def _is_foreign_model_span(span: ReadableSpan) -> bool:
    scope = span.instrumentation_scope
    if scope is not None and scope.name.startswith(_OWN_SCOPES):
        return False
    attributes = span.attributes or {}
    return (
        attributes.get("gen_ai.operation.name") in _OPERATIONS
        or attributes.get(semconv.SPAN_KIND) == "LLM"
    )


def _id(span: ReadableSpan) -> int:
    context = span.get_span_context()
    return context.span_id if context else 0
