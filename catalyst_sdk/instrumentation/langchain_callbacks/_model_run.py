"""The run of a model: the billing span, or a step around it where a span below has the request."""

from __future__ import annotations

from time import perf_counter_ns
from typing import Any
from uuid import UUID

from opentelemetry.context import Context
from opentelemetry.trace import StatusCode, Tracer

from catalyst_sdk import semconv
from catalyst_sdk.instrumentation.langchain_callbacks._failure import is_control_flow, said
from catalyst_sdk.instrumentation.langchain_callbacks._model_answer import answer_of, is_from_cache
from catalyst_sdk.instrumentation.langchain_callbacks._model_request import ModelRequest
from catalyst_sdk.instrumentation.langchain_callbacks._run import INTERRUPTED, Ended, Run
from catalyst_sdk.instrumentation.llm import Answer, ModelCall, Request, to_json
from catalyst_sdk.tracing import TracedSpan


class ModelRun(Run):
    """Whether a span below records the request is known only when the run ends."""

    __slots__ = ("_call", "_first_ns", "_request", "leader", "result")

    def __init__(
        self,
        run_id: UUID,
        tracer: Tracer,
        name: str,
        request: ModelRequest,
        context: Context,
        above: Run | None,
        *,
        ended: Ended,
        capture_content: bool,
        streaming: bool,
    ) -> None:
        started = Request(
            operation=name,
            name=name,
            remote=False,
            streaming=streaming,
            capture_content=capture_content,
        )
        self._call = _Call(tracer, started, context)
        self._request = request
        self._first_ns: int | None = None
        self.leader: ModelRun | None = None
        """The run whose request answers this one's prompt too."""
        self.result: Any = None
        """What the model returned, where the library may forget to report it."""
        super().__init__(run_id, self._call.span, self._call.context, above, ended=ended)

    def token(self) -> None:
        """Note that a piece of the answer has come."""
        if self._first_ns is None:
            self._first_ns = perf_counter_ns()

    def retried(self) -> None:
        """Note that the library asks again."""
        self._call.claim.retries += 1

    def cached(self) -> None:
        """Note that the answer came out of a cache."""
        self._call.claim.cached = True

    def answer(self, result: Any) -> None:
        """End the span with *result*, an `LLMResult`."""
        self._finish(result, None, "complete")

    def fail(self, error: BaseException, result: Any = None) -> None:
        """End the span with what the model raised, and what had come before."""
        aborted = not isinstance(error, Exception)
        shown = None if is_control_flow(error) else error
        self._finish(result, shown, "aborted" if aborted else "error")
        self.tell_above(error)

    def abandoned(self, error: BaseException) -> None:
        """End the span of a call that *error* left, which may be another's."""
        if self.result is None:
            self.fail(error)
        else:
            self.answer(self.result)

    def interrupted(self) -> None:
        """The process ends."""
        if self.span.is_recording():
            self.span.set_attribute(INTERRUPTED, True)
        self._finish(None, None, "aborted")

    def disown(self) -> None:
        """The run is one of the process this one was forked from."""
        super().disown()
        self._call.disown()

    def _finish(self, result: Any, error: BaseException | None, outcome: str) -> None:
        if not self._ended(self):
            return
        call, request = self._call, self._request
        answer = answer_of(result) if result is not None and call.recording else None
        if answer is not None and is_from_cache(result):
            call.claim.cached = True
        if call.recording:
            request.fill(call.request)
            call.request.streaming |= self._first_ns is not None
            call.is_step = self._is_step()
            call.traced_below = error is not None and said(error) == self.failed_below
        call.finish(answer, error=error, outcome=outcome, first_ns=self._first_ns)

    def _is_step(self) -> bool:
        claim = self._call.claim
        return bool(claim.inner or claim.cached or (self.leader and self.leader._call.claim.inner))


class _Call(ModelCall):
    """A model call that may turn out to be a step around one."""

    __slots__ = ("is_step", "traced_below")

    def __init__(self, tracer: Tracer, request: Request, context: Context) -> None:
        super().__init__(tracer, request, context)
        self.is_step = False
        self.traced_below = False

    def _write(
        self,
        answer: Answer,
        error: BaseException | None,
        outcome: str | None,
        first_ns: int | None,
    ) -> None:
        if not self.is_step:
            super()._write(answer, error, outcome, first_ns)
            return
        attributes: dict[str, Any] = {semconv.SPAN_KIND: "CHAIN"}
        if self.claim.cached:
            attributes[semconv.LLM_CACHE_HIT] = True
        if answer.usage is not None and self.claim.may_write_tokens():
            attributes.update(answer.usage.attributes())
        self._write_content(attributes, answer)
        if error is not None:
            self._write_failure(attributes, error)
        self.span.set_attributes({k: v for k, v in attributes.items() if v is not None})

    def _write_content(self, attributes: dict[str, Any], answer: Answer) -> None:
        request = self.request
        if not request.capture_content:
            return
        asked = request.details.get(semconv.LLM_INPUT_MESSAGES)
        if asked is not None:
            attributes[semconv.INPUT_VALUE] = asked
            attributes[semconv.INPUT_MIME_TYPE] = "application/json"
        if answer.messages:
            attributes[semconv.OUTPUT_VALUE] = to_json(answer.messages)
            attributes[semconv.OUTPUT_MIME_TYPE] = "application/json"

    def _write_failure(self, attributes: dict[str, Any], error: BaseException) -> None:
        if self.traced_below:
            attributes["error.type"] = type(error).__name__
            self.span.set_status(StatusCode.ERROR, said(error))
        else:
            TracedSpan(self.span).record_exception(error)
