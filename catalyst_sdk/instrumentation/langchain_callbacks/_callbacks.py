"""What each callback means: runs that start, and how they end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from opentelemetry.context import Context
from opentelemetry.trace import Tracer

from catalyst_sdk import semconv
from catalyst_sdk.instrumentation._boundary import report_failure
from catalyst_sdk.instrumentation._current import suppressed
from catalyst_sdk.instrumentation.langchain_callbacks._agent import identified, is_agent
from catalyst_sdk.instrumentation.langchain_callbacks._model_request import ModelRequest
from catalyst_sdk.instrumentation.langchain_callbacks._model_run import ModelRun
from catalyst_sdk.instrumentation.langchain_callbacks._payload import Payloads
from catalyst_sdk.instrumentation.langchain_callbacks._run import Run, innermost_run, start_span
from catalyst_sdk.instrumentation.langchain_callbacks._runs import Runs
from catalyst_sdk.instrumentation.langchain_callbacks._scope import Hint, Scope, waiting_scope
from catalyst_sdk.instrumentation.langchain_callbacks._step_run import StepRun
from catalyst_sdk.instrumentation.llm import as_object

HIDDEN = "langsmith:hidden"
_COMPOSITIONS = (
    "RunnableSequence",
    "RunnableParallel",
    "RunnableAssign",
    "RunnablePassthrough",
    "RunnableBranch",
    "RunnableEach",
)
_NODE_TAG = "graph:step:"


class Started:
    """What every start callback is told."""

    __slots__ = ("metadata", "name", "parent_id", "run_id", "tags")

    def __init__(self, serialized: Any, kwargs: Mapping[str, Any], fallback: str) -> None:
        self.run_id: UUID = kwargs["run_id"]
        self.parent_id: UUID | None = kwargs.get("parent_run_id")
        self.tags: Sequence[str] = kwargs.get("tags") or ()
        self.metadata: Mapping[str, Any] = kwargs.get("metadata") or {}
        self.name: str = kwargs.get("name") or _name(serialized) or fallback


class Callbacks:
    """Makes spans of the library's callbacks. Nothing it does reaches the library's caller."""

    def __init__(
        self, tracer: Tracer, runs: Runs, *, capture_content: bool, collapse: bool
    ) -> None:
        self._tracer = tracer
        self._runs = runs
        self._capture = capture_content
        self._collapse = collapse
        self._payloads = Payloads() if capture_content else None

    def chain_started(self, serialized: Any, inputs: Any, kwargs: Mapping[str, Any]) -> None:
        """A chain, graph, node or agent executor."""
        started = Started(serialized, kwargs, "chain")

        def make(context: Context, hint: Hint | None, above: Run | None) -> Run:
            kind = hint.kind if hint is not None else None
            kind = kind or ("AGENT" if is_agent(hint, above) else "CHAIN")
            graph = hint is not None and hint.graph
            run = self._step(started, kind, _node(started), context, above, graph=graph)
            run.set_input(inputs)
            return run

        self._start(started, make)

    def tool_started(self, serialized: Any, text: str, kwargs: Mapping[str, Any]) -> None:
        """A tool."""
        started = Started(serialized, kwargs, "tool")
        given = kwargs.get("inputs")

        def make(context: Context, hint: Hint | None, above: Run | None) -> Run:
            details = {semconv.TOOL_NAME: _name(serialized) or started.name}
            if description := as_object(serialized).get("description"):
                details[semconv.TOOL_DESCRIPTION] = description
            call_id = kwargs.get("tool_call_id") or (hint.tool_call_id if hint else None)
            if call_id:
                details[semconv.TOOL_CALL_ID] = call_id
            run = self._step(started, "TOOL", details, context, above)
            if given is not None and hint is not None and hint.hidden_arguments:
                hidden = hint.hidden_arguments
                run.set_input({k: v for k, v in given.items() if k not in hidden})
            else:
                run.set_input(text if given is None else given)
            return run

        self._start(started, make)

    def retriever_started(self, serialized: Any, query: str, kwargs: Mapping[str, Any]) -> None:
        """A retriever."""
        started = Started(serialized, kwargs, "retriever")

        def make(context: Context, _hint: Hint | None, above: Run | None) -> Run:
            run = self._step(started, "RETRIEVER", {}, context, above)
            run.set_input(query)
            return run

        self._start(started, make)

    def model_started(
        self, serialized: Any, asked: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> None:
        """A chat model, asked messages, or a completion model, asked prompts."""
        started = Started(serialized, kwargs, "model")
        parameters: Mapping[str, Any] = kwargs.get("invocation_params") or {}

        def make(context: Context, hint: Hint | None, above: Run | None) -> Run:
            return ModelRun(
                started.run_id,
                self._tracer,
                started.name,
                ModelRequest(asked, parameters, started.metadata),
                context,
                above,
                ended=self._runs.ended,
                capture_content=self._capture,
                streaming=hint is not None and hint.streaming,
            )

        self._start(started, make, hidden=False)  # what is billed is seen

    def step_of(self, run_id: UUID) -> StepRun | None:
        """The run of a chain, tool or retriever that ends now."""
        run = self._runs.itself(run_id)
        return run if isinstance(run, StepRun) else None

    def model_of(self, run_id: UUID) -> ModelRun | None:
        """The run of a model that goes on or ends now."""
        run = self._runs.itself(run_id)
        return run if isinstance(run, ModelRun) else None

    def _start(
        self,
        started: Started,
        make: Callable[[Context, Hint | None, Run | None], Run],
        *,
        hidden: bool | None = None,
    ) -> None:
        scope = waiting_scope()
        run = None
        try:
            hidden = self._is_hidden(started) if hidden is None else hidden
            run = self._begin(started, make, scope, hidden)
        except Exception:  # noqa: BLE001 - the library's call goes on untraced
            report_failure("a run could not be traced")
        if scope is not None:
            scope.took(run)

    def _begin(
        self,
        started: Started,
        make: Callable[[Context, Hint | None, Run | None], Run],
        scope: Scope | None,
        hidden: bool,
    ) -> Run | None:
        parent = self._runs.get(started.parent_id)
        if parent is not None and hidden:
            self._runs.hide(started.run_id, parent)
            return None
        context = self._runs.context_for(parent)
        if suppressed(context):
            return None
        hint = scope.hint if scope is not None else None
        context = identified(
            context,
            hint,
            root=parent is None,
            metadata=started.metadata,
            tags=started.tags,
        )
        run = make(context, hint, innermost_run(context))
        self._runs.add(run)
        return run

    def _step(
        self,
        started: Started,
        kind: str,
        details: Mapping[str, Any],
        context: Context,
        above: Run | None,
        *,
        graph: bool = False,
    ) -> StepRun:
        span, below = start_span(self._tracer, started.name, kind, context, details)
        run = StepRun(started.run_id, span, below, above, ended=self._runs.ended, graph=graph)
        run.payloads = self._payloads
        return run

    def _is_hidden(self, started: Started) -> bool:
        return HIDDEN in started.tags or (self._collapse and started.name.startswith(_COMPOSITIONS))


def _name(serialized: Any) -> str | None:
    if not serialized:
        return None
    path = serialized.get("id")
    return serialized.get("name") or (path[-1] if path else None)


def _node(started: Started) -> Mapping[str, Any]:
    """The place of a graph's node, told of everything in it but tagged on the node itself."""
    if not any(tag.startswith(_NODE_TAG) for tag in started.tags):
        return {}
    told = started.metadata
    node, step = told.get("langgraph_node"), told.get("langgraph_step")
    return {semconv.GRAPH_NODE_ID: str(node), "langgraph.step": step} if node else {}
