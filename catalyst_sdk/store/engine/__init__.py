"""The embedded engine in a supervised process of its own, behind ClickHouse's HTTP protocol."""

from catalyst_sdk.store.engine._supervisor import EngineProcess

__all__ = ["EngineProcess"]
