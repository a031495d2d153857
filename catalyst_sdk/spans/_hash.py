"""Stable 64-bit hashes of payloads, and their canonical JSON."""

from __future__ import annotations

import hashlib
import zlib
from typing import Any

import msgspec

_WHOLE = 1024
_EDGE = 48

_canonical = msgspec.json.Encoder(order="deterministic", enc_hook=str)


def hash_text(text: str) -> int:
    """Hash text to 64 bits, 0 for "": the same on every machine and in every process.

    Up to 1 KiB it is blake2b. Longer text is hashed by its length and edges with blake2b and
    as a whole with CRC-32, which is five times faster.
    """
    if not text:
        return 0
    return hash_bytes(text.encode("utf-8", "surrogatepass"))


def hash_bytes(data: bytes) -> int:
    """Hash bytes as `hash_text` does."""
    if len(data) > _WHOLE:
        data = b"%d.%d." % (len(data), zlib.crc32(data)) + data[:_EDGE] + data[-_EDGE:]
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little")


def canonical_json(value: Any) -> bytes | None:
    """Write a value as JSON with sorted keys, None when it has no JSON form."""
    try:
        return _canonical.encode(value)
    except (ValueError, TypeError, OverflowError, RecursionError):
        return None
