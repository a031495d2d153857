"""Endpoints as people write them, made exact."""

from __future__ import annotations

import base64
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

from catalyst_sdk.errors import ConfigError


class Endpoint(NamedTuple):
    """Where requests go."""

    url: str
    shown: str
    """The URL without what may be secret in it."""
    target: str
    """host:port, for gRPC."""
    secure: bool
    authorization: str | None
    """From `user:password@` in what was written."""


def parse_endpoint(written: str, *, grpc: bool) -> Endpoint:
    """`http://host:8799` → `…/v1/traces`; without a scheme: http on loopback, else https."""
    text = written.strip()
    try:
        parts = urlsplit(text if "://" in text else f"{_scheme(text)}://{text}")
        port = parts.port
    except ValueError as error:
        raise _unusable(written, str(error)) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise _unusable(written, "it is no http(s) URL")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    place = f"{host}:{port}" if port else host
    path = "" if grpc else _traces_path(parts.path)
    query = f"?{parts.query}" if parts.query and not grpc else ""
    shown = f"{parts.scheme}://{place}{path}"
    return Endpoint(
        url=shown + query,
        shown=shown,
        target=place if port else f"{host}:4317",
        secure=parts.scheme == "https",
        authorization=_authorization(parts),
    )


def _scheme(text: str) -> str:
    host = urlsplit(f"//{text}").hostname or ""
    return "http" if host in ("localhost", "::1") or host.startswith("127.") else "https"


def _traces_path(path: str) -> str:
    path = path.rstrip("/")
    if path.endswith("/traces"):
        return path
    return f"{path}/traces" if path.endswith("/v1") else f"{path}/v1/traces"


def _authorization(parts: SplitResult) -> str | None:
    if parts.username is None:
        return None
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def _unusable(written: str, why: str) -> ConfigError:
    return ConfigError(
        f"The OTLP endpoint {written!r} cannot be used: {why}.",
        hint="Write it like http://127.0.0.1:8799",
    )
