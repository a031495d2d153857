"""What `catalyst doctor` shows of an exporter."""

from __future__ import annotations

import msgspec


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """How an exporter fares."""

    endpoint: str
    protocol: str
    dialect: str
    delivered: int
    """Spans the backend took."""
    dropped: int
    """Spans it refused, or that could not be kept."""
    last_error: str
    """"" when there was none."""
    retry_in: float
    """Seconds until the backend is tried again, 0 when it is not known to be away."""
    spool_dir: str
    """"" without a spool."""
    spooled_bytes: int
    spooled_files: int


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """One empty request to the backend."""

    ok: bool
    latency_ms: float
    words: str
    """What was wrong, in the server's words; "" when nothing."""
