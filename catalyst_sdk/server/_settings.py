"""What a server is told at its start."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address

_MIB = 1024 * 1024


@dataclass(frozen=True)
class ServerSettings:
    """Addresses, places and limits of one server."""

    host: str = "127.0.0.1"
    port: int = 8799
    grpc_port: int | None = None
    """OTLP over gRPC is served when given; 4317 is OTLP's own."""
    store: str = "chdb://.catalyst/store"
    database: str = "sqlite:///.catalyst/catalyst.db"
    retention_days: int | None = None
    """Applied to the default project; None keeps what is set, and everything at first."""
    allowed_hosts: tuple[str, ...] = ()
    """Names the server answers to beside its own address; needed behind a proxy."""
    max_body_bytes: int = 32 * _MIB
    """As sent; a larger one is refused with 413."""
    max_inflated_bytes: int = 128 * _MIB
    """After decompression."""
    max_behind_batches: int = 20_000
    """Batches waiting for the engine before senders are told to come later (429)."""
    log_json: bool = False
    journal: dict[str, int | float] = field(default_factory=dict[str, "int | float"])
    """Overrides for the journal: `keep_s`, `max_bytes`, `min_free_bytes`."""

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False
