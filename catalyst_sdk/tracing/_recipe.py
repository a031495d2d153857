"""What a span is to be: its name, kind, attributes, identity, and what to capture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args

import msgspec

from catalyst_sdk import semconv
from catalyst_sdk.tracing._identity import Identity

Kind = Literal[
    "AGENT",
    "LLM",
    "TOOL",
    "CHAIN",
    "RETRIEVER",
    "EMBEDDING",
    "RERANKER",
    "GUARDRAIL",
    "EVALUATOR",
    "PROMPT",
    "UNKNOWN",
]
KINDS: tuple[Kind, ...] = get_args(Kind)


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """What `trace_span` and `agent_span` were told."""

    name: str | None = None
    """None: the name of what is decorated."""
    kind: str = "CHAIN"
    attributes: Mapping[str, Any] = {}
    identity: Identity | None = None
    capture_input: bool = True
    capture_output: bool = True

    def name_for(self, function: Callable[..., Any]) -> str:
        """Give the span's name when *function* is decorated."""
        if self.name is not None:
            return self.name
        while (inner := getattr(function, "func", None)) is not None:  # functools.partial
            function = inner
        name: str = getattr(function, "__qualname__", type(function).__qualname__)
        return name.rpartition("<locals>.")[2]

    def attributes_for(self, name: str) -> dict[str, Any]:
        """Give the attributes the span starts with."""
        attributes = {semconv.SPAN_KIND: self.kind, **self.attributes}
        if self.kind == "TOOL":
            # What a model calls is the bare name: "get_order", not "Toolbox.get_order".
            tool = name if self.name is not None else name.rpartition(".")[2]
            attributes.setdefault(semconv.TOOL_NAME, tool)
        return attributes
