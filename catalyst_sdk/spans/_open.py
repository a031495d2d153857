"""Sources: paths, globs and standard input as byte streams, decompressed by content."""

from __future__ import annotations

import glob
import io
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, cast

from catalyst_sdk.errors import BadInput, NotFound
from catalyst_sdk.spans._unpack import BLOCK, unpacker

Source = str | Path | Sequence[str | Path]


def expand(source: Source) -> list[str]:
    """Turn paths and globs into file names, sorted within each glob; "-" is standard input.

    Raises NotFound for a path that does not exist or a glob that fits nothing.
    """
    sources = [source] if isinstance(source, (str, Path)) else list(source)
    if not sources:
        raise BadInput("No file was named.", hint="Name at least one trace file.")
    names: list[str] = []
    for each in sources:
        names.extend(_expand_one(os.fspath(each)))
    return list(dict.fromkeys(names))


def open_stream(name: str) -> BinaryIO:
    """Open a file (or "-") for reading, decompressing gzip and zstd; raises BadInput, NotFound."""
    if name == "-":
        return _decompressed(cast("BinaryIO", sys.stdin.buffer))
    try:
        return _decompressed(open(name, "rb", buffering=0))
    except FileNotFoundError:
        raise NotFound(f"There is no file {name}.") from None
    except OSError as error:
        raise BadInput(f"{name} cannot be read: {os_reason(error)}.") from None


def os_reason(error: OSError) -> str:
    """Say what the operating system said, without its number and path."""
    return (error.strerror or str(error)).lower()


def _expand_one(name: str) -> Iterator[str]:
    if name == "-" or os.path.isfile(name):
        yield name
    elif os.path.isdir(name):
        raise BadInput(
            f"{name} is a folder, not a trace file.",
            hint=f"Name its files, for example '{os.path.join(name, '*.jsonl')}'.",
        )
    elif glob.has_magic(name):
        found = sorted(p for p in glob.iglob(name, recursive=True) if os.path.isfile(p))
        if not found:
            raise NotFound(f"No file fits {name}.")
        yield from found
    elif os.path.exists(name):
        yield name
    else:
        raise NotFound(f"There is no file {name}.")


def _decompressed(raw: BinaryIO) -> BinaryIO:
    source = io.BufferedReader(cast("io.RawIOBase", raw), BLOCK)
    try:
        unpack = unpacker(source.peek(4)[:4])
        return io.BufferedReader(unpack(source), BLOCK) if unpack else source
    except BaseException:
        source.close()
        raise
