"""OTLP: transports, retry, the spool."""

from catalyst_sdk.export.otlp._exporter import OtlpSpanExporter
from catalyst_sdk.export.otlp._health import Health, Probe
from catalyst_sdk.export.otlp._spool import spool_directory

__all__ = ["Health", "OtlpSpanExporter", "Probe", "spool_directory"]
