"""Binary content is described, not copied: `{mime, bytes, sha256}` stands where the data was."""

from __future__ import annotations

import binascii
import hashlib
from typing import Any


def digest(data: bytes, mime: str | None = None) -> dict[str, Any]:
    """Describe *data* by type, size and hash."""
    sha256 = hashlib.sha256(data).hexdigest()
    return {"mime": mime or "application/octet-stream", "bytes": len(data), "sha256": sha256}


def digest_base64(text: str, mime: str | None = None) -> dict[str, Any]:
    """Describe the data *text* encodes; of invalid base64, the text itself."""
    try:
        return digest(binascii.a2b_base64(text), mime)
    except (binascii.Error, ValueError):
        return digest(text.encode("utf-8", "replace"), mime)


def digest_data_url(url: str) -> dict[str, Any]:
    """Describe the data of a `data:` URL (RFC 2397)."""
    head, _, data = url[5:].partition(",")
    mime, _, encoding = head.partition(";")
    if encoding.endswith("base64") or mime == "base64":
        return digest_base64(data, mime)
    return digest(data.encode("utf-8", "replace"), mime or "text/plain")
