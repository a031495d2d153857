"""The server's own Prometheus metrics."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from catalyst_sdk.store.clickhouse import LiveStore


class Metrics:
    """Counters of what came in and gauges of what the store says of itself."""

    def __init__(self, store: LiveStore) -> None:
        self.registry = CollectorRegistry()
        self.spans = Counter(
            "catalyst_ingest_spans", "Spans accepted", ["protocol"], registry=self.registry
        )
        self.rejected = Counter(
            "catalyst_ingest_rejected_spans", "Spans refused", ["reason"], registry=self.registry
        )
        self.acknowledged = Histogram(
            "catalyst_ingest_seconds",
            "From the end of a request's body to its acknowledgement",
            registry=self.registry,
        )
        self.registry.register(_StoreCollector(store))

    def text(self) -> bytes:
        """Give all of them in Prometheus' text format."""
        return generate_latest(self.registry)


class _StoreCollector:
    def __init__(self, store: LiveStore) -> None:
        self._store = store

    def collect(self) -> Iterator[Metric]:
        health = self._store.health()
        yield CounterMetricFamily(
            "catalyst_store_spans", "Spans stored since the start", value=health["stored_spans"]
        )
        yield GaugeMetricFamily(
            "catalyst_store_behind_batches", "Batches not stored yet", health["behind_batches"]
        )
        yield GaugeMetricFamily(
            "catalyst_journal_bytes", "Size of the journal", health["journal_bytes"]
        )
        yield CounterMetricFamily(
            "catalyst_engine_restarts", "Times the engine was replaced", health["engine_restarts"]
        )
