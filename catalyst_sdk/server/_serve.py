"""Running the server: uvicorn, logs, and words at the start."""

from __future__ import annotations

import logging
import signal
import socket
import sys
import time
from collections.abc import Callable
from typing import Any

import msgspec
import uvicorn

from catalyst_sdk.errors import CatalystError, ConfigError
from catalyst_sdk.server._app import build_app
from catalyst_sdk.server._settings import ServerSettings


def serve(settings: ServerSettings, *, on_listening: Callable[[int], None] | None = None) -> None:
    """Serve until told to stop (SIGINT, SIGTERM); what was accepted is finished first.

    *on_listening* hears the port once requests are answered.
    Raises ConfigError for an address in use, EngineError for a store in use.
    """
    _set_up_logs(json=settings.log_json)
    listening = _listen(settings)
    app = build_app(settings)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=10,
        timeout_keep_alive=75,
        server_header=False,
    )
    server = _Server(config)
    server.on_listening = on_listening
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stopped_as_asked)  # uvicorn hands the signal on when it is done
    server.run(sockets=[listening])
    if server.failure is not None:
        raise server.failure


def _stopped_as_asked(*_: object) -> None:
    """A server that was asked to stop has not failed."""


class _Server(uvicorn.Server):
    """Keeps the error that stopped the start, which uvicorn would only log."""

    failure: CatalystError | None = None
    on_listening: Callable[[int], None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        handler = _Catch()
        logging.getLogger("uvicorn.error").addFilter(handler)
        try:
            await super().startup(sockets)
        finally:
            logging.getLogger("uvicorn.error").removeFilter(handler)
        self.failure = handler.error
        if self.started and self.on_listening is not None and sockets:
            self.on_listening(sockets[0].getsockname()[1])

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        app: Any = self.config.app
        app.state.services.feed.end()  # those who listen would otherwise be waited for
        await super().shutdown(sockets)


class _Catch(logging.Filter):
    error: CatalystError | None = None

    def filter(self, record: logging.LogRecord) -> bool:
        found = record.exc_info[1] if record.exc_info else None
        if isinstance(found, CatalystError):
            self.error = found
        return self.error is None


def _listen(settings: ServerSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=1024)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ConfigError(
            f"Port {settings.port} on {settings.host} cannot be opened: {reason}.",
            hint="Choose another with --port, or stop what has it.",
        ) from error


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line).decode()


def _set_up_logs(*, json: bool) -> None:
    handler = logging.StreamHandler(sys.stderr)
    plain = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    handler.setFormatter(_JsonLines() if json else plain)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
