"""One journal record: an accepted batch as received, framed by length and checksum."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import msgspec

HEADER = struct.Struct("<4sIIQ")
"""Magic, payload length, CRC-32 of sequence number and payload, sequence number."""
MAGIC = b"CJ01"
MAX_PAYLOAD = 256 * 1024 * 1024


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """What a client sent, untouched, and what the server knew of it."""

    project: str
    content_type: str
    """`application/x-protobuf` or `application/json`."""
    encoding: str = ""
    """Content encoding of *body*: "", `gzip` or `zstd`."""
    received_ns: int = 0
    """Server time in nanoseconds since the epoch: the version of its spans."""
    body: bytes = b""


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Batch)


def encode(sequence: int, batch: Batch) -> bytes:
    """Frame one batch."""
    payload = _encoder.encode(batch)
    return HEADER.pack(MAGIC, len(payload), _checksum(sequence, payload), sequence) + payload


def decode(data: memoryview, offset: int = 0) -> Iterator[tuple[int, Batch, int]]:
    """Yield (sequence, batch, end offset) from *offset* to the first record that is not whole.

    The end offset of the last record yielded is where sound data ends.
    """
    while offset + HEADER.size <= len(data):
        magic, length, checksum, sequence = HEADER.unpack_from(data, offset)
        end = offset + HEADER.size + length
        if magic != MAGIC or length > MAX_PAYLOAD or end > len(data):
            return
        payload = data[offset + HEADER.size : end]
        if _checksum(sequence, payload) != checksum:
            return
        try:
            batch = _decoder.decode(payload)
        except msgspec.DecodeError:
            return
        yield sequence, batch, end
        offset = end


def _checksum(sequence: int, payload: bytes | memoryview) -> int:
    return zlib.crc32(payload, zlib.crc32(sequence.to_bytes(8, "little")))
