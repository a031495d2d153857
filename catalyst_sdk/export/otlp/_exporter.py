"""Spans to an OTLP backend, by way of a spool on disk while it is away."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from catalyst_sdk.errors import ConfigError
from catalyst_sdk.export._forks import start_afresh_in_children
from catalyst_sdk.export._mend import sound_span
from catalyst_sdk.export.dialects import find_dialect
from catalyst_sdk.export.otlp._answer import Answer, Verdict
from catalyst_sdk.export.otlp._backoff import Backoff
from catalyst_sdk.export.otlp._courier import Courier
from catalyst_sdk.export.otlp._endpoint import Endpoint, parse_endpoint
from catalyst_sdk.export.otlp._grpc import GrpcTransport
from catalyst_sdk.export.otlp._health import Health, Probe
from catalyst_sdk.export.otlp._http import HttpTransport
from catalyst_sdk.export.otlp._request import Request, divide, encode
from catalyst_sdk.export.otlp._sender import Sender, Transport
from catalyst_sdk.export.otlp._spool import Spool, spool_directory

_HTTP = ("http/protobuf", "http/json")
_MARGIN_SECONDS = 1.0
_USER_AGENT = "catalyst-sdk"


class OtlpSpanExporter(SpanExporter):
    """Sends spans to *endpoint* (`http://host:8799` → `/v1/traces`) in *dialect*.

    Requests are gzipped, at most *max_request_bytes* before that, and halved when the server says
    413. What cannot be delivered now is kept on disk in *spool_dir* (None: `spool_directory()`),
    up to *max_spool_bytes*, and sent when the backend is back, by this process or the next. Without
    a spool (False) a request is repeated for *patience* seconds, then dropped and counted. Times
    are in seconds.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        api_key: str | None = None,
        headers: Mapping[str, str] | None = None,
        protocol: Literal["http/protobuf", "http/json", "grpc"] = "http/protobuf",
        dialect: str | None = None,
        compression: Literal["gzip", "none"] = "gzip",
        timeout: float = 10.0,
        spool_dir: str | os.PathLike[str] | Literal[False] | None = None,
        max_spool_bytes: int = 256 * 1024 * 1024,
        max_request_bytes: int = 4 * 1024 * 1024,
        patience: float = 60.0,
        retry_delay: float = 1.0,
        certificate_file: str | None = None,
        client_certificate: str | tuple[str, str] | None = None,
    ) -> None:
        where = parse_endpoint(endpoint, grpc=protocol == "grpc")
        self.endpoint = where.shown
        self.dialect = dialect or "openinference"
        self._reshape = find_dialect(self.dialect)
        self._max_request_bytes = max_request_bytes
        self._patience = patience
        sent = _headers(where, api_key, headers)
        self._sender = Sender(
            _transport(where, protocol, compression, sent, certificate_file, client_certificate),
            endpoint=where.shown,
            timeout=timeout,
            backoff=Backoff(retry_delay),
            secrets=_secrets(sent),
        )
        self._spool = self._courier = None
        if spool_dir is not False:
            directory = Path(spool_dir) if spool_dir is not None else spool_directory()
            self._spool = Spool(_own_directory(directory, where, sent), max_bytes=max_spool_bytes)
            self._courier = Courier(self._spool, self._sender)
        self._closing = threading.Event()
        self._in_flight: dict[int, Request] = {}
        self._deliver_what_was_left()
        start_afresh_in_children(self)

    @property
    def dropped(self) -> int:
        """Spans that will not be delivered."""
        return self._sender.dropped + (self._spool.damaged if self._spool else 0)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """SUCCESS when every span is with the backend or in the spool."""
        try:
            request = encode([self._reshaped(span) for span in spans])
        except Exception as error:  # noqa: BLE001 - what the official encoder cannot take
            self._sender.drop(len(spans), f"cannot be encoded: {type(error).__name__}: {error}")
            return SpanExportResult.FAILURE
        taken = self._deliver(request)
        return SpanExportResult.SUCCESS if taken else SpanExportResult.FAILURE

    def finish_by(self, deadline: float) -> None:
        """Leave the network alone shortly before *deadline* (`time.monotonic()`); keep the rest."""
        now = time.monotonic()
        self._sender.deadline = deadline - min(_MARGIN_SECONDS, max(0.0, deadline - now) / 5)

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """True: `export` returns when its spans are delivered or kept."""
        return True

    def shutdown(self) -> None:
        """Deliver what the spool holds if the backend is there, keep what is under way."""
        if self._closing.is_set():
            return
        self._closing.set()
        deadline = self._sender.deadline
        if deadline == float("inf"):
            self._sender.deadline = deadline = time.monotonic() + _MARGIN_SECONDS
        if self._courier is not None:
            self._last_round(self._courier, deadline)
        self._keep_in_flight()
        self._sender.transport.close()

    def start_afresh(self) -> None:
        """In a forked child: connections, threads and what is under way are the parent's."""
        self._closing = threading.Event()
        self._in_flight = {}
        self._sender.transport.start_afresh()
        if self._courier is not None:
            self._courier.start_afresh()

    def health(self) -> Health:
        """Counters, last error, size of the spool."""
        kept = self._spool.size() if self._spool else (0, 0)
        return Health(
            endpoint=self.endpoint,
            protocol=self._sender.transport.protocol,
            dialect=self.dialect,
            delivered=self._sender.delivered,
            dropped=self.dropped,
            last_error=self._sender.last_error,
            retry_in=self._sender.backoff.left,
            spool_dir=str(self._spool.directory) if self._spool else "",
            spooled_bytes=kept[0],
            spooled_files=kept[1],
        )

    def probe(self, timeout: float = 5.0) -> Probe:
        """Send an empty request, whatever is known of the backend."""
        start = time.perf_counter()
        answer = self._sender.probe(timeout)
        return Probe(
            ok=answer.verdict is Verdict.DELIVERED,
            latency_ms=(time.perf_counter() - start) * 1000,
            words=answer.words,
        )

    def _reshaped(self, span: ReadableSpan) -> ReadableSpan:
        sound = sound_span(span)
        try:
            return self._reshape(sound)
        except Exception as error:  # noqa: BLE001 - a span we cannot reshape goes as it is
            cause = f"{type(error).__name__}: {error}"
            self._sender.warn(cause, "A span could not be put into %s: %s", self.dialect, cause)
            return sound

    def _deliver(self, request: Request) -> bool:
        """Whether the request is with the backend or in the spool."""
        if len(request.body) > self._max_request_bytes and request.spans > 1:
            return self._deliver_parts(request)
        answer = self._attempt(request)
        if answer is None:
            return True
        if answer.verdict in (Verdict.LATER, Verdict.FAILED):
            kept = self._keep(request, answer.words)
            if kept is not None:
                return kept
            answer = self._repeat(request, answer)
        if answer.verdict is Verdict.TOO_LARGE and request.spans > 1:
            return self._deliver_parts(request)
        if answer.verdict is not Verdict.DELIVERED:
            self._sender.drop(request.spans, answer.words)
            return False
        return True

    def _deliver_parts(self, request: Request) -> bool:
        taken = [self._deliver(part) for part in divide(request.body)]  # each, whatever the first
        return all(taken)

    def _attempt(self, request: Request) -> Answer | None:
        """The answer, or None when shutdown has put the request into the spool meanwhile."""
        if self._spool is not None and self._sender.backoff.away:
            return Answer(Verdict.LATER, self._sender.last_error)
        ticket = threading.get_ident()
        self._in_flight[ticket] = request
        answer = self._sender.attempt(request)
        return answer if self._in_flight.pop(ticket, None) is not None else None

    def _repeat(self, request: Request, answer: Answer) -> Answer:
        """Without a spool: try again until it works or *patience* is over."""
        until = time.monotonic() + self._patience
        while answer.verdict in (Verdict.LATER, Verdict.FAILED):
            if answer.verdict is Verdict.FAILED:
                self._sender.backoff.failed(answer.after)
            left = self._sender.backoff.left
            if time.monotonic() + left > min(until, self._sender.deadline):
                break
            if self._closing.wait(left):
                break
            answer = self._sender.attempt(request)
        return answer

    def _keep(self, request: Request, words: str) -> bool | None:
        """Whether the spool has it; None when there is no spool, or it cannot be written."""
        if self._spool is None or self._courier is None:
            return None
        try:
            kept = self._spool.add(request)
        except OSError as error:
            self._sender.warn("spool", "The spool cannot be written: %s", error)
            return None
        if not kept:
            self._sender.drop(request.spans, f"the spool {self._spool.directory} is full")
            return False
        self._sender.keep(words)
        self._courier.wake()
        return True

    def _last_round(self, courier: Courier, deadline: float) -> None:
        courier.close(deadline - time.monotonic())
        wait = self._sender.backoff.left
        if time.monotonic() + wait < deadline and self._spool is not None and self._spool.names():
            time.sleep(wait)
            with suppress(OSError):
                courier.deliver()

    def _keep_in_flight(self) -> None:
        for ticket in list(self._in_flight) if self._spool is not None else ():
            request = self._in_flight.pop(ticket, None)
            if request is not None and self._keep(request, "no time left") is None:
                self._sender.drop(request.spans, "no time left")

    def _deliver_what_was_left(self) -> None:
        if self._spool is not None and self._courier is not None:
            self._spool.sweep()
            if self._spool.names():
                self._courier.wake()


