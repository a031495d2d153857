"""Exporters and the processor that feeds them, off the host's threads."""

from catalyst_sdk.export._batch import BatchProcessor, Deadlined
from catalyst_sdk.export._jsonl import JsonlSpanExporter
from catalyst_sdk.export._policy import ContentPolicy

__all__ = ["BatchProcessor", "ContentPolicy", "Deadlined", "JsonlSpanExporter"]
