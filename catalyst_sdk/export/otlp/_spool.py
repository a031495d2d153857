"""Requests on disk until their backend takes them; several processes may share one directory."""

from __future__ import annotations

import gzip
import itertools
import os
import tempfile
import time
import zlib
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from catalyst_sdk.export._locking import try_lock
from catalyst_sdk.export.otlp._request import Request

_SUFFIX = ".otlp.gz"
_STALE_SECONDS = 300.0
_numbers = itertools.count()


class Kept(NamedTuple):
    """One request taken from the spool; nobody else has it while it is held."""

    path: Path
    request: Request

    def delete(self) -> None:
        """It is delivered, or given up."""
        self.path.unlink(missing_ok=True)


class Spool:
    """Files of one request each, oldest first; when *max_bytes* are kept the newest is refused.

    A file appears whole or not at all (written aside, fsynced, renamed). Its reader holds its
    lock, which ends with the process: what a killed one was delivering is delivered again.
    """

    def __init__(self, directory: Path, *, max_bytes: int) -> None:
        self.directory = directory
        self._max_bytes = max_bytes
        self.damaged = 0
        """Spans in files that could not be unpacked; those are set aside as `.….damaged`."""

    def add(self, request: Request) -> bool:
        """Keep a request; False when the spool is full. Raises OSError."""
        packed = _pack(request)
        if self.size()[0] + len(packed) > self._max_bytes:
            return False
        self._store(packed, request.spans)
        return True

    def replace(self, kept: Kept, parts: Iterable[Request]) -> None:
        """Put smaller requests in the place of one. Raises OSError."""
        for part in parts:
            self._store(_pack(part), part.spans)
        kept.delete()

    def size(self) -> tuple[int, int]:
        """Bytes and files kept."""
        total = count = 0
        for entry in self._entries():
            with suppress(FileNotFoundError):
                total += entry.stat().st_size
                count += 1
        return total, count

    def names(self) -> list[str]:
        """The files kept, oldest first."""
        return sorted(entry.name for entry in self._entries())

    @contextmanager
    def taken(self, name: str) -> Generator[Kept | None]:
        """Hold one file; None when another process has it, has delivered it, or it is damaged."""
        path = self.directory / name
        try:
            file = path.open("rb")
        except FileNotFoundError:
            yield None
            return
        with file:
            if not try_lock(file.fileno()) or not path.exists():
                yield None
                return
            try:
                body = gzip.decompress(file.read())
            except (OSError, EOFError, zlib.error):
                path.rename(path.with_name(f".{name}.damaged"))
                self.damaged += _spans_of(name)
                yield None
                return
            yield Kept(path, Request(body, _spans_of(name)))

    def sweep(self) -> None:
        """Remove what processes killed while writing have left."""
        with suppress(OSError):
            for path in self.directory.glob(".*.partial"):
                with suppress(FileNotFoundError):
                    if time.time() - path.stat().st_mtime > _STALE_SECONDS:
                        path.unlink()

    def _store(self, packed: bytes, spans: int) -> None:
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = f"{time.time_ns():020d}-{os.getpid()}-{next(_numbers)}-{spans}{_SUFFIX}"
        partial = self.directory / f".{name}.partial"
        try:
            _write(partial, packed)
            partial.rename(self.directory / name)
        except OSError:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
            raise
        _sync_directory(self.directory)

    def _entries(self) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(self.directory) as entries:
                return [e for e in entries if e.name.endswith(_SUFFIX) and e.name[0] != "."]
        except OSError:  # not made yet; or of no use, as `add` will tell
            return []


def spool_directory() -> Path:
    """Where spools are kept unless told otherwise: the user's directory for programs' state."""
    base = os.environ.get("XDG_STATE_HOME") or os.environ.get("LOCALAPPDATA")
    if base:
        return Path(base) / "catalyst" / "spool"
    try:
        return Path.home() / ".local" / "state" / "catalyst" / "spool"
    except RuntimeError:  # a container's user may have no home
        return Path(tempfile.gettempdir()) / "catalyst-spool"


def _spans_of(name: str) -> int:
    number = name.removesuffix(_SUFFIX).rpartition("-")[2]
    return int(number) if number.isdecimal() else 0


def _pack(request: Request) -> bytes:
    return gzip.compress(request.body, compresslevel=3, mtime=0)


def _write(path: Path, data: bytes) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(fd, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(fd)


def _sync_directory(directory: Path) -> None:
    with suppress(OSError):  # some systems cannot: the rename is then as durable as they make it
        fd = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
