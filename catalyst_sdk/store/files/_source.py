"""The files of a data set as plain JSON lines on disk, whatever they were to begin with.

Offsets need a file that can be sought in. Our own JSONL is read where it lies. What is compressed
is unpacked, what is in another format is rewritten as ours, and standard input is spooled: into
the cache when the original may be opened again, into a temporary folder else.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable, Iterator
from itertools import islice
from typing import BinaryIO, NamedTuple, cast

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


class Problems:
    """Bad lines, counted; the first thousand are kept."""

    def __init__(self, known: list[BadLine] | None = None, count: int = 0) -> None:
        self.bad_lines = known or []
        self.count = count

    def note(self, bad: BadLine) -> None:
        """Take one up."""
        self.count += 1
        if len(self.bad_lines) < KEPT_BAD_LINES:
            self.bad_lines.append(bad)


Write = Callable[[BinaryIO, Problems], None]


class LocalFile(NamedTuple):
    """One source: its name as the user gave it, and the plain file its offsets refer to."""

    name: str
    path: str
    problems: Problems | None = None
    """What making the plain file met; the pass over it adds its own."""


class _Copy(msgspec.Struct):
    """A plain copy in the cache."""

    version: str
    stamp: Stamp
    name: str
    bad_lines: list[BadLine] = []
    bad_line_count: int = 0


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
        problems = Problems()
        return LocalFile(name, _write(workspace.new(".jsonl"), write, problems), problems)
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
        problems = Problems(known.bad_lines, known.bad_line_count)
        return LocalFile(name, cache.named(known.name), problems)
    problems = Problems()
    path = _write(cache.new(key, ".jsonl"), write, problems)
    copy = _Copy(
        cache_version(),
        stamp(name, stat, stat.st_size),
        os.path.basename(path),
        problems.bad_lines,
        problems.count,
    )
    with contextlib.suppress(OSError):  # the copy serves once
        cache.replace(manifest, msgspec.json.encode(copy))
    return LocalFile(name, path, problems)


def _is_current(known: _Copy, name: str, stat: os.stat_result, cache: Cache) -> bool:
    return (
        known.version == cache_version()
        and known.stamp.size == stat.st_size
        and os.path.exists(cache.named(known.name))
        and still_holds(known.stamp, name, stat)
    )


def _write(path: str, write: Write, problems: Problems) -> str:
    try:
        with open(path, "wb", buffering=1 << 20) as target:
            write(target, problems)
    except BaseException:
        os.unlink(path)
        raise
    return path


def _spool(name: str, workspace: Workspace) -> LocalFile:
    """Copy what can be read only once: standard input, a pipe."""
    shown = "standard input" if name == "-" else name
    problems = Problems()
    path = _write(workspace.new(".jsonl"), _Unpack(name), problems)
    with open(path, "rb") as stream:
        head = _lines_of(stream)
    if head and not any(_is_span(line) for line in head):
        path = _write(workspace.new(".jsonl"), _Convert(path, shown), problems)
    return LocalFile(shown, path, problems)


class _Unpack:
    """Writes the decompressed bytes; a torn end keeps what came before it."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, target: BinaryIO, problems: Problems) -> None:
        with open_stream(self.name) as stream:
            for block in self._blocks(cast("io.BufferedReader", stream), problems):
                target.write(block)

    def _blocks(self, stream: io.BufferedReader, problems: Problems) -> Iterator[bytes]:
        try:
            # Not `read`: it loses what came before an error.
            while block := stream.read1(1 << 20):
                yield block
        except (EOFError, OSError) as error:
            reason = str(error) or "the file is cut off"
            problems.note(BadLine(source=self.name, line=0, reason=reason))


class _Convert:
    """Writes what any reader of this package understands as our own lines."""

    def __init__(self, name: str, shown: str = "") -> None:
        self.name = name
        self.shown = shown or name

    def __call__(self, target: BinaryIO, problems: Problems) -> None:
        def note(bad: BadLine) -> None:
            problems.note(BadLine(source=self.shown, line=bad.line, reason=bad.reason))

        for span in read_spans(self.name, on_bad_line=note):
            target.write(encode_span(span))


def _lines_of(stream: BinaryIO) -> list[bytes]:
    lines: list[bytes] = []
    with contextlib.suppress(EOFError, OSError):
        lines.extend(islice((line for line in _peek(stream) if line.strip()), _PEEKED_LINES))
    return lines


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
