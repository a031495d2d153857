"""A private tracer whose spans can be looked at, and scripts run as processes of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import catalyst_sdk
from catalyst_sdk.tracing import _boundary

SETTINGS = ("CATALYST_", "OTEL_", "INFERENCE_")


class Traced:
    """What was exported so far."""

    def __init__(self, exporter: InMemorySpanExporter, handle: catalyst_sdk.Catalyst) -> None:
        self._exporter = exporter
        self.handle = handle

    @property
    def spans(self) -> list[ReadableSpan]:
        """In order of start."""
        assert self.handle.flush()
        return sorted(self._exporter.get_finished_spans(), key=lambda span: span.start_time or 0)

    def one(self, name: str | None = None) -> ReadableSpan:
        """The only span (of that name)."""
        (span,) = [span for span in self.spans if name in (None, span.name)]
        return span

    def names(self) -> list[str]:
        return [span.name for span in self.spans]


@pytest.fixture(autouse=True)
def _clean_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in os.environ:
        if name.startswith(SETTINGS):
            monkeypatch.delenv(name)
    _boundary.forget_failures()
    yield
    catalyst_sdk.shutdown()


@pytest.fixture
def start() -> Callable[..., Traced]:
    """`init` with a private provider and spans kept in memory."""

    def init(agent_name: str | None = None, **arguments: Any) -> Traced:
        exporter = InMemorySpanExporter()
        settled = {"set_global": False, "instrument": False, **arguments}
        return Traced(exporter, catalyst_sdk.init(agent_name, exporters=[exporter], **settled))

    return init


@pytest.fixture
def traced(start: Callable[..., Traced]) -> Traced:
    return start()


class Script:
    """A Python program run in a process of its own, in *folder*."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def start(self, code: str, **environment: str) -> subprocess.Popen[str]:
        clean = {k: v for k, v in os.environ.items() if not k.startswith(SETTINGS)}
        return subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=self.folder,
            env={**clean, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, code: str, *, code_expected: int = 0, **environment: str) -> tuple[str, str]:
        process = self.start(code, **environment)
        out, err = process.communicate(timeout=60)
        assert process.returncode == code_expected, err
        return out, err

    def terminated(self, code: str) -> tuple[int, str]:
        """Run until the program prints a line, send SIGTERM, give exit code and stderr."""
        process = self.start(code)
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "ready"
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
        return process.returncode, err

    def lines(self, name: str = "traces.jsonl") -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / name).read_text().splitlines()]

    def names(self, name: str = "traces.jsonl") -> list[str]:
        return sorted(line["name"] for line in self.lines(name))


@pytest.fixture
def script(tmp_path: Path) -> Script:
    return Script(tmp_path)
