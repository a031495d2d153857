"""How a file is known again: its size, times and samples of its bytes."""

from __future__ import annotations

import hashlib
import os

import msgspec

_EDGE = 64 << 10
_SAMPLE = 4 << 10
_SAMPLES = 14


class Stamp(msgspec.Struct, frozen=True):
    """What a file was like when it was read up to *read_to* bytes."""

    inode: int
    size: int
    mtime_ns: int
    read_to: int
    samples: str


def stamp(path: str, stat: os.stat_result, read_to: int) -> Stamp:
    """Describe a file that was read up to a byte; *stat* was taken before it was read."""
    return Stamp(
        inode=stat.st_ino,
        size=stat.st_size,
        mtime_ns=stat.st_mtime_ns,
        read_to=read_to,
        samples=_samples(path, read_to),
    )


def still_holds(known: Stamp, path: str, stat: os.stat_result) -> bool:
    """Tell whether what was read still stands at the beginning of the file.

    A file may have grown by appending. Samples of the part that was read tell that from a file
    that was rewritten; a rewrite of the same length shows in the time of change.
    """
    if stat.st_ino != known.inode or stat.st_size < known.size:
        return False
    if stat.st_size == known.size and stat.st_mtime_ns != known.mtime_ns:
        return False
    return _samples(path, known.read_to) == known.samples


def _samples(path: str, length: int) -> str:
    digest = hashlib.blake2b(str(length).encode(), digest_size=16)
    with open(path, "rb") as stream:
        for offset, size in _places(length):
            stream.seek(offset)
            digest.update(stream.read(size))
    return digest.hexdigest()


def _places(length: int) -> list[tuple[int, int]]:
    if length <= 2 * _EDGE + _SAMPLES * _SAMPLE:
        return [(0, length)]
    step = length // (_SAMPLES + 1)
    inner = [(step * (number + 1), _SAMPLE) for number in range(_SAMPLES)]
    return [(0, _EDGE), *inner, (length - _EDGE, _EDGE)]
