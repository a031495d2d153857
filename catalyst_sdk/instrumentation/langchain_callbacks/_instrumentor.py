"""The callbacks and wrappers of langchain-core, shared by all integrations that report by them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

from opentelemetry.trace import Tracer

from catalyst_sdk.instrumentation._instrumentor import Instrumentor
from catalyst_sdk.instrumentation._patch import Wrapper
from catalyst_sdk.instrumentation.langchain_callbacks._agents import chain_wrappers
from catalyst_sdk.instrumentation.langchain_callbacks._models import ModelWrappers
from catalyst_sdk.instrumentation.langchain_callbacks._registration import register
from catalyst_sdk.instrumentation.langchain_callbacks._runs import Runs
from catalyst_sdk.instrumentation.langchain_callbacks._scope import (
    scoped_async_generator,
    scoped_call,
    scoped_coroutine,
)
from catalyst_sdk.instrumentation.langchain_callbacks._tools import tool_hint

_CONTEXT = "_set_config_context"
_TOOLS = "langchain_core.tools.base"
_RETRIEVERS = "langchain_core.retrievers"
_RUNNABLES = "langchain_core.runnables.base"
_IMPORTERS = (_RUNNABLES, "langchain_core.runnables.fallbacks", _TOOLS, "langgraph.utils.runnable")
"""Modules of some versions that import `_set_config_context` by name."""


class CallbackInstrumentor(Instrumentor):
    """One for the process, on while somebody who joined has not left."""

    module = "langchain_core"
    scope = "catalyst_sdk.instrumentation.langchain_callbacks"
    requires = ()

    runs = Runs()
    _members: frozenset[type] = frozenset()
    _models: ModelWrappers | None = None

    def join(self, member: type, **kwargs: Any) -> None:
        """Turn it on, with the arguments of the first `instrument()`."""
        if not self._members:
            self.instrument(skip_dep_check=True, **kwargs)
        self._members |= {member}

    def leave(self, member: type) -> None:
        """Turn it off when the last member leaves."""
        if member in self._members:
            self._members -= {member}
            if not self._members:
                self.uninstrument()

    def connect(self, tracer: Tracer) -> Callable[[], None] | None:
        """Register the handler."""
        return register(
            tracer,
            self.runs,
            capture_content=self.options.get("capture_content", True),
            collapse=self.options.get("collapse", False),
        )

    def wrappers(self, tracer: Tracer) -> Mapping[tuple[str, str], Wrapper]:
        """Make the span of a run current where the run executes."""
        self._models = ModelWrappers(self.runs)
        found: dict[tuple[str, str], Wrapper] = {
            ("langchain_core.runnables.config", _CONTEXT): self.runs.make_current,
            **self._models.wrappers(),
            (_TOOLS, "BaseTool.run"): scoped_call(tool_hint),
            (_TOOLS, "BaseTool.arun"): scoped_coroutine(tool_hint),
            (_RETRIEVERS, "BaseRetriever.invoke"): scoped_call(),
            (_RETRIEVERS, "BaseRetriever.ainvoke"): scoped_coroutine(),
        }
        if sys.version_info < (3, 11):  # no create_task(context=): the child's context is dropped
            found[_RUNNABLES, "Runnable._acall_with_config"] = scoped_coroutine()
            found[_RUNNABLES, "RunnableSequence.ainvoke"] = scoped_coroutine()
            found[_RUNNABLES, "RunnableParallel.ainvoke"] = scoped_coroutine()
            found[_RUNNABLES, "Runnable._atransform_stream_with_config"] = scoped_async_generator()
        return found

    def optional_wrappers(self, tracer: Tracer) -> Mapping[tuple[str, str], Wrapper]:
        """What some versions have, or have elsewhere."""
        assert self._models is not None
        imported = {(module, _CONTEXT): self.runs.make_current for module in _IMPORTERS}
        return {**imported, **self._models.optional_wrappers(), **chain_wrappers()}

    def _uninstrument(self, **kwargs: Any) -> None:
        super()._uninstrument(**kwargs)
        if self._models is not None:
            self._models.undo()
        self.runs.end_all()
