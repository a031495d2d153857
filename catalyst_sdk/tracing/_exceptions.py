"""An exception on a span: its event and the status it means."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from typing import Any

from opentelemetry.trace import Span, StatusCode

from catalyst_sdk.tracing._plain import readable

_MAX_MESSAGE = 10_000
_MAX_STACKTRACE = 30_000

# How iteration and closing are told, not failures.
_PROTOCOL = (GeneratorExit, StopIteration, StopAsyncIteration)


def is_failure(error: BaseException) -> bool:
    """Tell whether *error* leaving a traced call means that the call failed."""
    if isinstance(error, SystemExit):
        return error.code not in (None, 0)
    return not isinstance(error, _PROTOCOL)


def record_failure(
    span: Span,
    error: BaseException,
    *,
    escaped: bool = True,
    attributes: Mapping[str, Any] | None = None,
    timestamp: int | None = None,
) -> None:
    """Add the `exception` event of *error*, with *attributes* more, and set the status ERROR."""
    kind = type(error)
    module = kind.__module__
    name = kind.__qualname__ if module == "builtins" else f"{module}.{kind.__qualname__}"
    message = message_of(error)
    span.add_event(
        "exception",
        {
            "exception.type": name,
            "exception.message": message,
            "exception.stacktrace": _stacktrace(error),
            "exception.escaped": str(escaped),
            **(attributes or {}),
        },
        timestamp,
    )
    span.set_status(StatusCode.ERROR, f"{kind.__name__}: {message}" if message else kind.__name__)


def message_of(error: BaseException) -> str:
    """Give `str(error)`, bounded; the user's `__str__` may itself raise."""
    try:
        return readable(str(error)[:_MAX_MESSAGE])
    except Exception as second:  # noqa: BLE001 - the user's __str__
        return f"<str() raised {type(second).__name__}>"


def _stacktrace(error: BaseException) -> str:
    try:
        lines = traceback.format_exception(error)
    except Exception:  # noqa: BLE001 - the user's __str__, or frames that cannot be read
        return ""
    return readable("".join(lines)[-_MAX_STACKTRACE:])
