"""One backend as seen from here: sending to it, and remembering how that went."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import Protocol

from catalyst_sdk.export._forks import import_unforked
from catalyst_sdk.export._notice import Notices
from catalyst_sdk.export.otlp._answer import Answer, Verdict
from catalyst_sdk.export.otlp._backoff import Backoff
from catalyst_sdk.export.otlp._request import Request

_log = logging.getLogger("catalyst_sdk.export")


class Transport(Protocol):
    """Carries serialised requests."""

    @property
    def protocol(self) -> str:
        """`http/protobuf`, `http/json` or `grpc`: what is spoken now."""
        ...

    def send(self, body: bytes, timeout: float) -> Answer:
        """Send a request, waiting at most *timeout* seconds; never raises for network or server."""
        ...

    def close(self) -> None:
        """Give up connections."""
        ...

    def start_afresh(self) -> None:
        """Forget connections, in a forked child."""
        ...


class Sender:
    """Sends requests, counts spans, and says each trouble once."""

    def __init__(
        self,
        transport: Transport,
        *,
        endpoint: str,
        timeout: float,
        backoff: Backoff,
        secrets: Sequence[str] = (),
    ) -> None:
        self.transport = transport
        self.backoff = backoff
        self.deadline = float("inf")
        """`time.monotonic()` after which the network is left alone."""
        self.delivered = 0
        self.dropped = 0
        self.last_error = ""
        self._endpoint = endpoint
        self._timeout = timeout
        self._secrets = secrets
        self._notices = Notices(_log)

    def attempt(self, request: Request) -> Answer:
        """Send a request, within the time there is."""
        timeout = min(self._timeout, self.deadline - time.monotonic())
        if timeout <= 0:
            return Answer(Verdict.LATER, "no time left")
        answer = self._send(request.body, timeout)
        if answer.verdict is Verdict.DELIVERED:
            self._delivered(answer, request.spans)
        else:
            self.last_error = answer.words
        if answer.verdict is Verdict.LATER:
            self.backoff.failed(answer.after)
        else:
            self.backoff.succeeded()
        return answer

    def probe(self, timeout: float) -> Answer:
        """Send an empty request, whatever is known of the backend."""
        return self._send(b"", timeout)

    def drop(self, spans: int, words: str) -> None:
        """Count spans that will not be delivered, and say why."""
        self.dropped += spans
        self.warn(words, "Spans for %s are dropped: %s", self._endpoint, words)

    def keep(self, words: str) -> None:
        """Say that spans are kept for later."""
        self.warn("kept", "%s: %s. Spans are kept and sent later.", self._endpoint, words)

    def warn(self, cause: str, message: str, *args: object) -> None:
        """Log one line per cause."""
        self._notices.warn(cause, message, *args)

    def _send(self, body: bytes, timeout: float) -> Answer:
        suppress = import_unforked("opentelemetry.instrumentation.utils").suppress_instrumentation
        with suppress():
            answer = self.transport.send(body, timeout)
        words = answer.words
        for secret in self._secrets:  # a server may quote what it was sent
            words = words.replace(secret, "…")
        return answer._replace(words=words)

    def _delivered(self, answer: Answer, spans: int) -> None:
        self.delivered += spans - answer.rejected
        self._notices.settled("kept", "%s takes spans again.", self._endpoint)
        if answer.rejected:
            self.drop(answer.rejected, f"partly rejected: {answer.words}")
        elif answer.words:
            self.warn(answer.words, "%s: %s", self._endpoint, answer.words)
