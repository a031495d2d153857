"""Exporters, and the processor that feeds them off the host's threads."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from catalyst_sdk.export._batch import BatchProcessor, Deadlined
from catalyst_sdk.export._jsonl import JsonlSpanExporter
from catalyst_sdk.export._policy import ContentPolicy

if TYPE_CHECKING:
    from catalyst_sdk.export._console import ConsoleSpanExporter
    from catalyst_sdk.export._redaction import Redact
    from catalyst_sdk.export.dialects import DIALECTS, Dialect
    from catalyst_sdk.export.otlp import Health, OtlpSpanExporter, Probe, spool_directory

__all__ = [
    "DIALECTS",
    "BatchProcessor",
    "ConsoleSpanExporter",
    "ContentPolicy",
    "Deadlined",
    "Dialect",
    "Health",
    "JsonlSpanExporter",
    "OtlpSpanExporter",
    "Probe",
    "Redact",
    "spool_directory",
]

# Loaded when asked for: a program that writes a file need not pay for OTLP.
_LATER = {
    "DIALECTS": "dialects",
    "ConsoleSpanExporter": "_console",
    "Dialect": "dialects",
    "Health": "otlp",
    "OtlpSpanExporter": "otlp",
    "Probe": "otlp",
    "Redact": "_redaction",
    "spool_directory": "otlp",
}


def __getattr__(name: str) -> Any:
    module = _LATER.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{module}"), name)
