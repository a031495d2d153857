"""Attach and detach a context without ever logging, and see whether tracing is suppressed here."""

from __future__ import annotations

import contextlib
from contextvars import Token

from opentelemetry import context as otel
from opentelemetry.context import (
    _RUNTIME_CONTEXT,  # pyright: ignore[reportPrivateUsage] - the public detach() logs errors
    _SUPPRESS_INSTRUMENTATION_KEY,  # pyright: ignore[reportPrivateUsage] - has no public name
    Context,
)

attach = otel.attach


def detach(token: Token[Context]) -> None:
    """Undo `attach`; a token of another context (a coroutine closed by the GC) is dropped."""
    with contextlib.suppress(Exception):  # nothing to undo in this context, and nobody to tell
        _RUNTIME_CONTEXT.detach(token)


def suppressed(context: Context) -> bool:
    """Whether *context* says that instrumentations must stay out of this call."""
    return bool(
        context.get(_SUPPRESS_INSTRUMENTATION_KEY) or context.get("suppress_instrumentation")
    )
