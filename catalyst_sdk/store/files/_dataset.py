"""From names of files to a data set: plain files, their indexes, and what could not be read."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from catalyst_sdk.errors import BadInput, BadLine, EngineError, NotFound
from catalyst_sdk.spans import expand
from catalyst_sdk.store.files import _sidecar as sidecar
from catalyst_sdk.store.files._folders import Cache, Workspace
from catalyst_sdk.store.files._pass import Results, run_jobs
from catalyst_sdk.store.files._scan import KEPT_BAD_LINES, Job, Range, cut
from catalyst_sdk.store.files._source import LocalFile, localise
from catalyst_sdk.store.files._tables import Part

PIECE = 32 << 20
"""Bytes one job reads."""

Progress = Callable[[int, int], None]
"""Called with the bytes read so far and the bytes to read."""


class Plan(NamedTuple):
    """What is known of one file, and what is still to be read of it."""

    file: LocalFile
    source: int
    stat: os.stat_result
    known: sidecar.Manifest | None
    kept: list[Job]
    """Jobs that write into the cache."""
    rest: list[Range]
    """Ranges whose facts are not kept: small files, and a last line without its newline."""
    read_to: int


class DataSet:
    """Files that were indexed; `close` removes what was temporary."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.files: list[LocalFile] = []
        self.parts: list[Part] = []
        self.bad_lines: list[BadLine] = []
        self.bad_line_count = 0
        self.rows = 0

    def note(self, bad_lines: Iterable[BadLine], count: int) -> None:
        """Count bad lines and keep the first thousand."""
        self.bad_line_count += count
        self.bad_lines = [*self.bad_lines, *bad_lines][:KEPT_BAD_LINES]

    def close(self) -> None:
        """Remove the temporary files; idempotent."""
        self.workspace.close()


def read_files(
    paths: Sequence[str | Path] | str | Path, on_progress: Progress | None = None
) -> DataSet:
    """Index files, reading only what no kept index covers; raises NotFound and BadInput."""
    data = DataSet(Workspace())
    try:
        cache = Cache.open()
        _localise_all(data, expand(paths), cache)
        _index(data, cache, on_progress)
        if not data.rows:
            raise BadInput(_nothing(data))
    except BaseException:
        data.close()
        raise
    return data


def _index(data: DataSet, cache: Cache | None, on_progress: Progress | None) -> None:
    """Read what has to be read; without the cache when that cannot be written."""
    try:
        plans = [_plan(file, number, cache) for number, file in enumerate(data.files)]
        jobs = [*(job for plan in plans for job in plan.kept), *_rest_jobs(plans, data.workspace)]
        results = _run(jobs, on_progress)
        manifests = [_manifest(plan, results, cache) for plan in plans]
    except OSError as error:
        if isinstance(error, FileNotFoundError) and (name := _name_of(error.filename, data)):
            raise NotFound(f"{name} is no longer there.") from None
        if cache is None:
            raise _cannot_write(error) from error
        _index(data, None, on_progress)
        return
    for plan, manifest in zip(plans, manifests, strict=True):
        if cache and manifest:
            _collect(plan, manifest, cache, data)
    _collect_rest(jobs, results, data)
    if cache and any(plan.kept for plan in plans):
        with contextlib.suppress(OSError):
            cache.prune(sidecar.referenced(cache))


def _name_of(path: object, data: DataSet) -> str:
    return next((file.name for file in data.files if file.path == path), "")


def _cannot_write(error: OSError) -> EngineError:
    reason = os.strerror(error.errno).lower() if error.errno else str(error)
    return EngineError(
        f"The index cannot be written: {reason}.",
        hint="Point CATALYST_CACHE_DIR and TMPDIR to folders with space.",
    )


