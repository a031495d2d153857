"""The current OpenTelemetry context: entered and left without ever logging or leaking."""

from __future__ import annotations

from contextvars import Token

from opentelemetry.context import (
    _RUNTIME_CONTEXT,  # pyright: ignore[reportPrivateUsage] - the public detach() logs errors
    Context,
    attach,
    get_current,
)


class Attached:
    """A context made current, until `leave`."""

    __slots__ = ("_before", "_context", "_token")

    def __init__(self, context: Context) -> None:
        self._before = get_current()
        self._context = context
        self._token: Token[Context] = attach(context)

    def leave(self) -> None:
        """Make the context before current again.

        The token may belong to another `contextvars.Context`: a generator stepped by several
        tasks, a coroutine closed by the garbage collector. What is current there is replaced
        only when it is ours.
        """
        try:
            _RUNTIME_CONTEXT.detach(self._token)
        except (ValueError, RuntimeError):
            if get_current() is self._context:
                attach(self._before)
