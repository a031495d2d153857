"""HTTP by the standard library: one connection, retries, errors as our own."""

from __future__ import annotations

import http.client
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

import msgspec

from catalyst_sdk.errors import (
    AmbiguousId,
    BadInput,
    CatalystError,
    ConfigError,
    NotFound,
    Unauthorised,
    Unreachable,
)

Params = Mapping[str, "str | int | bool | None"]
_AGAIN = (429, 503)
_RETRIES = 3
_PIECE = 1 << 16


class ServerError(CatalystError):
    """The server failed, or answered what this client does not know."""

    code = "error"


class _Problem(msgspec.Struct):
    error: str = ""
    code: str = "error"
    hint: str = ""
    candidates: list[str] = []


class Answer(NamedTuple):
    """Status, headers (lower-case names) and body."""

    status: int
    headers: dict[str, str]
    body: bytes


class Http:
    """Requests to one server; a connection for each thread."""

    def __init__(self, endpoint: str, headers: Mapping[str, str], timeout: float) -> None:
        endpoint = endpoint.strip()
        parts = urlsplit(endpoint if "://" in endpoint else f"http://{endpoint}")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigError(
                f"{endpoint!r} is no address of a server.", hint="Say http://127.0.0.1:8799"
            )
        self.endpoint = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        self._secure = parts.scheme == "https"
        self._host, self._port = parts.hostname, parts.port
        self._prefix = parts.path.rstrip("/")
        self._headers = {"Accept": "application/json", **headers}
        self._timeout = timeout
        self._local = threading.local()

    def request(
        self,
        method: str,
        path: str,
        params: Params | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Make one request; what the server refuses becomes a CatalystError."""
        attempt = 0
        while True:
            answer = self._answer(method, path, params or {}, body, headers or {})
            if answer.status not in _AGAIN or attempt == _RETRIES:
                break
            time.sleep(_pause(answer, attempt))
            attempt += 1
        if answer.status >= 400:
            raise _error(answer)
        return answer

    def stream(self, path: str, params: Params) -> Iterator[bytes]:
        """Yield the pieces of a long answer."""
        response = self._send("GET", path, params, None, {})
        if response.status >= 400:
            raise _error(Answer(response.status, {}, response.read()))
        while piece := response.read(_PIECE):
            yield piece

    def close(self) -> None:
        """Close this thread's connection."""
        connection = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
            self._local.connection = None

    def _answer(
        self, method: str, path: str, params: Params, body: bytes | None, headers: Mapping[str, str]
    ) -> Answer:
        response = self._send(method, path, params, body, headers)
        told = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, told, response.read())

    def _send(
        self, method: str, path: str, params: Params, body: bytes | None, headers: Mapping[str, str]
    ) -> http.client.HTTPResponse:
        target = self._prefix + path + _query(params)
        kept: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if kept is not None and kept.sock is not None:
            try:
                kept.request(method, target, body, {**self._headers, **headers})
                return kept.getresponse()
            except (ConnectionError, http.client.HTTPException):
                kept.close()  # the server has closed it since: once more on a new one
        fresh = self._local.connection = self._connect()
        try:
            fresh.request(method, target, body, {**self._headers, **headers})
            return fresh.getresponse()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise self._unreachable(error) from error

    def _connect(self) -> http.client.HTTPConnection:
        if not self._secure:
            return http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(
            self._host, self._port, timeout=self._timeout, context=context
        )

    def _unreachable(self, error: Exception) -> Unreachable:
        reason = str(getattr(error, "strerror", None) or error or type(error).__name__).lower()
        return Unreachable(
            f"{self.endpoint} does not answer: {reason}.", hint="Start it with: catalyst serve"
        )


def _query(params: Params) -> str:
    given = {
        name: ("true" if value else "false") if isinstance(value, bool) else str(value)
        for name, value in params.items()
        if value is not None and value != ""
    }
    return f"?{urlencode(given)}" if given else ""


def _pause(answer: Answer, attempt: int) -> float:
    told = answer.headers.get("retry-after", "")
    return min(float(told), 10.0) if told.isdigit() else 0.25 * 2**attempt


def _error(answer: Answer) -> CatalystError:
    try:
        problem = msgspec.json.decode(answer.body, type=_Problem)
    except msgspec.MsgspecError:
        problem = _Problem(f"The server answered {answer.status} {answer.body[:120]!r}.")
    if answer.status in (401, 403):
        return Unauthorised(problem.error, hint=problem.hint)
    if problem.code == "ambiguous_id":
        return AmbiguousId(problem.error, problem.candidates)
    kinds: dict[str, type[CatalystError]] = {
        "not_found": NotFound,
        "usage": ConfigError,
        "bad_input": BadInput,
    }
    error = kinds.get(problem.code, ServerError)(problem.error, hint=problem.hint)
    error.code = problem.code
    return error
