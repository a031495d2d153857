"""The loopback HTTP server: one thread a connection, JSON or server-sent events."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

import msgspec

from catalyst_sdk.demo.provider._metering import Meter, cut
from catalyst_sdk.demo.provider._protocol import ChatRequest, Refusal, Reply
from catalyst_sdk.demo.provider._wire import Answer, Numbering, refusal_document

Script = Callable[[ChatRequest], Reply | Refusal]
"""Decides what the model answers, from nothing but the request."""

_COMPLETIONS = "/v1/chat/completions"


class Pace(msgspec.Struct, frozen=True):
    """How long the model takes, in seconds: a real one's latency, scaled down."""

    first_token: float = 0.03
    token: float = 0.0005


class ScriptedProvider:
    """Serves the chat-completions protocol on 127.0.0.1 while its `with` block runs."""

    def __init__(self, script: Script, *, pace: Pace | None = None) -> None:
        self._server = _Server(script, pace or Pace())
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )

    @property
    def base_url(self) -> str:
        """What an OpenAI client takes as `base_url`."""
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> ScriptedProvider:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, script: Script, pace: Pace) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self._script = script
        self._meter = Meter()
        self._numbering = Numbering()
        self.pace = pace

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], OSError):  # a client that hung up is no error here
            super().handle_error(request, client_address)

    def answer(self, request: ChatRequest) -> Answer | Refusal:
        decision = self._script(request)
        if isinstance(decision, Refusal):
            return decision
        reply, finish_reason = cut(decision, request.token_limit)
        return Answer(
            number=self._numbering.next(),
            model=request.model,
            reply=reply,
            finish_reason=finish_reason,
            usage=self._meter.bill(request, reply),
        )


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body leave in one packet
    timeout = 30

    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride] - narrowed

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        outcome = self._outcome(body)
        if isinstance(outcome, Refusal):
            self._refuse(outcome)
            return
        request, answer = outcome
        pace = self.server.pace
        time.sleep(pace.first_token)
        if request.stream:
            options = request.stream_options
            self._stream(answer, include_usage=bool(options and options.include_usage))
        else:
            time.sleep(pace.token * answer.usage.completion)
            self._send(200, answer.document())

    def do_GET(self) -> None:
        self._refuse(_unknown(self.path))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name
        """Keep the terminal for the agent."""

    def _outcome(self, body: bytes) -> tuple[ChatRequest, Answer] | Refusal:
        if self.path != _COMPLETIONS:
            return _unknown(self.path)
        if not self.headers.get("Authorization", "").startswith("Bearer "):
            return Refusal(401, "You didn't provide an API key.", code="invalid_api_key")
        try:
            request = msgspec.json.decode(body, type=ChatRequest)
        except msgspec.DecodeError as error:
            return Refusal(400, f"Invalid request body: {error}")
        answer = self.server.answer(request)
        return answer if isinstance(answer, Refusal) else (request, answer)

    def _refuse(self, refusal: Refusal) -> None:
        headers: dict[str, str] = {}
        if refusal.retry_after_s is not None:
            headers["Retry-After"] = str(max(1, round(refusal.retry_after_s)))
            headers["Retry-After-Ms"] = str(round(refusal.retry_after_s * 1000))
        self._send(refusal.status, refusal_document(refusal), headers)

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, answer: Answer, *, include_usage: bool) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        events = list(answer.events(include_usage=include_usage))
        pause = self.server.pace.token * answer.usage.completion / len(events)
        for event in events:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(event), event))
            self.wfile.flush()
            time.sleep(pause)
        self.wfile.write(b"0\r\n\r\n")


def _unknown(path: str) -> Refusal:
    return Refusal(404, f"Unknown request URL: {path}.", code="unknown_url")
