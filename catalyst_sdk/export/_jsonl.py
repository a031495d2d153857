"""Spans to a JSONL file that several processes may share (DESIGN § 4)."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from catalyst_sdk.errors import ConfigError
from catalyst_sdk.export._appending import AppendFile
from catalyst_sdk.export._forks import start_afresh_in_children
from catalyst_sdk.export._line import LineEncoder
from catalyst_sdk.export._notice import Notices
from catalyst_sdk.export._rotation import Rotation

_log = logging.getLogger("catalyst_sdk.export")
_JOIN_SECONDS = 5.0


class JsonlSpanExporter(SpanExporter):
    """Appends one line a span to *path*; each export is one write under an advisory lock.

    *max_bytes* and *rotate* ("day", UTC) set the file aside under a dated name, gzipped when
    *compress_rotated*. *fsync* "batch" survives a power cut, "never" the death of the process.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        max_bytes: int | None = None,
        rotate: Literal["day"] | None = None,
        compress_rotated: bool = True,
        fsync: Literal["never", "batch"] = "never",
        project_id: str | None = None,
    ) -> None:
        if fsync not in ("never", "batch"):
            raise ConfigError(f"fsync must be 'never' or 'batch', not {fsync!r}.")
        self.path = Path(path).absolute()
        if self.path.is_dir():
            raise ConfigError(
                f"{self.path} is a directory.", hint=f"Name a file: {self.path / 'traces.jsonl'}"
            )
        self.dropped = 0
        """Spans that could not be written."""
        self._encoder = LineEncoder(project_id=project_id)
        self._rotation = Rotation(
            self.path, max_bytes=max_bytes, every=rotate, compress=compress_rotated
        )
        self._file = AppendFile(self.path, self._rotation, fsync=fsync == "batch")
        self._notices = Notices(_log)
        self._lock = threading.Lock()
        self._closed = False
        self._compressor: threading.Thread | None = None
        self._swept = not self._rotation.wanted
        start_afresh_in_children(self)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Append *spans*; FAILURE and counted in `dropped` when the file cannot take them."""
        with self._lock:
            if self._closed:
                self.dropped += len(spans)
                return SpanExportResult.FAILURE
            return self._append(spans)

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """True: what was exported is with the operating system."""
        return True

    def shutdown(self) -> None:
        """Close the file; compression gets a few seconds, the next process does the rest."""
        with self._lock:
            self._closed = True
            self._file.close()
        if self._compressor is not None:
            self._compressor.join(_JOIN_SECONDS)

    def start_afresh(self) -> None:
        """In a forked child: a lock and a descriptor of its own (the lock goes with the latter)."""
        self._lock = threading.Lock()
        self._compressor = None
        self._file.close()

    def _append(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        try:
            rotated = self._file.append(self._encoder.encode(spans))
        except OSError as error:
            self.dropped += len(spans)
            self._file.close()
            self._notices.warn(
                "write", "Spans are dropped: %s cannot be written: %s", self.path, error.strerror
            )
            return SpanExportResult.FAILURE
        self._notices.settled(
            "write", "%s is written again; %d spans were dropped.", self.path, self.dropped
        )
        if rotated or not self._swept:
            self._compress()
        return SpanExportResult.SUCCESS

    def _compress(self) -> None:
        if self._compressor is not None and self._compressor.is_alive():
            self._swept = False  # look again with the next batch
            return
        self._swept = True
        self._compressor = threading.Thread(
            target=self._rotation.compress_what_is_set_aside, name="catalyst-gzip", daemon=True
        )
        self._compressor.start()
