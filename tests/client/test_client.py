"""The client says in our own errors what a server, or its absence, answers."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from catalyst_sdk.client import Client, ServerError
from catalyst_sdk.errors import AmbiguousId, ConfigError, NotFound, Unauthorised, Unreachable

COUNT = b'{"count": 3, "capped": false}'
Serve = Callable[..., "Scripted"]


class Scripted:
    """A server that gives its answers one after another and remembers what it was asked."""

    def __init__(self, *answers: tuple[int, dict[str, str], bytes]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.url = ""


@contextmanager
def _serving(script: Scripted) -> Iterator[Scripted]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            script.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
            status, headers, body = script.answers.pop(0)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    script.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield script
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _refusal(code: str, **more: object) -> bytes:
    return json.dumps({"error": "No.", "code": code, "hint": "Try.", **more}).encode()


def test_a_busy_server_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("catalyst_sdk.client._http.time.sleep", waited.append)
    busy = (429, {"Retry-After": "2"}, _refusal("busy"))
    full = (503, {}, _refusal("journal_full"))
    with _serving(Scripted(busy, full, (200, {}, COUNT))) as script, Client(script.url) as client:
        assert client.count_traces().count == 3
    assert waited == [2.0, 0.5]


def test_a_server_that_stays_busy_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalyst_sdk.client._http.time.sleep", lambda _: None)
    answers = [(503, {}, _refusal("journal_full"))] * 4
    with (
        _serving(Scripted(*answers)) as script,
        Client(script.url) as client,
        pytest.raises(ServerError) as failed,
    ):
        client.count_traces()
    assert (failed.value.code, failed.value.hint) == ("journal_full", "Try.")


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, _refusal("unauthorised"), Unauthorised),
        (403, _refusal("forbidden"), Unauthorised),
        (404, _refusal("not_found"), NotFound),
        (400, _refusal("usage"), ConfigError),
        (400, _refusal("ambiguous_id", candidates=["a", "b"]), AmbiguousId),
        (502, b"<html>bad gateway", ServerError),
        (404, b"", ServerError),
    ],
)
def test_a_refusal_is_an_error_of_ours(status: int, body: bytes, kind: type[Exception]) -> None:
    with (
        _serving(Scripted((status, {}, body))) as script,
        Client(script.url) as client,
        pytest.raises(kind),
    ):
        client.count_traces()


def test_a_connection_that_was_closed_meanwhile_is_made_anew() -> None:
    answers = [(200, {"Connection": "close"}, COUNT), (200, {}, COUNT)]
    with _serving(Scripted(*answers)) as script, Client(script.url) as client:
        assert client.count_traces().count == client.count_traces().count == 3


def test_nobody_listening_is_told_with_the_way_to_start() -> None:
    with Client("http://127.0.0.1:9") as client, pytest.raises(Unreachable) as gone:
        client.identity()
    assert "catalyst serve" in gone.value.hint


def test_key_and_project_go_into_headers_alone_and_words_are_escaped() -> None:
    item = _refusal("not_found")
    with (
        _serving(Scripted((404, {}, item))) as script,
        Client(script.url, "ck_secret", project="shop") as client,
        pytest.raises(NotFound),
    ):
        client.agent("a/b ?", from_="1h", q='model:"x&y"')
    path, headers = script.asked[0]
    assert path == "/api/v1/agents/a%2Fb%20%3F?from=1h&q=model%3A%22x%26y%22"
    assert headers["authorization"] == "Bearer ck_secret"
    assert headers["x-catalyst-project"] == "shop"


def test_an_address_that_is_none_is_refused() -> None:
    for wrong in ("ftp://x", "http://", "  "):
        with pytest.raises(ConfigError):
            Client(wrong)
