"""A provider's server on the loopback: scripted replies first, then recordings."""

from __future__ import annotations

import socket
import threading
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

import msgspec

from catalyst_sdk.instrumentation.testing._recordings import Recording, canonical
from catalyst_sdk.instrumentation.testing._replies import Drop, Hold, Reply, error_reply

_HOLD_SECONDS = 10


@dataclass(frozen=True)
class Received:
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return msgspec.json.decode(self.body)


class ProviderServer:
    """Answers on `url` until closed; a context manager."""

    def __init__(self, recordings: Iterable[Recording] = ()) -> None:
        self.received: list[Received] = []
        self.replayed: list[Recording] = []
        self._script: deque[Reply] = deque()
        self._recorded: dict[tuple[str, bytes], deque[Recording]] = defaultdict(deque)
        for recording in recordings:
            self._recorded[recording.key].append(recording)
        self._http = _Http(("127.0.0.1", 0), _handler_of(self))
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`."""
        return f"http://127.0.0.1:{self._http.server_port}"

    def script(self, *replies: Reply) -> None:
        """Answer the next requests with *replies*, in order."""
        self._script.extend(replies)

    def answer(self, request: Received) -> Reply:
        """The reply to *request*: scripted, recorded, or a 404 that says what was not found."""
        self.received.append(request)
        if self._script:
            return self._script.popleft()
        path = request.path.partition("?")[0]
        matching = self._recorded.get((path, canonical(request.body)))
        if not matching:
            return error_reply(404, f"nothing recorded for {path} {request.body[:200]!r}")
        matching.rotate(-1)  # the same request again gets the next recording of it
        self.replayed.append(matching[-1])
        return matching[-1].reply

    def close(self) -> None:
        """Stop listening."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def __enter__(self) -> ProviderServer:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self.close()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is what some tests are about."""


def _handler_of(server: ProviderServer) -> type[BaseHTTPRequestHandler]:
    return type("Handler", (_Handler,), {"provider": server})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each response waits 40 ms for an ACK
    provider: ProviderServer

    def do_POST(self) -> None:
        size = int(self.headers.get("content-length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        received = Received(self.command, self.path, headers, self.rfile.read(size))
        try:
            self._send(self.provider.answer(received))
        except (BrokenPipeError, ConnectionResetError):  # the client has gone, as tests make it
            self.close_connection = True

    do_GET = do_POST  # noqa: N815 - the name http.server looks for

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        self.send_header("content-type", reply.content_type)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if len(reply.pieces) == 1 and isinstance(reply.pieces[0], bytes):
            self.send_header("content-length", str(len(reply.pieces[0])))
            self.end_headers()
            self.wfile.write(reply.pieces[0])
            return
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        self._send_chunks(reply)

    def _send_chunks(self, reply: Reply) -> None:
        for piece in reply.pieces:
            if isinstance(piece, Drop):
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            if isinstance(piece, Hold):
                piece.until.wait(_HOLD_SECONDS)
            elif piece:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        """Tests have their own output."""
