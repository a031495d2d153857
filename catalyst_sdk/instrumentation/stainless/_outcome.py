"""What a request returned, and where its span ends: here, or when the stream does."""

from __future__ import annotations

import sys
from typing import Any

from catalyst_sdk.instrumentation._boundary import report_failure
from catalyst_sdk.instrumentation.llm import (
    Answer,
    AsyncObserver,
    ModelCall,
    StreamWatch,
    SyncObserver,
)
from catalyst_sdk.instrumentation.stainless._body import on_bytes, on_close
from catalyst_sdk.instrumentation.stainless._bytes import BytesReader, decoded
from catalyst_sdk.instrumentation.stainless._endpoint import Endpoint
from catalyst_sdk.instrumentation.stainless._pending import PendingCalls
from catalyst_sdk.instrumentation.stainless._unnamed import unnamed_members
from catalyst_sdk.instrumentation.stainless._view import view

Types = tuple[type, ...]


class Outcomes:
    """Ends the span of a call with what the SDK returned, without touching what it is."""

    def __init__(
        self, package: str, pending: PendingCalls, *, rebuilds_streams: bool, debug: bool
    ) -> None:
        self._package = package
        self._pending = pending
        self._rebuilds_streams = rebuilds_streams
        self._debug = debug
        self._types: tuple[Types, Types] | None = None

    def settle(self, call: ModelCall, endpoint: Endpoint, result: Any) -> None:
        """End the span with *result*, or let the stream or raw response in it do so."""
        try:
            if not call.recording:
                call.finish()
            else:
                self._settle(call, endpoint, result)
        except Exception:  # noqa: BLE001 - the user has the answer whether or not we can read it
            report_failure("an answer could not be read")
            call.finish()

    def readable(self, result: Any) -> Any:
        """*result* with members to read, None where it holds none (yet)."""
        streams, raw = self._types_of_results()
        if isinstance(result, streams):
            return None
        if not isinstance(result, raw):
            return view(result)
        body = getattr(result.http_response, "_content", None)
        return None if body is None else decoded(body)

    def _settle(self, call: ModelCall, endpoint: Endpoint, result: Any) -> None:
        streams, raw = self._types_of_results()
        if isinstance(result, streams):
            if self._rebuilds_streams:
                _observe_raw(result.response, call, endpoint)
            else:
                _observe_stream(result, call, endpoint)
            return
        answer = self.readable(result)
        key = endpoint.pending(answer) if answer is not None else None
        if key is not None:
            self._pending.keep(key, call, endpoint, answer, result)
        elif answer is None and isinstance(result, raw):
            _observe_raw(result.http_response, call, endpoint)
        elif type(result).__module__.startswith("httpx"):
            _observe_raw(result, call, endpoint)
        else:
            self._finish(call, endpoint.answer(answer), answer)

    def _finish(self, call: ModelCall, read: Answer, answer: Any) -> None:
        if self._debug:
            read.attributes = {**unnamed_members(answer), **read.attributes}
        call.finish(read, outcome="complete")

    def _types_of_results(self) -> tuple[Types, Types]:
        """Streams and raw responses; looked up once there is one, since SDKs import lazily."""
        if self._types is None:
            streaming = sys.modules[f"{self._package}._streaming"]
            raw = [sys.modules[f"{self._package}._response"].BaseAPIResponse]
            if legacy := sys.modules.get(f"{self._package}._legacy_response"):
                raw.append(legacy.LegacyAPIResponse)
            self._types = ((streaming.Stream, streaming.AsyncStream), tuple(raw))
        return self._types


def _observe_stream(stream: Any, call: ModelCall, endpoint: Endpoint) -> None:
    watch = StreamWatch(call, endpoint.reader())
    iterator = stream._iterator
    observer = AsyncObserver if hasattr(iterator, "__anext__") else SyncObserver
    stream._iterator = observer(iterator, watch)
    on_close(stream.response, watch.closed)
    watch.open(stream)


def _observe_raw(http: Any, call: ModelCall, endpoint: Endpoint) -> None:
    reader = BytesReader(endpoint, http.headers.get("content-type", ""))
    body = getattr(http, "_content", None)
    if body is not None:
        reader(body)
        call.finish(reader.answer(), outcome="complete")
        return
    watch = StreamWatch(call, reader)
    on_bytes(http, watch)
    on_close(http, watch.closed)
    watch.open(http)
