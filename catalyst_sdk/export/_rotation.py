"""Setting a full (or yesterday's) file aside under a dated name, and compressing it."""

from __future__ import annotations

import logging
import os
import re
import time
from pathlib import Path
from typing import Literal

from catalyst_sdk.errors import ConfigError
from catalyst_sdk.export._locking import try_lock
from catalyst_sdk.export._notice import Notices

_log = logging.getLogger("catalyst_sdk.export")
_DATED = r"-\d{8}(T\d{6}Z)?(-\d+)?"


class Rotation:
    """When a file is set aside, and what becomes of it.

    `traces.jsonl` becomes `traces-20260102T030405Z.jsonl` (by size) or `traces-20260102.jsonl`
    (by day, the UTC day of its last line), then `….jsonl.gz`.
    """

    def __init__(
        self, path: Path, *, max_bytes: int | None, every: Literal["day"] | None, compress: bool
    ) -> None:
        if max_bytes is not None and max_bytes <= 0:
            raise ConfigError(f"max_bytes must be positive, not {max_bytes}.")
        if every not in (None, "day"):
            raise ConfigError(f"rotate must be None or 'day', not {every!r}.")
        self._path = path
        self._max_bytes = max_bytes
        self._daily = every is not None
        self._compress = compress
        self._notices = Notices(_log)

    @property
    def wanted(self) -> bool:
        """Whether files are ever set aside."""
        return self._daily or self._max_bytes is not None

    def due(self, stat: os.stat_result, incoming: int) -> bool:
        """Whether the file must be set aside before *incoming* bytes are written to it."""
        if stat.st_size == 0:
            return False
        if self._max_bytes is not None and stat.st_size + incoming > self._max_bytes:
            return True
        return self._daily and _day(stat.st_mtime) != _day(time.time())

    def set_aside(self, stat: os.stat_result) -> bool:
        """Rename the file, whose lock the caller holds; False when that is not allowed."""
        now = time.gmtime()
        dated = _day(stat.st_mtime) if self._daily else time.strftime("%Y%m%dT%H%M%SZ", now)
        try:
            os.rename(self._path, self._free_name(dated))
        except OSError as error:
            self._notices.warn("rename", "%s grows on, it cannot be renamed: %s", self._path, error)
            return False
        return True

    def compress_what_is_set_aside(self) -> None:
        """Compress every file set aside, also those a killed process left behind."""
        if not self._compress:
            return
        name = re.compile(re.escape(self._path.stem) + _DATED + re.escape(self._path.suffix))
        for path in sorted(self._path.parent.iterdir()):
            if name.fullmatch(path.name):
                try:
                    _compress(path)
                except OSError as error:
                    self._notices.warn("gzip", "Could not compress %s: %s", path, error)

    def _free_name(self, dated: str) -> Path:
        stem, suffix = self._path.stem, self._path.suffix
        number = 1
        while True:
            tail = f"-{number}" if number > 1 else ""
            name = self._path.with_name(f"{stem}-{dated}{tail}{suffix}")
            if not name.exists() and not name.with_name(name.name + ".gz").exists():
                return name
            number += 1


def _day(seconds: float) -> str:
    return time.strftime("%Y%m%d", time.gmtime(seconds))


def _compress(path: Path) -> None:
    """Replace *path* by *path*.gz, atomically; whoever holds the lock does it, once."""
    import gzip
    import shutil

    partial = path.with_name(f".{path.name}.gz.partial")
    with path.open("rb") as source:
        if not try_lock(source.fileno()) or not path.exists():
            return
        with partial.open("wb") as target:
            with gzip.GzipFile(path.name, "wb", 6, target) as packed:
                shutil.copyfileobj(source, packed, 1 << 20)
            target.flush()
            os.fsync(target.fileno())
        partial.replace(path.with_name(path.name + ".gz"))
        path.unlink()
