"""Reading a request's body with limits: as sent, and as it would be decompressed."""

from __future__ import annotations

import zlib

import zstandard
from starlette.requests import Request

from catalyst_sdk.errors import BadInput
from catalyst_sdk.server._errors import TooLarge, Unsupported

_STEP = 1 << 20
_HINT = "Send smaller batches."


async def read_body(request: Request, limit: int) -> bytes:
    """Read the body as sent; TooLarge as soon as it is over *limit* bytes."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise TooLarge(f"The body is larger than {limit >> 20} MiB.", hint=_HINT)
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise TooLarge(f"The body is larger than {limit >> 20} MiB.", hint=_HINT)
        parts.append(part)
    return b"".join(parts)


def inflate(body: bytes, encoding: str, limit: int) -> bytes:
    """Decompress `gzip` or `zstd`; TooLarge before more than *limit* bytes are made."""
    if encoding in ("", "identity"):
        return body
    if encoding == "gzip":
        return _inflate_gzip(body, limit)
    if encoding == "zstd":
        return _inflate_zstd(body, limit)
    raise Unsupported(f"Content-Encoding {encoding} is not read here.", hint="Use gzip or zstd.")


def _inflate_gzip(body: bytes, limit: int) -> bytes:
    machine = zlib.decompressobj(31)
    parts: list[bytes] = []
    size = 0
    data = body
    try:
        while data:
            part = machine.decompress(data, _STEP)
            size += len(part)
            if size > limit:
                raise TooLarge(f"The body inflates to more than {limit >> 20} MiB.", hint=_HINT)
            parts.append(part)
            data = machine.unconsumed_tail
    except zlib.error as error:
        raise BadInput("The body is not gzip data.") from error
    if not machine.eof:
        raise BadInput("The gzip body is cut off.")
    return b"".join(parts)


def _inflate_zstd(body: bytes, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    try:
        with zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(body) as reader:
            while part := reader.read(_STEP):
                size += len(part)
                if size > limit:
                    raise TooLarge(f"The body inflates to more than {limit >> 20} MiB.", hint=_HINT)
                parts.append(part)
    except zstandard.ZstdError as error:
        raise BadInput("The body is not zstd data.") from error
    if not size and body:
        raise BadInput("The zstd body is cut off.")
    return b"".join(parts)
