"""Decompression of gzip and zstd streams that gives all there is of a damaged one."""

from __future__ import annotations

import io
import zlib
from typing import Any

from catalyst_sdk.errors import MissingExtra

BLOCK = 1 << 20

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_DAMAGED = "the compressed data is damaged"


def unpacker(magic: bytes) -> type[_Unpacking] | None:
    """Give what unpacks a stream that begins with *magic*, None for one that is not packed."""
    if magic.startswith(_GZIP):
        return Gunzip
    return Unzstd if magic == _ZSTD else None


class _Unpacking(io.RawIOBase):
    """A packed stream as the bytes in it; reading a damaged part raises OSError."""

    def __init__(self, packed: io.BufferedReader[Any]) -> None:
        self._packed = packed

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        data = self._next(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._packed.close()
        super().close()

    def _next(self, size: int) -> bytes:
        """Give at most *size* bytes, b"" at the end."""
        raise OSError(_DAMAGED)


class Gunzip(_Unpacking):
    """Gzip, of one member or several.

    `gzip.GzipFile` loses up to a block when the end is missing: a trace file whose writer was
    killed would lose its last thousand spans.
    """

    def __init__(self, packed: io.BufferedReader[Any]) -> None:
        super().__init__(packed)
        self._member = zlib.decompressobj(31)

    def _next(self, size: int) -> bytes:
        while True:
            source = self._source()
            if not source:
                return b""
            try:
                data = self._member.decompress(source, size)
            except zlib.error:
                raise OSError(_DAMAGED) from None
            if data:
                return data

    def _source(self) -> bytes:
        if self._member.eof:
            rest = self._member.unused_data.lstrip(b"\0") or self._packed.read(BLOCK)
            if rest:
                self._member = zlib.decompressobj(31)
            return rest
        rest = self._member.unconsumed_tail or self._packed.read(BLOCK)
        if not rest:
            raise EOFError
        return rest


class Unzstd(_Unpacking):
    """Zstandard, of one frame or several; raises MissingExtra without its library."""

    def __init__(self, packed: io.BufferedReader[Any]) -> None:
        try:
            import zstandard
        except ImportError:
            raise MissingExtra("halo", "Reading zstd-compressed traces") from None
        super().__init__(packed)
        self._reader = zstandard.ZstdDecompressor().stream_reader(
            packed, read_across_frames=True, closefd=False
        )
        self._error = zstandard.ZstdError

    def _next(self, size: int) -> bytes:
        try:
            return self._reader.read(size)
        except self._error:
            raise OSError(_DAMAGED) from None
