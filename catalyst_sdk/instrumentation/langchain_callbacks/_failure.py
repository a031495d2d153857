"""What leaves a run as an exception: failures, and signals that are not."""

from __future__ import annotations

_SIGNALS = frozenset({"GraphBubbleUp", "GraphInterrupt", "ParentCommand"})
"""Of langgraph: how a graph stops for a person, and how a node speaks to the graph above."""
_PROTOCOL = (GeneratorExit, StopIteration, StopAsyncIteration)
_MOST_CHARS = 2000


def is_control_flow(error: BaseException) -> bool:
    """Tell whether *error* is the library's or Python's way to say something, not a failure."""
    return isinstance(error, _PROTOCOL) or any(
        kind.__name__ in _SIGNALS and kind.__module__.startswith("langgraph.")
        for kind in type(error).__mro__
    )


def said(error: BaseException) -> str:
    """Give type and message of *error*; the user's `__str__` may itself raise."""
    try:
        message = str(error)
    except Exception as second:  # noqa: BLE001 - the user's __str__
        message = f"<str() raised {type(second).__name__}>"
    return f"{type(error).__name__}: {message}".removesuffix(": ")[:_MOST_CHARS]
