"""Trace Python agents with one line and find what goes wrong again and again.

Nothing heavy is imported before it is used: `import catalyst_sdk` costs about a millisecond.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from catalyst_sdk import halo
    from catalyst_sdk._init import Catalyst, flush, init, shutdown
    from catalyst_sdk.tracing import (
        Agent,
        TracedSpan,
        agent_span,
        attributes,
        current_agent,
        current_span,
        propagate,
        trace_span,
    )

__version__ = "0.1.0"

__all__ = [
    "Agent",
    "Catalyst",
    "TracedSpan",
    "agent_span",
    "attributes",
    "current_agent",
    "current_span",
    "flush",
    "halo",
    "init",
    "propagate",
    "shutdown",
    "trace_span",
]

_OF_INIT = frozenset({"Catalyst", "flush", "init", "shutdown"})


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "halo":
        return importlib.import_module("catalyst_sdk.halo")
    home = "catalyst_sdk._init" if name in _OF_INIT else "catalyst_sdk.tracing"
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
