"""One request to a model: its span, from its start to its one end."""

from __future__ import annotations

from threading import Lock
from time import perf_counter_ns
from typing import Any

import msgspec
from opentelemetry import context as otel
from opentelemetry.context import Context
from opentelemetry.trace import (
    Span,
    SpanKind,
    Status,
    StatusCode,
    Tracer,
    set_span_in_context,
)

from catalyst_sdk import semconv
from catalyst_sdk.instrumentation._boundary import report_failure
from catalyst_sdk.instrumentation.llm._answer import Answer
from catalyst_sdk.instrumentation.llm._claim import Claim, open_claim
from catalyst_sdk.instrumentation.llm._json import to_json

_OK = Status(StatusCode.OK)
_MESSAGE_LIMIT = 2000


class Request(msgspec.Struct, kw_only=True):
    """What is known before the call."""

    operation: str
    """First word of the span's name."""
    name: str | None = None
    """The whole name, where it is not made of operation and model."""
    kind: str = "LLM"
    remote: bool = True
    """The call itself leaves the process; False for what a framework wraps around it."""
    model: str | None = None
    provider: str | None = None
    system: str | None = None
    streaming: bool = False
    capture_content: bool = True
    details: dict[str, Any] = {}
    """Attributes: input messages, tools, parameters. None values are dropped."""


class ModelCall:
    """The span around one request; `finish` ends it, and only the first `finish` counts."""

    __slots__ = ("_latch", "claim", "context", "recording", "request", "span", "started_ns")

    def __init__(self, tracer: Tracer, request: Request, context: Context | None = None) -> None:
        self.request = request
        self.claim, below = _open_claim(context)
        self.span: Span = tracer.start_span(
            _name(request),
            context=context,
            kind=SpanKind.CLIENT if request.remote else SpanKind.INTERNAL,
            attributes=_start_attributes(request),
        )
        self.recording = self.span.is_recording()
        self.context = set_span_in_context(self.span, below)
        self.started_ns = perf_counter_ns()
        self._latch = Lock()

    def finish(
        self,
        answer: Answer | None = None,
        *,
        error: BaseException | None = None,
        outcome: str | None = None,
        first_ns: int | None = None,
        last_ns: int | None = None,
    ) -> None:
        """End the span with what came back; *last_ns* (perf counter) if it ended before now."""
        if not self._latch.acquire(blocking=False):
            return
        end_time: int | None = None
        if self.recording:
            try:
                self._write(answer or Answer(), error, outcome, first_ns)
                if last_ns is not None:
                    end_time = getattr(self.span, "start_time", 0) + last_ns - self.started_ns
            except Exception:  # noqa: BLE001 - the host's call goes on without these attributes
                report_failure("an LLM span could not be filled in")
        try:
            self.span.end(end_time)
        except Exception:  # noqa: BLE001 - a span processor of the host's raised
            report_failure("an LLM span could not be ended")

    def disown(self) -> None:
        """Never end the span here."""
        self._latch.acquire(blocking=False)

    def _write(
        self,
        answer: Answer,
        error: BaseException | None,
        outcome: str | None,
        first_ns: int | None,
    ) -> None:
        request = self.request
        attributes = request.details
        if request.capture_content:
            if answer.messages:
                attributes[semconv.LLM_OUTPUT_MESSAGES] = to_json(answer.messages)
            attributes[semconv.OUTPUT_VALUE] = answer.output
        attributes.update(answer.attributes)
        self._write_essentials(attributes, answer)
        if request.streaming:
            attributes[semconv.LLM_STREAM_OUTCOME] = outcome
        if request.streaming and first_ns is not None:
            elapsed = (first_ns - self.started_ns) / 1e6
            attributes[semconv.LLM_TIME_TO_FIRST_TOKEN_MS] = elapsed
        if error is not None:
            self._write_error(attributes, error)
        self.span.set_attributes({k: v for k, v in attributes.items() if v is not None})
        if error is None:
            self.span.set_status(Status(StatusCode.ERROR, answer.error) if answer.error else _OK)

    def _write_essentials(self, attributes: dict[str, Any], answer: Answer) -> None:
        """Set last, so that an attribute limit evicts the details first."""
        request = self.request
        attributes[semconv.LLM_RESPONSE_ID] = answer.id
        attributes[semconv.LLM_RETRIES] = self.claim.retries or None
        attributes[semconv.LLM_REQUEST_MODEL_NAME] = request.model
        attributes[semconv.LLM_STREAMING] = request.streaming
        attributes[semconv.LLM_PROVIDER] = request.provider
        attributes[semconv.LLM_SYSTEM] = request.system
        attributes[semconv.LLM_FINISH_REASON] = answer.finish_reason
        usage = answer.usage
        if usage is not None and self.claim.may_write_tokens():
            attributes.update(usage.attributes())
        attributes[semconv.LLM_MODEL_NAME] = answer.model or request.model
        attributes[semconv.SPAN_KIND] = request.kind

    def _write_error(self, attributes: dict[str, Any], error: BaseException) -> None:
        status = getattr(error, "status_code", None)
        attributes["error.type"] = type(error).__name__
        attributes["http.response.status_code"] = status if isinstance(status, int) else None
        message = f"{type(error).__name__}: {error}".removesuffix(": ")
        self.span.set_status(Status(StatusCode.ERROR, message[:_MESSAGE_LIMIT]))
        self.span.record_exception(error)  # pyright: ignore[reportArgumentType] - cancellation too


def _name(request: Request) -> str:
    if request.name is not None:
        return request.name
    return f"{request.operation} {request.model}" if request.model else request.operation


def _open_claim(context: Context | None) -> tuple[Claim, Context]:
    return open_claim(otel.get_current() if context is None else context)


def _start_attributes(request: Request) -> dict[str, Any]:
    """What samplers and processors may want to see; the rest is set at the end."""
    attributes: dict[str, Any] = {semconv.SPAN_KIND: request.kind}
    if request.model:
        attributes[semconv.LLM_MODEL_NAME] = request.model
    return attributes
