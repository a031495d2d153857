"""The files of a data set as plain JSON lines on disk, whatever they were to begin with.

Offsets need a file that can be sought in. Our own JSONL is read where it lies. What is compressed
is unpacked, what is in another format is rewritten as ours, and standard input is spooled: into
the cache when the original may be opened again, into a temporary folder else.
"""

from __future__ import annotations

import os
import shutil
import sys
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO, NamedTuple

import msgspec

from catalyst_sdk.errors import BadInput, BadLine, NotFound
from catalyst_sdk.spans import decode_span, encode_span, open_stream, read_spans
from catalyst_sdk.store.files._folders import Cache, Workspace
from catalyst_sdk.store.files._scan import KEPT_BAD_LINES
from catalyst_sdk.store.files._stamp import Stamp, stamp, still_holds
from catalyst_sdk.store.files._version import cache_version

_COMPRESSED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")
_HEAD = 1 << 16
_PEEKED_LINES = 20
_WORTH_KEEPING = 256 << 10
"""Bytes of a compressed or foreign file from which its plain copy is kept."""

Write = Callable[[BinaryIO], list[BadLine]]


class LocalFile(NamedTuple):
    """One source: its name as the user gave it, and the plain file its offsets refer to."""

    name: str
    path: str
    bad_lines: tuple[BadLine, ...] = ()
    """What a conversion could not read; the pass over the plain file adds its own."""


class _Copy(msgspec.Struct):
    """A plain copy in the cache."""

    version: str
    stamp: Stamp
    name: str
    bad_lines: list[BadLine] = []


def localise(name: str, cache: Cache | None, workspace: Workspace) -> LocalFile:
    """Give a source as a plain file; raises NotFound and BadInput as `read_spans` does."""
    if name == "-" or not os.path.isfile(name):
        return _spool(name, workspace)
    with open_stream(name) as stream:
        head = _lines_of(stream)
    stat = os.stat(name)
    native = any(_is_span(line) for line in head)
    if native and not _is_compressed(name):
        return LocalFile(name, os.path.abspath(name))
    write: Write = _Unpack(name) if native else _Convert(name)
    if cache is None or stat.st_size < _WORTH_KEEPING:
        return _write(name, workspace.new(".jsonl"), write)
    return _kept_copy(name, stat, cache, write)


def _kept_copy(name: str, stat: os.stat_result, cache: Cache, write: Write) -> LocalFile:
    key = cache.key(name)
    manifest = key + ".copy.json"
    try:
        with open(cache.named(manifest), "rb") as stream:
            known = msgspec.json.decode(stream.read(), type=_Copy)
    except (OSError, msgspec.DecodeError):
        known = None
    if known and _is_current(known, name, stat, cache):
        cache.touch([manifest, known.name])
        return LocalFile(name, cache.named(known.name), tuple(known.bad_lines))
    made = _write(name, cache.new(key, ".jsonl"), write)
    copy = _Copy(
        cache_version(),
        stamp(name, stat, stat.st_size),
        os.path.basename(made.path),
        list(made.bad_lines),
    )
    cache.replace(manifest, msgspec.json.encode(copy))
    return made


def _is_current(known: _Copy, name: str, stat: os.stat_result, cache: Cache) -> bool:
    return (
        known.version == cache_version()
        and known.stamp.size == stat.st_size
        and os.path.exists(cache.named(known.name))
        and still_holds(known.stamp, name, stat)
    )


def _write(name: str, path: str, write: Write) -> LocalFile:
    try:
        with open(path, "wb", buffering=1 << 20) as target:
            bad_lines = write(target)
    except BaseException:
        os.unlink(path)
        raise
    return LocalFile(name, path, tuple(bad_lines))


def _spool(name: str, workspace: Workspace) -> LocalFile:
    """Copy what can be read only once: standard input, a pipe."""
    shown = "standard input" if name == "-" else name
    raw = _write(shown, workspace.new(".jsonl"), _Unpack(name))
    with open(raw.path, "rb") as stream:
        head = _lines_of(stream)
    if not head or any(_is_span(line) for line in head):
        return raw
    made = _write(shown, workspace.new(".jsonl"), _Convert(raw.path))
    os.unlink(raw.path)
    return made


class _Unpack:
    """Writes the decompressed bytes; a torn end keeps what came before it."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, target: BinaryIO) -> list[BadLine]:
        with open_stream(self.name) as stream:
            try:
                shutil.copyfileobj(stream, target, 1 << 20)
            except EOFError:
                return [BadLine(source=self.name, line=0, reason="it is cut off")]
            except _unpacking_errors() as error:
                return [BadLine(source=self.name, line=0, reason=f"damaged: {error}")]
        return []


class _Convert:
    """Writes what any reader of this package understands as our own lines."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, target: BinaryIO) -> list[BadLine]:
        bad_lines: list[BadLine] = []
        for span in read_spans(self.name, on_bad_line=bad_lines.append):
            target.write(encode_span(span))
        return bad_lines[:KEPT_BAD_LINES]


def _lines_of(stream: BinaryIO) -> list[bytes]:
    try:
        return [line for line in _peek(stream) if line.strip()][:_PEEKED_LINES]
    except EOFError:
        return []
    except _unpacking_errors() as error:
        raise BadInput(f"The file is damaged: {error}.") from None


def _unpacking_errors() -> tuple[type[Exception], ...]:
    """Name what a damaged archive raises; zstandard's error only where it is installed."""
    loaded = sys.modules.get("zstandard")
    return (OSError, zlib.error, *((loaded.ZstdError,) if loaded else ()))


def _peek(stream: BinaryIO) -> Iterator[bytes]:
    left = _HEAD
    while left > 0 and (line := stream.readline(64 << 20)):
        left -= len(line)
        yield line


def _is_span(line: bytes) -> bool:
    try:
        decode_span(line.removeprefix(b"\xef\xbb\xbf"))
    except BadInput:
        return False
    return True


def _is_compressed(name: str) -> bool:
    try:
        with open(name, "rb") as stream:
            return stream.read(4).startswith(_COMPRESSED)
    except OSError:
        raise NotFound(f"There is no file {name}.") from None
