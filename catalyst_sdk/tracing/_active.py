"""What `init` decided for our own spans: which tracer makes them, whether content is captured."""

from __future__ import annotations

from opentelemetry import trace
from opentelemetry.trace import Tracer, TracerProvider

SCOPE = "catalyst_sdk"
_tracer: Tracer | None = None
_capture = True


def activate(provider: TracerProvider | None, *, capture: bool = True) -> None:
    """Take our own spans from *provider*; None goes back to OpenTelemetry's global one."""
    global _tracer, _capture
    _tracer = None if provider is None else provider.get_tracer(SCOPE)
    _capture = capture


def current_tracer() -> Tracer:
    """Give the tracer of our own spans."""
    return _tracer or trace.get_tracer(SCOPE)


def capturing() -> bool:
    """Tell whether inputs and outputs are recorded."""
    return _capture
