"""What a request returned, and where its span ends: here, or when the stream does."""

from __future__ import annotations

import sys
from typing import Any

from catalyst_sdk.instrumentation._boundary import report_failure
from catalyst_sdk.instrumentation.llm import (
    AsyncObserver,
    ModelCall,
    StreamWatch,
    SyncObserver,
)
from catalyst_sdk.instrumentation.stainless._body import on_bytes, on_close
from catalyst_sdk.instrumentation.stainless._bytes import BytesReader
from catalyst_sdk.instrumentation.stainless._endpoint import Endpoint
from catalyst_sdk.instrumentation.stainless._pending import PendingCalls
from catalyst_sdk.instrumentation.stainless._view import view


class Outcomes:
    """Ends the span of a call with what the SDK returned, without touching what it is."""

    def __init__(self, package: str, pending: PendingCalls) -> None:
        streaming = sys.modules[f"{package}._streaming"]
        self._streams: tuple[type, ...] = (streaming.Stream, streaming.AsyncStream)
        raw = [sys.modules[f"{package}._response"].BaseAPIResponse]
        if legacy := sys.modules.get(f"{package}._legacy_response"):
            raw.append(legacy.LegacyAPIResponse)
        self._raw = tuple(raw)
        self._pending = pending

    def settle(self, call: ModelCall, endpoint: Endpoint, result: Any) -> None:
        """End the span with *result*, or let the stream or raw response in it do so."""
        try:
            if not call.recording:
                call.finish()
            elif isinstance(result, self._streams):
                _observe_stream(result, call, endpoint)
            elif isinstance(result, self._raw):
                _observe_raw(result.http_response, call, endpoint)
            elif type(result).__module__.startswith("httpx"):
                _observe_raw(result, call, endpoint)
            elif (key := endpoint.pending(result)) is not None:
                self._pending.keep(key, call, endpoint, result)
            else:
                call.finish(endpoint.answer(view(result)))
        except Exception:  # noqa: BLE001 - the user has the answer whether or not we can read it
            report_failure("an answer could not be read")
            call.finish()


def _observe_stream(stream: Any, call: ModelCall, endpoint: Endpoint) -> None:
    watch = StreamWatch(call, endpoint.reader())
    iterator = stream._iterator
    observer = AsyncObserver if hasattr(iterator, "__anext__") else SyncObserver
    stream._iterator = observer(iterator, watch)
    on_close(stream.response, watch.closed)
    watch.open(stream)


def _observe_raw(http: Any, call: ModelCall, endpoint: Endpoint) -> None:
    reader = BytesReader(endpoint, http.headers.get("content-type", ""))
    if getattr(http, "_content", None) is not None:
        reader(http.content)
        call.finish(reader.answer(), outcome="complete")
        return
    watch = StreamWatch(call, reader)
    on_bytes(http, watch)
    on_close(http, watch.closed)
    watch.open(http)
