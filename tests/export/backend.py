"""A small OTLP/HTTP server on loopback that answers as it is told."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass
class Reply:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def kept_names(spool: Path) -> list[str]:
    """The names of the spans in the files of a spool, oldest file first."""
    return [
        name
        for path in sorted(spool.rglob("*.otlp.gz"), key=lambda path: path.name)
        for name in Got("", {"content-type": ""}, gzip.decompress(path.read_bytes())).names
    ]


@dataclass
class Got:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def request(self) -> ExportTraceServiceRequest:
        request = ExportTraceServiceRequest()
        request.ParseFromString(self.body)
        return request

    @property
    def document(self) -> dict[str, Any]:
        return json.loads(self.body)

    @property
    def names(self) -> list[str]:
        if self.headers["content-type"] == "application/json":
            return [
                span["name"]
                for resource in self.document["resourceSpans"]
                for scope in resource["scopeSpans"]
                for span in scope["spans"]
            ]
        return [
            span.name
            for resource in self.request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


Script = Callable[[Got], Reply]


class Backend:
    """`got` lists every request; `taken` the names of the spans of those answered with 2xx."""

    def __init__(self, script: Script | None = None, port: int = 0) -> None:
        self.script: Script = script or (lambda got: Reply())
        self.got: list[Got] = []
        self.taken: list[str] = []
        self.changed = threading.Condition()
        backend = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                headers = {name.lower(): value for name, value in self.headers.items()}
                backend.answer(self, Got(self.path, headers, body))

            def log_message(self, *args: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                pass  # a client that gave up

        self._server = Server(("127.0.0.1", port), Handler)
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def answer(self, handler: BaseHTTPRequestHandler, got: Got) -> None:
        with self.changed:
            self.got.append(got)
            self.changed.notify_all()
        reply = self.script(got)
        if reply.status < 300:
            with self.changed:
                self.taken += got.names
                self.changed.notify_all()
        handler.send_response(reply.status)
        for name, value in reply.headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(reply.body)))
        handler.end_headers()
        handler.wfile.write(reply.body)

    def wait_for(self, condition: Callable[[], bool], timeout: float = 30.0) -> None:
        with self.changed:
            assert self.changed.wait_for(condition, timeout), (len(self.got), self.taken[:10])

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
