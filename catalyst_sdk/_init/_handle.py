"""The handle `init` gives, and which one is in force."""

from __future__ import annotations

import sys
import threading
from types import TracebackType

from opentelemetry import trace

from catalyst_sdk import config
from catalyst_sdk._init._build import Parts, usable
from catalyst_sdk._init._request import Request
from catalyst_sdk.tracing import _active, _identity, _threads
from catalyst_sdk.tracing._boundary import report_failure
from catalyst_sdk.tracing._lifecycle import Lifecycle
from catalyst_sdk.tracing._open import end_open_spans

lock = threading.RLock()
"""Held while a handle is put in force or taken out of it."""

_LLM = "catalyst_sdk.instrumentation.llm"
"""Holds the streams under way. Where nothing loaded it, there are none."""

_in_force: Catalyst | None = None


def in_force() -> Catalyst | None:
    """Give the handle of the `init` that was not shut down yet."""
    return _in_force


class Catalyst:
    """What `init` set up. Also a context manager: leaving it shuts down."""

    def __init__(self, request: Request, parts: Parts | None) -> None:
        self.request = request
        """What it was made for."""
        self.provider: trace.TracerProvider = (
            trace.NoOpTracerProvider() if parts is None else parts.chosen.provider
        )
        """Where our spans come from; one that makes none when tracing is disabled."""
        self.instrumented: list[str] = []
        """Libraries whose calls are traced."""
        self.skipped: dict[str, str] = {}
        """The other libraries there are integrations for, each with why it is off."""
        self._parts = parts
        self._lifecycle = Lifecycle(self.flush, self._close)

    def flush(self, timeout: float = 30.0) -> bool:
        """Export what has ended within *timeout* seconds; False when that was not possible."""
        if self._parts is None:
            return True
        if (llm := sys.modules.get(_LLM)) is not None:
            llm.settle_dropped()
        return self._parts.pipeline.force_flush(int(timeout * 1000))

    def shutdown(self) -> None:
        """Export what has ended, close the exporters, undo the instrumentation; once."""
        global _in_force
        with lock:
            if _in_force is not self:
                return
            _in_force = None
            self._lifecycle.remove()
            self._turn_off()
            self._close()

    def put_in_force(self) -> None:
        """Turn on what was built. Raises ConfigError when an integration is not known."""
        global _in_force
        with lock:
            _in_force = self
            if self._parts is None:
                return
            try:
                self._turn_on(self._parts, self.request.settings)
            except BaseException:
                self.shutdown()
                raise

    def __enter__(self) -> Catalyst:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.shutdown()

    def _turn_on(self, parts: Parts, settings: config.Settings) -> None:
        parts.connect()
        _identity.set_process_identity(parts.identity)
        _active.activate(self.provider, capture=settings.capture_content)
        _threads.carry_context()
        self._lifecycle.install()
        if settings.instrument is not False:
            self._instrument(settings)

    def _instrument(self, settings: config.Settings) -> None:
        from catalyst_sdk.instrumentation import instrument_installed

        report = usable(
            settings,
            "instrument",
            lambda: instrument_installed(
                self.provider,
                only=None if isinstance(settings.instrument, bool) else settings.instrument,
                capture_content=settings.capture_content,
                debug=settings.debug,
            ),
        )
        if report is not None:
            self.instrumented, self.skipped = list(report.instrumented), dict(report.skipped)

    def _turn_off(self) -> None:
        if self.instrumented:
            _uninstrument(self.instrumented)
        _threads.stop_carrying()
        _active.activate(None)
        _identity.set_process_identity({})

    def _close(self) -> None:
        parts, self._parts = self._parts, None
        if parts is None:
            return
        if (llm := sys.modules.get(_LLM)) is not None:
            llm.end_open_calls()
        end_open_spans()
        parts.close()


def _uninstrument(names: list[str]) -> None:
    from catalyst_sdk.instrumentation import uninstrument

    try:
        uninstrument(names)
    except Exception:  # noqa: BLE001 - what was recorded must still be exported
        report_failure("undoing the instrumentation failed")
