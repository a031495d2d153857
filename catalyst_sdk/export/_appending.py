"""Appending whole lines to a file that other processes append to, rotate or remove."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from catalyst_sdk.export._locking import lock, unlock
from catalyst_sdk.export._rotation import Rotation

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0)


class AppendFile:
    """One open file. Not thread-safe: the exporter's lock is around it."""

    def __init__(self, path: Path, rotation: Rotation, *, fsync: bool) -> None:
        self._path = path
        self._rotation = rotation
        self._fsync = fsync
        self._fd = -1

    def append(self, lines: bytes) -> bool:
        """Write *lines* in one piece, or nothing and raise OSError. Tells whether it rotated."""
        rotated = False
        while True:
            fd = self._locked()
            try:
                stat = os.fstat(fd)
                if self._rotation.due(stat, len(lines)) and self._rotation.set_aside(stat):
                    rotated = True
                    continue
                self._write(fd, stat.st_size, lines)
                return rotated
            finally:
                unlock(fd)

    def close(self) -> None:
        """Close the file; the next append opens it again."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def _locked(self) -> int:
        """The descriptor of what stands at the path now, locked."""
        while True:
            if self._fd < 0:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._fd = os.open(self._path, _FLAGS, 0o666)
            lock(self._fd)
            if self._is_current(self._fd):
                return self._fd
            unlock(self._fd)
            self.close()

    def _is_current(self, fd: int) -> bool:
        try:
            return os.path.samestat(os.fstat(fd), os.stat(self._path))
        except FileNotFoundError:
            return False

    def _write(self, fd: int, size: int, lines: bytes) -> None:
        # A process that died while writing leaves half a line: end it, so that ours are whole.
        if size and _last_byte(fd, size) != b"\n":
            lines = b"\n" + lines
        try:
            written = os.write(fd, lines)
            while written < len(lines):
                written += os.write(fd, lines[written:])
            if self._fsync:
                os.fsync(fd)
        except OSError:
            _cut_back(fd, size)
            raise


def _last_byte(fd: int, size: int) -> bytes:
    os.lseek(fd, size - 1, os.SEEK_SET)
    return os.read(fd, 1)


def _cut_back(fd: int, size: int) -> None:
    with suppress(OSError):  # a device; the next append ends the torn line
        os.ftruncate(fd, size)
