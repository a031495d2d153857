"""OTLP over HTTP, as protobuf or JSON."""

from __future__ import annotations

import gzip
import logging
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from catalyst_sdk.export._forks import import_unforked
from catalyst_sdk.export._notice import Notices
from catalyst_sdk.export.otlp._answer import Answer, Verdict
from catalyst_sdk.export.otlp._request import SERVICE_MODULE, to_json

_log = logging.getLogger("catalyst_sdk.export")
_CONNECT_SECONDS = 5.0
_MOST_WORDS = 300
_CONTENT_TYPES = {"http/protobuf": "application/x-protobuf", "http/json": "application/json"}
_VERDICTS = {
    408: Verdict.LATER,
    413: Verdict.TOO_LARGE,
    429: Verdict.LATER,
    502: Verdict.LATER,
    503: Verdict.LATER,
    504: Verdict.LATER,
}


class _Partial(
    msgspec.Struct,
    frozen=True,
    rename={"rejected": "rejectedSpans", "message": "errorMessage"},
):
    rejected: int | str | None = None
    message: str | None = None


class _Response(msgspec.Struct, rename={"partial": "partialSuccess"}):
    """ExportTraceServiceResponse as JSON."""

    partial: _Partial = _Partial()


class HttpTransport:
    """Posts requests to *url*; turns to JSON when the server says it does not take protobuf."""

    def __init__(
        self,
        url: str,
        *,
        shown: str,
        headers: Mapping[str, str],
        protocol: str,
        compress: bool,
        verify: str | None = None,
        client_certificate: str | tuple[str, str] | None = None,
    ) -> None:
        self.protocol = protocol
        self._url = url
        self._shown = shown
        self._headers = dict(headers)
        self._compress = compress
        self._verify = verify
        self._client_certificate = client_certificate
        self._notices = Notices(_log)
        self._session: Any = None

    def send(self, body: bytes, timeout: float) -> Answer:
        """Send a serialised request; never raises for what a network or server does."""
        answer = self._post(body, timeout)
        if answer is None and self.protocol == "http/protobuf":
            self.protocol = "http/json"
            self._notices.warn(
                "415", "%s does not take protobuf: sending OTLP/JSON from now on.", self._shown
            )
            answer = self._post(body, timeout)
        return answer or Answer(Verdict.REFUSED, "HTTP 415 Unsupported Media Type")

    def close(self) -> None:
        """Close the connections."""
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def start_afresh(self) -> None:
        """In a forked child: the parent's connections are left alone."""
        self._session = None

    def _post(self, body: bytes, timeout: float) -> Answer | None:
        """The answer, None for 415."""
        requests: Any = import_unforked("requests")
        data = to_json(body) if self.protocol == "http/json" else body
        headers = {"Content-Type": _CONTENT_TYPES[self.protocol], **self._headers}
        if self._compress:
            data = gzip.compress(data, compresslevel=6, mtime=0)
            headers["Content-Encoding"] = "gzip"
        try:
            response = self._open_session().post(
                self._url,
                data=data,
                headers=headers,
                timeout=(min(timeout, _CONNECT_SECONDS), timeout),
                allow_redirects=False,  # requests would repeat a POST as a GET
            )
        except (requests.ConnectionError, requests.Timeout) as error:
            return Answer(Verdict.LATER, _cause(error))
        except (requests.RequestException, ValueError) as error:
            return Answer(Verdict.REFUSED, _cause(error))
        return _read(response)

    def _open_session(self) -> Any:
        if self._session is None:
            session = import_unforked("requests").Session()
            # Else requests would let ~/.netrc override the Authorization header.
            session.auth = _as_it_is
            if self._verify is not None:
                session.verify = self._verify
            session.cert = self._client_certificate
            self._session = session
        return self._session


def _as_it_is(request: Any) -> Any:
    return request


def _read(response: Any) -> Answer | None:
    status = int(response.status_code)
    if status == 415:
        return None
    if 200 <= status < 300:
        return _accepted(response)
    words = f"HTTP {status} {_words(response)}".rstrip()
    if 300 <= status < 400:
        where = response.headers.get("Location", "elsewhere")
        return Answer(Verdict.REFUSED, f"{words} (it redirects to {where}: use that endpoint)")
    default = Verdict.FAILED if status >= 500 else Verdict.REFUSED
    return Answer(_VERDICTS.get(status, default), words, _retry_after(response))


def _accepted(response: Any) -> Answer:
    body = response.content
    if not body:
        return Answer(Verdict.DELIVERED)
    try:
        if "json" in response.headers.get("Content-Type", ""):
            partial = msgspec.json.decode(body, type=_Response).partial
            return Answer(
                Verdict.DELIVERED, partial.message or "", rejected=int(partial.rejected or 0)
            )
        return partial_success(body)
    except Exception:  # noqa: BLE001 - whatever it says, it said 2xx
        return Answer(Verdict.DELIVERED)


def partial_success(body: bytes) -> Answer:
    """Read a serialised ExportTraceServiceResponse."""
    response = import_unforked(SERVICE_MODULE).ExportTraceServiceResponse()
    response.ParseFromString(body)
    partial = response.partial_success
    return Answer(Verdict.DELIVERED, partial.error_message, rejected=partial.rejected_spans)


def _words(response: Any) -> str:
    """What the server says is wrong: of its body what is text, else its reason phrase."""
    kind = response.headers.get("Content-Type", "")
    text = "" if "protobuf" in kind else str(response.text)
    if "html" in kind:
        text = ""
    text = " ".join(text.split())[:_MOST_WORDS]
    return text or str(response.reason or "")


def _retry_after(response: Any) -> float | None:
    value = response.headers.get("Retry-After")
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None


def _cause(error: Exception) -> str:
    """The innermost reason: requests wraps urllib3, which wraps the socket's."""
    inner: BaseException = error
    for _ in range(8):
        within = (getattr(inner, "reason", None), *inner.args[:1], inner.__cause__)
        deeper = next((one for one in within if isinstance(one, BaseException)), None)
        if deeper is None:
            break
        inner = deeper
    # urllib3 puts the object's repr before the reason.
    reason = str(inner).rpartition(": Failed to establish a new connection: ")[2]
    return f"{type(error).__name__}: {reason}"[:_MOST_WORDS]
