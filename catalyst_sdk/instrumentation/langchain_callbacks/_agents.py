"""LangChain's older chains and agents, which say nothing to the context of what they call."""

from __future__ import annotations

from typing import Any

from catalyst_sdk.instrumentation._patch import Wrapper
from catalyst_sdk.instrumentation.langchain_callbacks._scope import (
    Hint,
    scoped_async_generator,
    scoped_call,
    scoped_coroutine,
    scoped_generator,
)

_AGENT = "AgentExecutor"
_PACKAGES = ("langchain", "langchain_classic")
"""Where they are: the former before 1.0, the latter since."""


def chain_wrappers() -> dict[tuple[str, str], Wrapper]:
    """Wrappers for whichever package there is."""
    found: dict[tuple[str, str], Wrapper] = {}
    for package in _PACKAGES:
        chain, steps = f"{package}.chains.base", f"{package}.agents.agent_iterator"
        found[chain, "Chain.invoke"] = scoped_call(_chain_hint)
        found[chain, "Chain.ainvoke"] = scoped_coroutine(_chain_hint)
        found[steps, "AgentExecutorIterator.__iter__"] = scoped_generator(_iterator_hint)
        found[steps, "AgentExecutorIterator.__aiter__"] = scoped_async_generator(_iterator_hint)
    return found


def _chain_hint(chain: Any, _args: Any, _kwargs: Any) -> Hint | None:
    if _AGENT not in {kind.__name__ for kind in type(chain).__mro__}:
        return None
    return Hint(kind="AGENT", graph=True, agent_name=getattr(chain, "name", None))


def _iterator_hint(iterator: Any, args: Any, kwargs: Any) -> Hint | None:
    return _chain_hint(iterator.agent_executor, args, kwargs)
