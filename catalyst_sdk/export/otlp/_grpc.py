"""OTLP over gRPC (the extra [grpc])."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from catalyst_sdk.errors import MissingExtra
from catalyst_sdk.export._forks import import_unforked
from catalyst_sdk.export.otlp._answer import Answer, Verdict
from catalyst_sdk.export.otlp._http import partial_success

_METHOD = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
# OTLP specification, "OTLP/gRPC response": what else is not to be repeated.
_VERDICTS = {
    "CANCELLED": Verdict.LATER,
    "DEADLINE_EXCEEDED": Verdict.LATER,
    "ABORTED": Verdict.LATER,
    "OUT_OF_RANGE": Verdict.LATER,
    "UNAVAILABLE": Verdict.LATER,
    "DATA_LOSS": Verdict.LATER,
    "RESOURCE_EXHAUSTED": Verdict.LATER,
    "UNKNOWN": Verdict.FAILED,
    "INTERNAL": Verdict.FAILED,
}


class GrpcTransport:
    """Calls TraceService/Export on *target*, with serialised requests."""

    protocol = "grpc"

    def __init__(
        self,
        target: str,
        *,
        secure: bool,
        headers: Mapping[str, str],
        compress: bool,
        verify: str | None = None,
        client_certificate: str | tuple[str, str] | None = None,
    ) -> None:
        if importlib.util.find_spec("grpc") is None:
            raise MissingExtra("grpc", "OTLP over gRPC")
        self._target = target
        self._secure = secure
        self._metadata = [(name.lower(), value) for name, value in headers.items()]
        self._compress = compress
        self._verify = verify
        self._client_certificate = client_certificate
        self._channel: Any = None
        self._call: Any = None

    def send(self, body: bytes, timeout: float) -> Answer:
        """Send a serialised request; never raises for what a network or server does."""
        grpc: Any = import_unforked("grpc")
        try:
            response = self._open_call(grpc)(body, timeout=timeout, metadata=self._metadata)
        except grpc.RpcError as error:
            return _read_error(error)
        return partial_success(response)

    def close(self) -> None:
        """Close the channel."""
        channel, self._channel, self._call = self._channel, None, None
        if channel is not None:
            channel.close()

    def start_afresh(self) -> None:
        """In a forked child: the parent's channel is left alone (closing it there would hang)."""
        self._channel = self._call = None

    def _open_call(self, grpc: Any) -> Any:
        if self._call is None:
            options: dict[str, Any] = {
                "compression": grpc.Compression.Gzip if self._compress else None,
                # Reconnecting is paced by the exporter.
                "options": [
                    ("grpc.enable_retries", 0),
                    ("grpc.initial_reconnect_backoff_ms", 200),
                    ("grpc.max_reconnect_backoff_ms", 5_000),
                ],
            }
            self._channel = (
                grpc.secure_channel(self._target, self._credentials(grpc), **options)
                if self._secure
                else grpc.insecure_channel(self._target, **options)
            )
            self._call = self._channel.unary_unary(_METHOD)
        return self._call

    def _credentials(self, grpc: Any) -> Any:
        certificate = self._client_certificate
        chain, key = certificate if isinstance(certificate, tuple) else (certificate, certificate)
        return grpc.ssl_channel_credentials(
            root_certificates=_bytes_of(self._verify),
            private_key=_bytes_of(key),
            certificate_chain=_bytes_of(chain),
        )


def _bytes_of(path: str | None) -> bytes | None:
    return Path(path).read_bytes() if path else None


def _read_error(error: Any) -> Answer:
    code = error.code().name
    words = f"gRPC {code}: {error.details()}"
    if code == "RESOURCE_EXHAUSTED" and "larger than max" in (error.details() or ""):
        return Answer(Verdict.TOO_LARGE, words)
    return Answer(_VERDICTS.get(code, Verdict.REFUSED), words, _retry_after(error))


def _retry_after(error: Any) -> float | None:
    """Seconds of the server's google.rpc.RetryInfo, if it sent one."""
    for name, value in error.trailing_metadata() or ():
        if name == "google.rpc.retryinfo-bin":
            details: Any = import_unforked("google.rpc.error_details_pb2")
            info = details.RetryInfo()
            info.ParseFromString(value)
            return info.retry_delay.seconds + info.retry_delay.nanos / 1e9
    return None
