"""The files of a data set as plain JSON lines on disk, whatever they were to begin with."""

from __future__ import annotations

import os
import shutil
from typing import NamedTuple

from catalyst_sdk.spans._open import open_stream

_COMPRESSED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")


class LocalFile(NamedTuple):
    """One source: its name as the user gave it, and the plain file its offsets refer to."""

    name: str
    path: str


def localise(name: str, folder: str) -> LocalFile:
    """Give *name* as a file of plain lines, unpacked into *folder* if it is none."""
    if name != "-" and not _is_compressed(name):
        return LocalFile(name, os.path.abspath(name))
    path = os.path.join(folder, f"{len(os.listdir(folder))}.jsonl")
    with open_stream(name) as stream, open(path, "wb") as target:
        shutil.copyfileobj(stream, target, 1 << 20)
    return LocalFile("standard input" if name == "-" else name, path)


def _is_compressed(name: str) -> bool:
    with open_stream(name):
        pass
    with open(name, "rb") as stream:
        return stream.read(4).startswith(_COMPRESSED)
