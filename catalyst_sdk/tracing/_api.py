"""`trace_span` and `agent_span`: spans around functions and blocks of code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, overload

from catalyst_sdk.tracing._boundary import report_failure
from catalyst_sdk.tracing._decorate import decorate
from catalyst_sdk.tracing._identity import identity_of
from catalyst_sdk.tracing._plain import readable
from catalyst_sdk.tracing._recipe import KINDS, Kind, Recipe
from catalyst_sdk.tracing._scope import F, SpanScope
from catalyst_sdk.tracing._span import clean


@overload
def trace_span(function: F, /) -> F: ...


@overload
def trace_span(
    name: str | None = None,
    *,
    kind: Kind = "CHAIN",
    attributes: Mapping[str, Any] | None = None,
    capture_input: bool = True,
    capture_output: bool = True,
) -> SpanScope: ...


def trace_span(
    name: Any = None,
    *,
    kind: Kind = "CHAIN",
    attributes: Mapping[str, Any] | None = None,
    capture_input: bool = True,
    capture_output: bool = True,
) -> Any:
    """Trace a function (`@trace_span`, `@trace_span("name", kind="TOOL")`) or a block of code.

    `with trace_span("retrieve", kind="RETRIEVER") as span:` and `async with` give a `TracedSpan`.
    Functions of every kind keep their kind: coroutines, generators, async generators, methods.
    """
    if name is not None and not isinstance(name, str):
        return decorate(name, Recipe())
    return SpanScope(
        _recipe(
            name=name,
            kind=_checked(kind),
            attributes=attributes,
            capture_input=capture_input,
            capture_output=capture_output,
        )
    )


def agent_span(
    name: str,
    *,
    agent_id: str | None = None,
    role: str | None = None,
    session_id: str | None = None,
    user_id: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    tags: Sequence[str] | None = None,
    attributes: Mapping[str, Any] | None = None,
    capture_input: bool = True,
    capture_output: bool = True,
) -> SpanScope:
    """Open an `AGENT` span; every span below it carries this agent, session and user.

    The id is a slug of the name unless given. Also in threads, executors, tasks and generators.
    """
    who = {
        "agent_name": name,
        "agent_id": agent_id,
        "role": role,
        "session_id": session_id,
        "user_id": user_id,
        "metadata": metadata,
        "tags": tags,
    }
    return SpanScope(
        _recipe(
            name=name,
            kind="AGENT",
            attributes=attributes,
            who=who,
            capture_input=capture_input,
            capture_output=capture_output,
        )
    )


def _recipe(
    *,
    name: str | None,
    attributes: Mapping[str, Any] | None,
    who: Mapping[str, Any] | None = None,
    **rest: Any,
) -> Recipe:
    try:
        return Recipe(
            name=name if name is None else readable(name),
            attributes=clean(attributes or {}),
            identity=None if who is None else identity_of(**who),
            **rest,
        )
    except Exception:  # noqa: BLE001 - traced code runs on, whatever its author mistook
        report_failure("a span was given arguments it cannot use")
        return Recipe(name=str(name), **rest)


def _checked(kind: str) -> str:
    if kind in KINDS:
        return kind
    upper = str(kind).upper()
    if upper in KINDS:
        return upper
    try:
        raise ValueError(f"{kind!r} is not one of {', '.join(KINDS)}")
    except ValueError:  # traced code runs on, whatever its author mistyped
        report_failure(f"unknown span kind {kind!r}")
    return "UNKNOWN"
