"""The version of what the cache holds: what an older or newer package wrote is not read."""

from __future__ import annotations

import contextlib
import hashlib
import os
from functools import cache

import catalyst_sdk.spans
from catalyst_sdk.store.files._columns import TYPES

SCHEMA = 1
"""Raised when the cache's own layout changes."""


@cache
def cache_version() -> str:
    """Hash the schema, the columns and the code that computes them."""
    digest = hashlib.blake2b(f"{SCHEMA} {sorted(TYPES.items())}".encode(), digest_size=12)
    folder = os.path.dirname(catalyst_sdk.spans.__file__)
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda each: each.name):
            if entry.name.endswith(".py"):
                stat = entry.stat()
                digest.update(f"{entry.name} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()
