"""The run of a chain, agent, graph, tool or retriever."""

from __future__ import annotations

from typing import Any

from opentelemetry.trace import StatusCode

from catalyst_sdk import semconv
from catalyst_sdk.instrumentation.langchain_callbacks._failure import is_control_flow, said
from catalyst_sdk.instrumentation.langchain_callbacks._payload import Payloads, document_object
from catalyst_sdk.instrumentation.langchain_callbacks._run import Run
from catalyst_sdk.instrumentation.llm import as_list, to_json
from catalyst_sdk.tracing import TracedSpan

INTERRUPT_EVENT = "langgraph.interrupt"
_MOST_CHARS = 2000


class StepRun(Run):
    """A run that asks no model itself."""

    __slots__ = ("payloads",)

    payloads: Payloads | None
    """Reads inputs and outputs; None where content is not captured."""

    def set_input(self, value: Any) -> None:
        """Record what goes in."""
        if self.payloads is not None and self.span.is_recording():
            TracedSpan(self.span).set_input(self.payloads.plain(value))

    def returned(self, outputs: Any, inputs: Any = None) -> None:
        """End with what came out; *inputs* where they were not all there at the start."""
        self.end(lambda: self._write(outputs, inputs))

    def found(self, documents: Any) -> None:
        """End a retriever's run."""
        self.end(lambda: self._write_documents(documents))

    def tool_returned(self, output: Any) -> None:
        """End a tool's run."""
        self.end(lambda: self._write_tool(output))

    def _write(self, outputs: Any, inputs: Any) -> None:
        if inputs is not None:
            self.set_input(inputs)
        self._set_output(outputs)
        self._note_handoff(outputs, to_parent=True)

    def _write_documents(self, documents: Any) -> None:
        if self.payloads is None:
            return
        found = [document_object(document) for document in as_list(documents)]
        self.span.set_attribute(semconv.RETRIEVAL_DOCUMENTS, to_json(found))

    def _write_tool(self, output: Any) -> None:
        self._note_handoff(output, to_parent=False)
        if self.payloads is None or not self.payloads.is_message(output):
            self._set_output(output)
            return
        self._set_output(output.content)
        if call_id := getattr(output, "tool_call_id", None):
            self.span.set_attribute(semconv.TOOL_CALL_ID, call_id)
        if getattr(output, "status", None) == "error":
            self.span.set_status(StatusCode.ERROR, str(output.content)[:_MOST_CHARS])

    def _set_output(self, value: Any) -> None:
        if self.payloads is not None:
            TracedSpan(self.span).set_output(self.payloads.plain(value))

    def _write_error(self, error: BaseException) -> None:
        super()._write_error(error)
        if is_control_flow(error) and said(error) != self.failed_below:
            self._write_signal(error)

    def _write_signal(self, error: BaseException) -> None:
        """Record what langgraph says by raising: an interrupt's value, or a command's target."""
        said = error.args[0] if error.args else None
        self._note_handoff(said, to_parent=True)
        for interrupt in as_list(said):
            value = getattr(interrupt, "value", None)
            details = {"interrupt.value": value} if self.payloads is not None else {}
            TracedSpan(self.span).add_event(INTERRUPT_EVENT, details)

    def _note_handoff(self, value: Any, *, to_parent: bool) -> None:
        """Record whom a `Command` hands over to; below a tool any target is another agent."""
        for command in (value, *as_list(value)):
            target = getattr(command, "goto", None)
            if not target or (to_parent and not getattr(command, "graph", None)):
                continue
            first: Any = next(iter(as_list(target)), target)
            name = first if isinstance(first, str) else getattr(first, "node", None)
            if isinstance(name, str):
                self._hand_over(name)

    def _hand_over(self, name: str) -> None:
        if name != self.handed_over_below:
            self.span.set_attribute(semconv.AGENT_HANDOFF_TO, name)
        if self.above is not None:
            self.above.handed_over_below = name
