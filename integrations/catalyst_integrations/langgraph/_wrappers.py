"""Where a graph and its nodes run: their spans are current there."""

from __future__ import annotations

import sys
from typing import Any

from catalyst_sdk.instrumentation import Wrapper
from catalyst_sdk.instrumentation.langchain_callbacks import (
    CallbackInstrumentor,
    Hint,
    scoped_async_generator,
    scoped_coroutine,
    scoped_generator,
)
from catalyst_sdk.instrumentation.llm import as_object

_UNNAMED = "LangGraph"
_GRAPHS = "langgraph.pregel"
_RUNNABLES = ("langgraph._internal._runnable", "langgraph.utils.runnable")
"""The module of newer versions, and of older ones."""


def graph_wrappers() -> dict[tuple[str, str], Wrapper]:
    """Wrappers of `Pregel`: invoke, batch and the rest all stream."""
    return {
        (_GRAPHS, "Pregel.stream"): scoped_generator(_hint),
        (_GRAPHS, "Pregel.astream"): scoped_async_generator(_hint),
    }


def node_wrappers() -> dict[tuple[str, str], Wrapper]:
    """Wrappers of nodes."""
    make_current = CallbackInstrumentor.runs.make_current
    found: dict[tuple[str, str], Wrapper] = {
        (module, "_set_config_context"): make_current for module in _RUNNABLES
    }
    if sys.version_info < (3, 11):  # no create_task(context=): the child's context is dropped
        for module in _RUNNABLES:
            for kind in ("RunnableCallable", "RunnableSeq"):
                found[module, f"{kind}.ainvoke"] = scoped_coroutine(when=_has_a_run)
            found[module, "RunnableSeq.astream"] = scoped_async_generator()
    return found


def _has_a_run(runnable: Any) -> bool:
    return getattr(runnable, "trace", True)


def _hint(graph: Any, args: Any, kwargs: Any) -> Hint:
    config = args[1] if len(args) > 1 else kwargs.get("config")
    name = getattr(graph, "name", None)
    return Hint(
        graph=True,
        agent_name=name if name and name != _UNNAMED else None,
        session_id=_thread_id(config) or _thread_id(getattr(graph, "config", None)),
    )


def _thread_id(config: Any) -> str | None:
    thread_id = as_object(as_object(config).get("configurable")).get("thread_id")
    return None if thread_id is None else str(thread_id)
