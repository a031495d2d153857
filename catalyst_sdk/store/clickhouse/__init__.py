"""The live store: accepted batches through a journal into ClickHouse, read by project."""

from catalyst_sdk.store.clickhouse._live import LiveStore
from catalyst_sdk.store.clickhouse._project import ProjectStore
from catalyst_sdk.store.clickhouse._stretch import OrderedProject

__all__ = ["LiveStore", "OrderedProject", "ProjectStore"]
