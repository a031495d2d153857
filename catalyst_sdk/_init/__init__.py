"""`init`: the one call that turns tracing on, the handle it gives, `flush` and `shutdown`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from catalyst_sdk import config
from catalyst_sdk._init._build import build
from catalyst_sdk._init._flush import flush, shutdown
from catalyst_sdk._init._handle import Catalyst, in_force, lock
from catalyst_sdk._init._request import Request, listed
from catalyst_sdk.tracing._provider import existing_provider

if TYPE_CHECKING:
    import os
    import re

    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter

    from catalyst_sdk.hooks import Hook

    Redact = str | re.Pattern[str] | Callable[[str], str]

__all__ = ["Catalyst", "flush", "init", "shutdown"]

_log = logging.getLogger("catalyst_sdk")


def init(
    agent_name: str | None = None,
    *,
    agent_id: str | None = None,
    service_name: str | None = None,
    service_version: str | None = None,
    environment: str | None = None,
    session_id: str | None = None,
    user_id: str | None = None,
    file: str | os.PathLike[str] | None = None,
    endpoint: str | None = None,
    api_key: str | None = None,
    headers: Mapping[str, str] | None = None,
    protocol: Literal["http/protobuf", "http/json", "grpc"] | None = None,
    dialect: Literal["openinference", "gen_ai", "compact"] | None = None,
    exporters: SpanExporter | Iterable[SpanExporter] | None = None,
    instrument: bool | str | Iterable[str] | None = None,
    capture_content: bool | None = None,
    redact: Redact | Iterable[Redact] | None = None,
    max_content_chars: int | None = None,
    sample_rate: float | None = None,
    hooks: Iterable[Hook] = (),
    provider: TracerProvider | None = None,
    set_global: bool = True,
    debug: bool | None = None,
) -> Catalyst:
    """Trace this process; every setting is explained in docs/configuration.md.

    None means: the environment variable, else the default. With neither file, endpoint nor
    exporters, spans go to `.catalyst/traces.jsonl`. Raises ConfigError for a wrong argument.
    """
    given: dict[str, Any] = {
        "agent_name": agent_name,
        "agent_id": agent_id,
        "service_name": service_name,
        "service_version": service_version,
        "environment": environment,
        "session_id": session_id,
        "user_id": user_id,
        "file": file,
        "endpoint": endpoint,
        "api_key": api_key,
        "headers": headers,
        "protocol": protocol,
        "dialect": dialect,
        "instrument": instrument,
        "capture_content": capture_content,
        "redact": redact,
        "max_content_chars": max_content_chars,
        "sample_rate": sample_rate,
        "debug": debug,
    }
    joins = provider is not None or (set_global and existing_provider())
    settings = config.resolve(given, otel_endpoint=not joins)
    return _start(Request(settings, listed(exporters), tuple(hooks), provider, set_global))


def _start(request: Request) -> Catalyst:
    with lock:
        if (handle := in_force()) is not None:
            _say_what_is_ignored(handle.request.differences(request))
            return handle
        if request.settings.debug:
            _log_to_stderr()
        handle = Catalyst(request, None if request.settings.disabled else build(request))
        handle.put_in_force()
        _log.debug("instrumented %s, skipped %s", handle.instrumented, handle.skipped)
        return handle


def _say_what_is_ignored(changed: list[str]) -> None:
    if changed:
        _log.warning(
            "init() was called again with another %s; the first call stands. "
            "Call catalyst_sdk.shutdown() in between to replace it.",
            ", ".join(changed),
        )


def _log_to_stderr() -> None:
    _log.setLevel(logging.DEBUG)
    if not _log.hasHandlers():
        _log.addHandler(logging.StreamHandler())
