"""The index that is kept of a file: which Parquet files hold its facts, and up to which byte."""

from __future__ import annotations

import contextlib
import os

import msgspec

from catalyst_sdk.errors import BadLine
from catalyst_sdk.store.files._folders import Cache
from catalyst_sdk.store.files._scan import KEPT_BAD_LINES, Scanned
from catalyst_sdk.store.files._stamp import Stamp, stamp, still_holds
from catalyst_sdk.store.files._version import cache_version

WORTH_KEEPING = 4 << 20
"""Bytes from which a file's index is kept; reading less takes milliseconds."""
_MAX_SEGMENTS = 48
"""A file that grew more often is indexed afresh, into fewer."""
_BLOCK = 1 << 20


class Manifest(msgspec.Struct):
    """What is known of a file's beginning: all whole lines up to `stamp.read_to`."""

    version: str
    path: str
    stamp: Stamp
    segments: list[str] = []
    rows: int = 0
    bad_lines: list[BadLine] = []
    bad_line_count: int = 0


def load(cache: Cache, path: str, stat: os.stat_result) -> Manifest | None:
    """Give what is still true of a file, None when it has to be read from the start."""
    try:
        with open(cache.named(_name(cache, path)), "rb") as stream:
            known = msgspec.json.decode(stream.read(), type=Manifest)
    except (OSError, msgspec.DecodeError):
        return None
    if known.version != cache_version() or len(known.segments) > _MAX_SEGMENTS:
        return None
    if not all(os.path.exists(cache.named(name)) for name in known.segments):
        return None
    if not still_holds(known.stamp, path, stat):
        return None
    cache.touch([_name(cache, path), *known.segments])
    return known


def save(
    cache: Cache,
    path: str,
    stat: os.stat_result,
    read_to: int,
    known: Manifest | None,
    added: list[tuple[str, Scanned]],
) -> Manifest:
    """Keep an index, grown by segments in the cache and what was found writing them."""
    before = known or Manifest(cache_version(), path, stamp(path, stat, 0))
    bad_lines = [*before.bad_lines, *(bad for _, found in added for bad in found.bad_lines)]
    grown = Manifest(
        version=cache_version(),
        path=path,
        stamp=stamp(path, stat, read_to),
        segments=[*before.segments, *dict.fromkeys(name for name, _ in added)],
        rows=before.rows + sum(found.rows for _, found in added),
        bad_lines=bad_lines[:KEPT_BAD_LINES],
        bad_line_count=before.bad_line_count + sum(found.bad_line_count for _, found in added),
    )
    with contextlib.suppress(OSError):  # the segments serve once
        cache.replace(_name(cache, path), msgspec.json.encode(grown))
    return grown


def whole_lines(path: str, size: int) -> int:
    """Give the byte after the last newline within the first *size* bytes."""
    with open(path, "rb") as stream:
        end = size
        while end > 0:
            start = max(0, end - _BLOCK)
            stream.seek(start)
            found = stream.read(end - start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            end = start
    return 0


def _name(cache: Cache, path: str) -> str:
    return cache.key(path) + ".json"


class _Names(msgspec.Struct):
    """What either kind of manifest says of the files it needs."""

    segments: list[str] = []
    name: str = ""


def referenced(cache: Cache) -> set[str]:
    """Name every file of the cache that a manifest names."""
    names: set[str] = set()
    for name in os.listdir(cache.path):
        if name.endswith(".json"):
            try:
                with open(cache.named(name), "rb") as stream:
                    known = msgspec.json.decode(stream.read(), type=_Names)
            except (OSError, msgspec.DecodeError):
                continue
            names.update((*known.segments, known.name))
    return names
