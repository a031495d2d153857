"""The callback handler itself, of a class the library must be imported to define."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from catalyst_sdk.instrumentation._boundary import report_failure
from catalyst_sdk.instrumentation.langchain_callbacks._callbacks import Callbacks


def make_handler(callbacks: Callbacks) -> Any:
    """Make the handler which, registered once, is told of every run in the process.

    Its methods are neither coroutines nor run in an executor: they see the context of the call.
    """
    from langchain_core.callbacks import BaseCallbackHandler
    from langchain_core.tracers.base import BaseTracer

    class CatalystHandler(_Handler, BaseCallbackHandler):
        run_inline = True
        raise_error = False

    BaseTracer.register(CatalystHandler)  # langgraph records for tracers what a node says it may
    return CatalystHandler(callbacks)


def _guarded(method: Callable[..., None]) -> Callable[..., None]:
    def call(*args: Any, **kwargs: Any) -> None:
        try:
            method(*args, **kwargs)
        except Exception:  # noqa: BLE001 - the library would log it at each run
            report_failure("a callback could not be read")

    call.__name__ = method.__name__
    return call


class _Handler:
    def __init__(self, callbacks: Callbacks) -> None:
        super().__init__()
        self.live = True
        """Off once uninstrumented: runs still under way may hold on to it."""
        self._on = callbacks

    def __deepcopy__(self, _memo: Any) -> Any:
        """A config copied in a node, callbacks and all, has the same handler."""
        return self

    @_guarded
    def on_chain_start(self, serialized: Any, inputs: Any, **kwargs: Any) -> None:
        if self.live:
            self._on.chain_started(serialized, inputs, kwargs)

    @_guarded
    def on_tool_start(self, serialized: Any, input_str: str, **kwargs: Any) -> None:
        if self.live:
            self._on.tool_started(serialized, input_str, kwargs)

    @_guarded
    def on_retriever_start(self, serialized: Any, query: str, **kwargs: Any) -> None:
        if self.live:
            self._on.retriever_started(serialized, query, kwargs)

    @_guarded
    def on_chat_model_start(self, serialized: Any, messages: Any, **kwargs: Any) -> None:
        if self.live:
            self._on.model_started(serialized, messages[0] if messages else (), kwargs)

    @_guarded
    def on_llm_start(self, serialized: Any, prompts: Any, **kwargs: Any) -> None:
        if self.live:
            self._on.model_started(serialized, prompts, kwargs)

    @_guarded
    def on_chain_end(self, outputs: Any, *, run_id: UUID, **kwargs: Any) -> None:
        if run := self._on.step_of(run_id):
            run.returned(outputs, kwargs.get("inputs"))

    @_guarded
    def on_tool_end(self, output: Any, *, run_id: UUID, **kwargs: Any) -> None:
        if run := self._on.step_of(run_id):
            run.tool_returned(output)

    @_guarded
    def on_retriever_end(self, documents: Any, *, run_id: UUID, **kwargs: Any) -> None:
        if run := self._on.step_of(run_id):
            run.found(documents)

    @_guarded
    def on_llm_end(self, response: Any, *, run_id: UUID, **kwargs: Any) -> None:
        if run := self._on.model_of(run_id):
            run.answer(response)

    @_guarded
    def on_llm_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        if run := self._on.model_of(run_id):
            run.fail(error, kwargs.get("response"))

    @_guarded
    def on_chain_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        if run := self._on.step_of(run_id):
            run.fail(error)

    on_tool_error = on_chain_error
    on_retriever_error = on_chain_error

    @_guarded
    def on_llm_new_token(self, token: Any, *, run_id: UUID, **kwargs: Any) -> None:
        if run := self._on.model_of(run_id):
            run.token()

    on_stream_event = on_llm_new_token

    @_guarded
    def on_retry(self, retry_state: Any, *, run_id: UUID, **kwargs: Any) -> None:
        if run := self._on.model_of(run_id):
            run.retried()