def _localise_all(data: DataSet, names: list[str], cache: Cache | None) -> None:
    failure: BadInput | None = None
    for name in names:
        try:
            file = _localised(name, cache, data.workspace)
        except BadInput as error:
            if len(names) == 1:
                raise
            failure = failure or error
            data.note([BadLine(source=name, line=0, reason=error.message)], 1)
            continue
        data.files.append(file)
        if file.problems:
            data.note(file.problems.bad_lines, file.problems.count)
    if failure and not data.files:
        raise failure


def _localised(name: str, cache: Cache | None, workspace: Workspace) -> LocalFile:
    try:
        return localise(name, cache, workspace)
    except OSError as error:
        if cache is None or name == "-":
            raise _cannot_write(error) from error
        return _localised(name, None, workspace)


def _plan(file: LocalFile, source: int, cache: Cache | None) -> Plan:
    stat = os.stat(file.path)
    size = stat.st_size
    if cache is None or size < sidecar.WORTH_KEEPING:
        rest = [Range(file.path, file.name, source, 0, size)]
        return Plan(file, source, stat, None, [], rest, 0)
    known = sidecar.load(cache, file.path, stat)
    start = known.stamp.read_to if known else 0
    read_to = max(start, sidecar.whole_lines(file.path, size))
    key = cache.key(file.path)
    kept = [
        Job(cache.new(key, ".parquet"), (Range(file.path, file.name, 0, low, high),))
        for low, high in cut(start, read_to, PIECE)
        if high > low
    ]
    rest = [Range(file.path, file.name, source, read_to, size)] if size > read_to else []
    return Plan(file, source, stat, known, kept, rest, read_to)


def _rest_jobs(plans: Sequence[Plan], workspace: Workspace) -> Iterator[Job]:
    """Gather the ranges that are not kept into jobs of about one piece each."""
    gathered: list[Range] = []
    size = 0
    for each in (part for plan in plans for part in plan.rest):
        for low, high in cut(each.start, each.end, PIECE):
            gathered.append(Range(each.path, each.name, each.source, low, high))
            size += high - low
            if size >= PIECE:
                yield Job(workspace.new(".parquet"), tuple(gathered))
                gathered, size = [], 0
    if gathered:
        yield Job(workspace.new(".parquet"), tuple(gathered))


def _run(jobs: list[Job], on_progress: Progress | None) -> Results:
    total = sum(job.size for job in jobs)
    done = 0

    def on_bytes(count: int) -> None:
        nonlocal done
        done += count
        if on_progress is not None:
            on_progress(done, total)

    return run_jobs(jobs, on_bytes)


def _manifest(plan: Plan, results: Results, cache: Cache | None) -> sidecar.Manifest | None:
    """Keep what was read of a file."""
    if cache is None or not plan.kept:
        return plan.known
    added = [(os.path.basename(job.target), found) for job in plan.kept for found in results[job]]
    return sidecar.save(cache, plan.file.path, plan.stat, plan.read_to, plan.known, added)


def _collect(plan: Plan, manifest: sidecar.Manifest, cache: Cache, data: DataSet) -> None:
    """Take up the segments and bad lines of a file's index."""
    data.parts += [Part(cache.named(name), plan.source) for name in manifest.segments]
    data.rows += manifest.rows
    renamed = [
        BadLine(source=plan.file.name, line=bad.line, reason=bad.reason)
        for bad in manifest.bad_lines
    ]
    data.note(renamed, manifest.bad_line_count)


def _collect_rest(jobs: list[Job], results: Results, data: DataSet) -> None:
    for job in jobs:
        if os.path.dirname(job.target) != data.workspace.path:
            continue
        data.parts.append(Part(job.target, None))
        for found in results[job]:
            data.rows += found.rows
            data.note(found.bad_lines, found.bad_line_count)


def _nothing(data: DataSet) -> str:
    names = ", ".join(file.name for file in data.files)
    if not data.bad_lines:
        return f"{names} is empty." if len(data.files) == 1 else f"{names} hold no spans."
    first = data.bad_lines[0]
    where = f"line {first.line}: " if first.line else ""
    return f"{names} holds no span ({where}{first.reason}; {data.bad_line_count} bad in all)."