def _headers(
    where: Endpoint, api_key: str | None, headers: Mapping[str, str] | None
) -> dict[str, str]:
    sent = {"User-Agent": _USER_AGENT}
    if api_key:  # read from a file, it often ends in a newline
        sent["Authorization"] = f"Bearer {api_key.strip()}"
    elif where.authorization:
        sent["Authorization"] = where.authorization
    for name, value in (headers or {}).items():
        if name.lower() == "authorization":
            sent.pop("Authorization", None)
        sent[name] = value
    return sent


def _secrets(headers: Mapping[str, str]) -> list[str]:
    """What must not be logged, whoever says it."""
    words = [word for value in headers.values() for word in value.split()]
    return [word for word in words if len(word) >= 8 and word != _USER_AGENT]


def _transport(
    where: Endpoint,
    protocol: str,
    compression: str,
    headers: Mapping[str, str],
    verify: str | None,
    client_certificate: str | tuple[str, str] | None,
) -> Transport:
    if compression not in ("gzip", "none"):
        raise ConfigError(f"compression must be 'gzip' or 'none', not {compression!r}.")
    compress = compression == "gzip"
    if protocol == "grpc":
        return GrpcTransport(
            where.target,
            secure=where.secure,
            headers={n: v for n, v in headers.items() if n != "User-Agent"},
            compress=compress,
            verify=verify,
            client_certificate=client_certificate,
        )
    if protocol not in _HTTP:
        raise ConfigError(
            f"There is no protocol {protocol!r}.", hint="One of: http/protobuf, http/json, grpc"
        )
    return HttpTransport(
        where.url,
        shown=where.shown,
        headers=headers,
        protocol=protocol,
        compress=compress,
        verify=verify,
        client_certificate=client_certificate,
    )


def _own_directory(spools: Path, where: Endpoint, headers: Mapping[str, str]) -> Path:
    """A directory per backend and key: no project's spans are sent with another's key."""
    keys = sorted((name.lower(), value) for name, value in headers.items())
    digest = hashlib.sha256(repr((where.url, keys)).encode()).hexdigest()[:16]
    host = urlsplit(where.url).hostname or "backend"
    return spools.absolute() / f"{host.replace(':', '_')}-{digest}"
