"""Where indexes and unpacked copies live: a bounded cache between runs, a temporary folder else.

The cache is `CATALYST_CACHE_DIR`, or `catalyst` in `XDG_CACHE_HOME` or `~/.cache`.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
import tempfile
import time
import weakref
from collections.abc import Iterator

CACHE_LIMIT = 4 << 30
"""Bytes the cache may hold; what was not used for longest goes first."""
_IN_USE = 3600
"""Seconds after its last use in which nothing is removed."""
_ORPHAN = 86400
"""Seconds after which a file that no manifest names is removed."""


class Workspace:
    """A temporary folder that goes when it is closed, collected, or the process ends."""

    def __init__(self) -> None:
        self.path = tempfile.mkdtemp(prefix="catalyst-")
        self._remove = weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)

    def new(self, suffix: str) -> str:
        """Name a file that does not exist yet."""
        return os.path.join(self.path, secrets.token_hex(6) + suffix)

    def close(self) -> None:
        """Remove the folder; idempotent."""
        self._remove()


class Cache:
    """The folder that is kept between runs; its files hold trace text, so only the owner reads."""

    def __init__(self, path: str) -> None:
        self.path = path

    @classmethod
    def open(cls) -> Cache | None:
        """Open the cache, or give None where it cannot be written."""
        path = os.path.join(cache_directory(), "traces")
        try:
            os.makedirs(path, mode=0o700, exist_ok=True)
            with tempfile.TemporaryFile(dir=path):
                return cls(path)
        except OSError:
            return None

    def key(self, path: str) -> str:
        """Name what belongs to a file by its real path."""
        return hashlib.sha256(os.fsencode(os.path.realpath(path))).hexdigest()[:24]

    def named(self, name: str) -> str:
        """Give the path of a file of the cache."""
        return os.path.join(self.path, name)

    def new(self, key: str, suffix: str) -> str:
        """Name a file that does not exist yet."""
        return self.named(f"{key}-{secrets.token_hex(6)}{suffix}")

    def touch(self, names: list[str]) -> None:
        """Note that files were used; those gone are left alone."""
        for name in names:
            with contextlib.suppress(OSError):
                os.utime(self.named(name))

    def replace(self, name: str, content: bytes) -> None:
        """Write a whole file at once, so that a reader sees the old or the new one."""
        draft = self.new(name.partition(".")[0], ".draft")
        with open(draft, "wb") as stream:
            stream.write(content)
        os.replace(draft, self.named(name))

    def prune(
        self, referenced: set[str], *, limit: int = CACHE_LIMIT, now: float | None = None
    ) -> None:
        """Remove orphans, then the least recently used files until the rest fits the limit."""
        now = time.time() if now is None else now
        found = sorted(self._files(), key=lambda item: item[1])
        total = sum(size for _, _, size in found)
        for name, used, size in found:
            age = now - used
            orphan = not name.endswith(".json") and name not in referenced and age > _ORPHAN
            if orphan or (total > limit and age > _IN_USE):
                with contextlib.suppress(OSError):
                    os.remove(self.named(name))
                    total -= size

    def _files(self) -> Iterator[tuple[str, float, int]]:
        with os.scandir(self.path) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    stat = entry.stat()
                    yield entry.name, stat.st_mtime, stat.st_size


def cache_directory() -> str:
    """Give the folder of everything kept between runs; it need not exist."""
    chosen = os.environ.get("CATALYST_CACHE_DIR")
    if chosen:
        return chosen
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "catalyst")
