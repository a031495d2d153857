"""What a call of a tool tells besides its callbacks: which call of the model it answers."""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import Any

from catalyst_sdk.instrumentation.langchain_callbacks._scope import Hint


def tool_hint(tool: Any, _args: Any, kwargs: Any) -> Hint | None:
    """Read a call of `BaseTool.run`."""
    hidden = _hidden_arguments(tool)
    call_id = kwargs.get("tool_call_id")
    return Hint(tool_call_id=call_id, hidden_arguments=hidden) if call_id or hidden else None


def _hidden_arguments(tool: Any) -> frozenset[str]:
    """The injected arguments, which versions before 1.0 report with those the model gives."""
    schema = getattr(tool, "args_schema", None)
    if hasattr(tool, "_filter_injected_args") or not isinstance(schema, type):
        return frozenset()
    return _injected(schema)


@lru_cache(maxsize=512)
def _injected(schema: type) -> frozenset[str]:
    base: Any = sys.modules["langchain_core.tools.base"]
    annotations = base.get_all_basemodel_annotations(schema)
    return frozenset(n for n, kind in annotations.items() if base._is_injected_arg_type(kind))
