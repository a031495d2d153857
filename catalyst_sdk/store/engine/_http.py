"""ClickHouse's HTTP protocol, as far as clickhouse-connect speaks it, over the embedded engine.

Source: ClickHouse documentation, "HTTP Interface". Queries come in the body or the `query`
parameter, parameters as `param_*`, settings as any other parameter; an error is status 500 with
`X-ClickHouse-Exception-Code`.
"""

from __future__ import annotations

import base64
import gzip
import hmac
import re
import socket
from email.message import Message
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

from catalyst_sdk.store.engine._session import Sessions

_CODE = re.compile(r"Code: (\d+)")
_INSERT_HEAD = re.compile(rb"\s*INSERT\s+INTO\s[^\n]*?\sFORMAT\s+\w+[ \t]*\n", re.IGNORECASE)
_NOT_SETTINGS = frozenset({"query", "database", "user", "password", "default_format"})


class EngineServer(ThreadingHTTPServer):
    """Serves one engine on an already listening socket, to clients that know the token."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, listening: socket.socket, sessions: Sessions, token: str) -> None:
        super().__init__(listening.getsockname()[:2], _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listening
        self.server_address = listening.getsockname()[:2]
        self.sessions = sessions
        self.expected = "Basic " + base64.b64encode(f"catalyst:{token}".encode()).decode()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no event."""


def _form(content_type: str, body: bytes) -> dict[str, str]:
    """Read the fields of a multipart body (RFC 7578)."""
    message = BytesParser().parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    parts = cast("list[Message]", message.get_payload())
    fields = ((part.get_param("name", header="content-disposition"), part) for part in parts)
    return {
        str(name): cast("bytes", part.get_payload(decode=True)).decode() for name, part in fields
    }


class _Handler(BaseHTTPRequestHandler):
    server: EngineServer  # pyright: ignore[reportIncompatibleVariableOverride]
    protocol_version = "HTTP/1.1"
    timeout = 600

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def finish(self) -> None:
        super().finish()
        self.server.sessions.release()

    def do_GET(self) -> None:
        if urlsplit(self.path).path == "/ping":
            self._answer(200, b"Ok.\n")
        else:
            self._run(b"")

    def do_POST(self) -> None:
        body = self._body()
        encoding = self.headers.get("Content-Encoding", "")
        if encoding == "gzip":
            body = gzip.decompress(body)
        elif encoding:
            self._answer(400, f"Content-Encoding {encoding} is not supported here".encode())
            return
        self._run(body)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        chunks: list[bytes] = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _run(self, body: bytes) -> None:
        if not hmac.compare_digest(self.headers.get("Authorization", ""), self.server.expected):
            self._answer(403, b"Code: 516. Authentication failed", code="516")
            return
        query = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        if (kind := self.headers.get("Content-Type", "")).startswith("multipart/form-data"):
            # Where the client puts parameters that are too long for a URL.
            query, body = query | _form(kind, body), b""
        sql = query.get("query", "")
        if head := _INSERT_HEAD.match(body):
            sql, body = body[: head.end()].decode(), body[head.end() :]
        elif sql.lstrip()[:6].upper() != "INSERT":
            sql, body = f"{sql}\n{body.decode()}", b""
        try:
            result = self.server.sessions.run(
                sql,
                body,
                default_format=query.get("default_format", "TabSeparated"),
                settings={k: v for k, v in query.items() if k not in _NOT_SETTINGS},
                params={k[6:]: v for k, v in query.items() if k.startswith("param_")},
            )
        except Exception as error:  # noqa: BLE001 - whatever the engine raises is its answer
            text = str(error)
            code = _CODE.search(text)
            self._answer(500, text.encode(), code=code.group(1) if code else "1002")
            return
        self._answer(200, result)

    def _answer(self, status: int, body: bytes, *, code: str = "") -> None:
        self.send_response_only(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-ClickHouse-Timezone", "UTC")
        self.send_header("X-ClickHouse-Summary", "{}")
        if code:
            self.send_header("X-ClickHouse-Exception-Code", code)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing: the supervisor logs."""
